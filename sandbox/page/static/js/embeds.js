// Classic embeds: a coloured card with author, title, text, fields, picture and footer.

import { h, mediaUrl } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { picture } from "./media.js";
import { state } from "./store.js";
import { stamp } from "./timestamps.js";

export function embed(data) {
  const element = h("article.embed", { testid: "embed" }, [
    h("div.embed-body", {}, [
      data.author ? h("div.embed-author", {}, icon(data.author.icon_url), linked(data.author.name, data.author.url)) : null,
      data.title ? h("div.embed-title", {}, data.url ? linked(data.title, data.url) : inline(data.title)) : null,
      data.description ? h("div.embed-description", {}, markdown(data.description)) : null,
      data.fields?.length ? h("div.embed-fields", {}, data.fields.map(field)) : null,
      data.image ? picture({ ...data.image, filename: "picture" }) : null,
      data.footer || data.timestamp ? footer(data) : null,
    ]),
    data.thumbnail ? h("div.thumbnail", {}, picture({ ...data.thumbnail, filename: "thumbnail" })) : null,
  ]);
  if (data.color) element.style.setProperty("--accent", `#${data.color.toString(16).padStart(6, "0")}`);
  return element;
}

const icon = (url) => (url ? h("img.embed-icon", { src: mediaUrl(url, state.cdnHost), alt: "", width: 20, height: 20 }) : null);
const linked = (text, href) => (href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text) : h("span", {}, text));

function field({ name, value, inline: beside }) {
  return h(beside ? "div.embed-field.beside" : "div.embed-field", {}, h("div.embed-field-name", {}, inline(name)), h("div", {}, markdown(value)));
}

function footer({ footer: data, timestamp }) {
  const parts = [data?.text, timestamp ? stamp(timestamp) : null].filter(Boolean);
  return h("div.embed-footer", {}, icon(data?.icon_url), h("span", {}, parts.join(" · ")));
}
