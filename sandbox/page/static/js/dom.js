// Building elements without markup strings: whatever a message says can never become HTML.

/** Make an element: h("button.primary", {onclick: send, "aria-label": "Send"}, "text", otherElement). */
export function h(spec, properties = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    const spoken = name.startsWith("aria-") || name.startsWith("data-"); // these say "true" and "false" in words
    if (value === undefined || value === null || (value === false && !spoken)) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "testid") element.dataset.testid = value;
    else if (name === "value" || name === "checked" || name === "open") element[name] = value;
    else element.setAttribute(name, value === true && !spoken ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false || child === "") continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Put new children in place of the old ones. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

export const byTestId = (id) => document.querySelector(`[data-testid="${id}"]`);

let counter = 0;

/** An id for label/for and aria references. */
export const freshId = (prefix = "id") => `${prefix}-${++counter}`;

/** Files of the CDN stand-in are read through the page's own origin, so that one forwarded port is enough. */
export function mediaUrl(url, cdnHost) {
  const prefix = `http://${cdnHost}/`;
  return url && url.startsWith(prefix) ? `/cdn/${url.slice(prefix.length)}` : url;
}

/** 1536 -> "1.5 KB" */
export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
