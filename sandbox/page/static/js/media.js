// Pictures and files in messages, and the full-size view that a click on a picture opens.

import { byTestId, fileSize, h, mediaUrl } from "./dom.js";
import { state } from "./store.js";

const LOTTIE = 3;
const GIF = 4;
const MAX_WIDTH = 520;
const MAX_HEIGHT = 380;

/** A picture at most MAX_WIDTH x MAX_HEIGHT whose room is known before its bytes are, so that nothing jumps. */
export function picture({ url, width, height, description, spoiler, filename }, { fit = true } = {}) {
  const source = mediaUrl(url, state.cdnHost);
  const label = description || filename || "picture";
  const image = h("img", { src: source, alt: description || filename || "", loading: "eager", testid: "picture" });
  if (width && height) {
    const scale = fit ? Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height) : 1;
    image.width = Math.round(width * scale);
    image.height = Math.round(height * scale);
  }
  image.addEventListener("error", () => image.closest(".media")?.classList.add("broken"), { once: true });
  const open = (event) => {
    const frame = event.currentTarget;
    if (frame.classList.contains("veiled")) frame.classList.remove("veiled");
    else lightbox(source, description, filename ?? url.split("/").pop().split("?")[0], width, height);
  };
  const classes = spoiler ? "button.media.veiled" : "button.media";
  return h(classes, { type: "button", "aria-label": `Open at full size: ${label}`, title: description, onclick: open }, image);
}

/** A MediaGallery: one picture alone, or several as a grid. */
export function gallery(items) {
  const pictures = items.map((item) =>
    isVideo(item.media)
      ? h("video", { src: mediaUrl(item.media.url, state.cdnHost), controls: true, "aria-label": item.description })
      : picture({ ...item.media, description: item.description, spoiler: item.spoiler }, { fit: items.length === 1 }),
  );
  return h(`div.gallery.of-${Math.min(items.length, 4)}`, { testid: "gallery" }, pictures);
}

const isVideo = (media) => media.content_type?.startsWith("video/");

/** A file that is not shown as a picture: name, size, and a link to it. */
export function fileRow(name, size, url) {
  const href = mediaUrl(url, state.cdnHost);
  return h("div.file", {}, h("span.file-icon", { "aria-hidden": true }, name.split(".").pop().slice(0, 4)), [
    h("a", { href, download: name, target: "_blank", rel: "noopener" }, name),
    size ? h("span.muted", {}, fileSize(size)) : null,
  ]);
}

/** Attachments of a message that no component shows. */
export function attachments(list) {
  const pictures = list.filter((file) => file.content_type?.startsWith("image/"));
  const items = pictures.map((file) => ({ media: file, description: file.description, spoiler: file.filename.startsWith("SPOILER_") }));
  const others = list.filter((file) => !pictures.includes(file));
  return [
    items.length ? h("div.attachment", {}, gallery(items)) : null,
    others.map((file) => fileRow(file.filename, file.size, file.url)),
  ];
}

/** A sticker; a lottie one is a drawing program, which only Discord's own clients run. */
export function sticker({ id, name, format_type: format }) {
  if (format === LOTTIE) return h("div.sticker.muted", { testid: "sticker" }, `Sticker “${name}”`);
  return h("img.sticker", { src: `/cdn/stickers/${id}.${format === GIF ? "gif" : "png"}`, alt: `Sticker “${name}”`, testid: "sticker" });
}

function lightbox(source, description, filename, width, height) {
  const dialog = byTestId("lightbox");
  const pixels = width && height ? `${width} x ${height}` : "";
  dialog.querySelector("img").src = source;
  dialog.querySelector("img").alt = description || filename;
  dialog.querySelector("[data-caption]").textContent = description || filename;
  dialog.querySelector("[data-pixels]").textContent = pixels;
  dialog.querySelector("a").href = source;
  dialog.querySelector("a").download = filename;
  dialog.showModal();
}

export function startLightbox() {
  const dialog = byTestId("lightbox");
  dialog.addEventListener("click", (event) => event.target.closest("a, figcaption") ?? dialog.close());
  dialog.addEventListener("close", () => dialog.querySelector("img").removeAttribute("src"));
}
