// The list of messages: kept in order, changed in place, and scrolled to its end for whoever reads there.

import { byTestId, fill, h } from "./dom.js";
import { drop, pending } from "./interact.js";
import { messageElement } from "./message.js";
import { channel, messagesOf, on, state } from "./store.js";
import { suggest } from "./composer.js";

let log, scroller;
let atEnd = true;

export function startLog() {
  log = byTestId("messages");
  scroller = byTestId("scroller");
  let before = 0;
  scroller.addEventListener("scroll", () => {
    const reached = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 40;
    // Only a reader scrolls up; a message that grew merely leaves the end further down.
    if (reached) atEnd = true;
    else if (scroller.scrollTop < before) atEnd = false;
    before = scroller.scrollTop;
    byTestId("to-end").hidden = atEnd;
  });
  byTestId("to-end").addEventListener("click", toEnd);
  // Pictures, opened panels and the composer's growth change the heights: stay at the end all the same.
  const observer = new ResizeObserver(() => atEnd && jumpToEnd());
  observer.observe(log);
  observer.observe(scroller);
  on("messages", ({ channel: key, upsert, remove }) => key === state.channel && patch(upsert, remove));
  on("pending", showPending);
}

const jumpToEnd = () => (scroller.scrollTop = scroller.scrollHeight);

function toEnd() {
  atEnd = true;
  jumpToEnd();
}

/** Show the current channel from scratch. */
export function showChannel() {
  delete state.unread[state.channel];
  fill(log, beginning(), messagesOf(state.channel).map(messageElement));
  showPending();
  toEnd();
}

function patch(upsert, remove) {
  for (const id of remove) document.getElementById(`message-${id}`)?.remove();
  for (const message of upsert) {
    if (state.dismissed.has(message.id)) continue;
    const old = document.getElementById(`message-${message.id}`);
    const element = messageElement(message);
    if (old) replace(old, element);
    else insertInOrder(element, message.id);
  }
  if (atEnd) jumpToEnd();
}

/** A changed message takes the old one's place; a picture that was loaded already moves over instead of loading again. */
function replace(old, element) {
  const loaded = new Map([...old.querySelectorAll("img[data-testid=picture]")].map((image) => [pathOf(image), image]));
  for (const image of element.querySelectorAll("img[data-testid=picture]")) {
    const known = loaded.get(pathOf(image));
    if (known) image.replaceWith(known);
  }
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.customId : null;
  old.replaceWith(element);
  if (focused) element.querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus();
  element.classList.add("changed");
}

// The signature of a CDN address changes with time, the picture behind it does not.
const pathOf = (image) => image.src.split("?")[0];

function insertInOrder(element, id) {
  const ids = messagesOf(state.channel).map((message) => message.id);
  const next = ids.slice(ids.indexOf(id) + 1).map((later) => document.getElementById(`message-${later}`)).find(Boolean);
  log.insertBefore(element, next ?? null);
}

function showPending() {
  const rows = pending.filter((row) => row.member === state.me && row.channel === state.channel);
  fill(byTestId("pending"), rows.map(pendingRow));
  if (rows.length) toEnd();
}

function pendingRow(row) {
  const text = h("span.used", {}, "You used ", h("span.mention", {}, row.text.length > 120 ? `${row.text.slice(0, 120)}…` : row.text));
  if (!row.error) return h("li.pending-row", { testid: "pending-row" }, text, h("span.muted", {}, "Sending command…"));
  return h("li.pending-row.failed", { testid: "failed-row", role: "alert" }, [
    text,
    h("span.error-text", {}, row.error),
    h("button.plain", { type: "button", onclick: () => drop(row) }, "Dismiss"),
  ]);
}

/** What a newcomer reads first: where this is and what to try. */
function beginning() {
  const here = channel();
  if (!here) return null;
  const title = { dm: "Direct messages with the bot", group: `Direct messages of ${here.name}` }[here.kind] ?? `Welcome to #${here.name}`;
  const about = here.nsfw ? "An age-restricted channel, for trying what the bot allows where." : here.home || here.kind === "dm" ? HOME : `${here.topic}. It can only answer commands here, and sends a direct message when that is no longer possible.`;
  return h("li.beginning", {}, [
    h("h2", {}, title),
    h("p", {}, about),
    here.key === "general" ? tries() : null,
  ]);
}

const HOME = "A Discord and a picture provider that live on this computer. The bot is the real one; nothing leaves the machine, nothing costs money.";

function tries() {
  const chip = (label, run) => h("button.chip", { type: "button", onclick: run }, label);
  const point = (testid) => () => {
    document.body.classList.add("show-panel");
    const target = byTestId(testid);
    target.scrollIntoView({ block: "center" });
    target.focus();
  };
  return h("div.tries", {}, [
    h("span.muted", {}, "Try:"),
    chip("/imagine a lighthouse in a storm", () => suggest("/imagine a lighthouse in a storm")),
    chip("a wide one in 2K", () => suggest("/imagine a train through autumn hills size:16:9 resolution:2K")),
    chip("kill the bot while a picture is being made", point("bot-kill")),
    chip("remix what another bot posted", point("discord-examples")),
    chip("empty the provider's balance", point("knob-balance")),
  ]);
}
