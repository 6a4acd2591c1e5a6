// One message as a member sees it: who, when, what it says, and what can be done with it.

import * as api from "./api.js";
import { avatar } from "./avatar.js";
import { h } from "./dom.js";
import { render } from "./components.js";
import { embed } from "./embeds.js";
import { actionsOf, runContextMenu, toast } from "./interact.js";
import { shownName } from "./language.js";
import { markdown } from "./markdown.js";
import { attachments, sticker } from "./media.js";
import { menu, openPopover } from "./popover.js";
import { emit, signOf, state } from "./store.js";
import { stamp } from "./timestamps.js";

const FLAG = { ephemeral: 1 << 6, loading: 1 << 7, componentsV2: 1 << 15 };
export const COMMAND_TYPE = { slash: 1, user: 2, message: 3 };

export function messageElement(message) {
  const ephemeral = Boolean(message.flags & FLAG.ephemeral);
  const loading = Boolean(message.flags & FLAG.loading);
  state.users[message.author.id] ??= { name: displayName(message.author), bot: message.author.bot };
  const element = h(
    "li.message",
    { id: `message-${message.id}`, testid: "message", "data-id": message.id, "data-ephemeral": ephemeral, tabindex: -1 },
    usedCommand(message),
    h("div.row", {}, avatarButton(message.author), h("div.body", {}, [
      header(message),
      loading ? thinking() : contents(message),
      h("div.trouble", { role: "alert" }),
      ephemeral ? ephemeralNote(message) : null,
    ])),
    moreButton(message),
  );
  if (ephemeral) element.classList.add("ephemeral");
  return element;
}

/** "alice used /imagine" above an answer, as Discord shows it. */
function usedCommand(message) {
  const metadata = message.interaction_metadata;
  if (!metadata || !message.command_name) return null;
  const name = state.users[metadata.user?.id]?.name ?? metadata.user?.username ?? "someone";
  const menu = state.commands.find((command) => command.type !== COMMAND_TYPE.slash && command.name === message.command_name);
  return h("div.used-command", {}, [
    avatar(metadata.user?.id, 16),
    h("strong", {}, name),
    " used ",
    h("span.mention", {}, menu ? shownName(menu) : message.command_name),
  ]);
}

function avatarButton(author) {
  const name = displayName(author);
  const element = h("button.avatar", { type: "button", "aria-label": `Apps for ${name}`, "aria-haspopup": "menu" }, avatar(author.id));
  element.addEventListener("click", () => openUserMenu(element, author));
  return element;
}

const displayName = (author) => state.users[author.id]?.name ?? author.global_name ?? author.username;

function openUserMenu(anchor, author) {
  const commands = state.commands.filter((command) => command.type === COMMAND_TYPE.user);
  const entries = commands.map((command) => ({ label: shownName(command), hint: "App", run: () => runContextMenu(command, { user: author.id }) }));
  const copy = { label: "Copy user ID", hint: author.id, run: () => navigator.clipboard?.writeText(author.id) };
  openPopover(anchor, menu(`Apps for ${displayName(author)}`, [...entries, copy]));
}

function header(message) {
  return h("div.header", {}, [
    h("span.author", {}, displayName(message.author)),
    message.author.bot ? h("span.badge", {}, "APP") : null,
    h("time.when", { datetime: message.timestamp, title: new Date(message.timestamp).toLocaleString("en-GB") }, stamp(message.timestamp)),
  ]);
}

function thinking() {
  const dots = h("span.dots", { "aria-hidden": true }, h("i"), h("i"), h("i"));
  return h("div.thinking", { testid: "thinking" }, dots, "thinking…");
}

function contents(message) {
  const act = actionsOf(message);
  const edited = message.edited_timestamp ? h("span.edited", { title: stamp(message.edited_timestamp) }, "(edited)") : null;
  const componentsV2 = Boolean(message.flags & FLAG.componentsV2);
  return [
    message.content ? h("div.content", {}, markdown(message.content)) : null,
    componentsV2 ? [] : attachments(message.attachments ?? []),
    (message.embeds ?? []).map(embed),
    (message.sticker_items ?? []).map(sticker),
    (message.components ?? []).map((component) => render(component, act)),
    (message.message_snapshots ?? []).map(forwarded),
    edited,
  ];
}

/** A forwarded message: its contents without its author, and nothing in it can be pressed. */
function forwarded({ message }) {
  const element = h("div.forwarded", { testid: "forwarded" }, h("div.muted", {}, "↱ Forwarded"), contents({ ...message, edited_timestamp: null }));
  for (const button of element.querySelectorAll(".action-row button, .section-accessory button.button")) button.disabled = true;
  return element;
}

function ephemeralNote(message) {
  const dismiss = () => {
    state.dismissed.add(message.id);
    emit("messages", { channel: state.channel, upsert: [], remove: [message.id] });
  };
  return h("div.ephemeral-note", { testid: "ephemeral-note" }, [
    "Only you can see this · ",
    h("button.plain", { type: "button", onclick: dismiss }, "Dismiss message"),
  ]);
}

function moreButton(message) {
  const element = h("button.more", { type: "button", "aria-label": "Apps and more for this message", "aria-haspopup": "menu", testid: "message-menu" }, "⋯");
  element.addEventListener("click", () => openMessageMenu(element, message));
  return element;
}

function openMessageMenu(anchor, message) {
  const ephemeral = Boolean(message.flags & FLAG.ephemeral);
  const commands = ephemeral ? [] : state.commands.filter((command) => command.type === COMMAND_TYPE.message);
  const entries = commands.map((command) => ({ label: shownName(command), hint: "App", run: () => runContextMenu(command, { message: message.id }) }));
  const copy = { label: "Copy message ID", hint: message.id, run: () => navigator.clipboard?.writeText(message.id) };
  const forward = { label: "Forward …", hint: "", run: () => chooseChannel(anchor, message) };
  openPopover(anchor, menu("Message", [...entries, ...(ephemeral ? [] : [forward]), copy]));
}

function chooseChannel(anchor, message) {
  const to = ({ key }) => api.forward(message.id, key).catch((error) => toast(error.message, "bad"));
  const entries = state.channels.map((channel) => ({ label: `${signOf(channel)} ${channel.name}`, hint: "", run: () => to(channel) }));
  openPopover(anchor, menu("Forward to", entries));
}
