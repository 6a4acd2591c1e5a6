// The line at the bottom: type "/" for the bot's commands, or a message.

import * as api from "./api.js";
import { OPTION, flatten, interpret, parse, recognise, serialise, suggestions } from "./commandline.js";
import { byTestId, fill, h } from "./dom.js";
import { runSlash, toast } from "./interact.js";
import { shownName } from "./language.js";
import { entityOptions, optionForm } from "./options.js";
import { channel, on, state } from "./store.js";

let input, panel;
let form = null; // the option form of the command being typed
let formPath = null;
let files = {}; // option name -> files; "" holds those of a plain message
let complaints = {}; // option name -> sentence, shown after a failed attempt to send
let highlighted = 0;
const history = [];

export function startComposer() {
  input = byTestId("composer");
  panel = byTestId("composer-panel");
  input.addEventListener("input", () => {
    highlighted = 0;
    complaints = {};
    refresh();
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("paste", (event) => takeFiles(event.clipboardData.files, event));
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=file]), select")) send(event);
    if (event.key === "Escape") input.focus();
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => takeFiles(event.dataTransfer.files, event));
  byTestId("send").addEventListener("click", send);
  byTestId("attach").addEventListener("change", (event) => takeFiles(event.target.files));
  on("commands", () => {
    formPath = null;
    refresh();
  });
}

/** Put a text into the line, as if it had been typed. */
export function suggest(text) {
  input.value = text;
  complaints = {};
  refresh();
  input.focus();
}

/** After a switch of channel or member: the name in the empty line. */
export function refreshPlaceholder() {
  input.placeholder = `Type / or a message to ${addressed(channel())}`;
}

const addressed = (here) => ({ dm: "the bot", group: here?.name })[here?.kind] ?? `#${here?.name ?? ""}`;

const entries = () => flatten(state.commands);
const recognised = () => recognise(input.value, entries());
const lookup = (type, text) => entityOptions(type)?.find(({ id, name }) => id === text || name === text.replace(/^[@#]/, ""))?.id;

function refresh() {
  grow();
  const command = recognised();
  if (command) return showForm(command);
  form = formPath = null;
  const typing = input.value.startsWith("/") && !input.value.includes("\n");
  const shown = typing ? suggestions(input.value, entries()) : [];
  if (highlighted >= shown.length) highlighted = 0;
  if (shown.length) fill(panel, suggestionList(shown));
  else fill(panel, typing ? noCommands() : attachedFiles());
  panel.hidden = !panel.children.length;
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 160)}px`;
}

function noCommands() {
  const why = state.commands.length ? "No command fits." : "The bot has not registered its commands yet.";
  return h("p.muted.nothing", {}, why);
}

function attachedFiles() {
  const list = files[""] ?? [];
  if (!list.length) return null;
  const clear = () => {
    files = {};
    refresh();
  };
  return h("p.nothing", {}, `Attached: ${list.map((file) => file.name).join(", ")} `, h("button.plain", { type: "button", onclick: clear }, "Remove"));
}

function suggestionList(shown) {
  const rows = shown.map((entry, index) =>
    h("div.suggestion", { role: "option", "aria-selected": index === highlighted, testid: `command-${entry.path.replaceAll(" ", "-")}`, onclick: () => complete(entry) }, [
      h("strong", {}, `/${entry.shown}`),
      h("span.suggestion-options", {}, entry.options.map((option) => h(option.required ? "code.required-option" : "code", {}, shownName(option)))),
      h("span.muted", {}, entry.description),
    ]),
  );
  return h("div.suggestions", { role: "listbox", "aria-label": "Commands" }, rows);
}

function complete(entry) {
  suggest(entry.options.length ? `/${entry.shown} ` : `/${entry.shown}`);
}

function showForm({ entry, rest }) {
  if (formPath !== entry.path) {
    form = optionForm(entry, { onText, onFiles, current: () => read(recognised()).values });
    formPath = entry.path;
    files = {};
    fill(panel, form.element);
  }
  const texts = parse(rest, entry.options);
  form.show(texts, { ...mistakes(entry, texts), ...complaints }, files);
  panel.hidden = false;
}

/** Wrong values are told at once, missing ones only after an attempt to send. */
function mistakes(entry, texts) {
  const wrong = entry.options.filter((option) => texts[option.name] && option.type !== OPTION.attachment);
  return Object.fromEntries(wrong.map((option) => [option.name, interpret(option, texts[option.name], lookup).error]));
}

function onText(name, text) {
  const { entry, rest } = recognised();
  input.value = serialise(entry, { ...parse(rest, entry.options), [name]: text });
  delete complaints[name];
  refresh();
}

function onFiles(name, list) {
  files[name] = list;
  delete complaints[name];
  refresh();
}

/** Dropped, pasted or attached files go to the command's first empty file option, else to the message. */
function takeFiles(list, event) {
  if (!list?.length) return;
  event?.preventDefault();
  const command = recognised();
  const free = command?.entry.options.find((option) => option.type === OPTION.attachment && !files[option.name]?.length);
  if (command && !free) toast(`/${command.entry.shown} takes no file here.`, "bad");
  else onFiles(free?.name ?? "", free ? [list[0]] : [...(files[""] ?? []), ...list]);
}

/** The values of a typed command and what is wrong with it. */
function read({ entry, rest }) {
  const texts = parse(rest, entry.options);
  const values = {};
  const errors = {};
  for (const option of entry.options) {
    if (option.type === OPTION.attachment) {
      if (option.required && !files[option.name]?.length) errors[option.name] = `${shownName(option)} is required: choose a file.`;
      continue;
    }
    const { value, error } = interpret(option, texts[option.name], lookup);
    if (error) errors[option.name] = error;
    else if (value !== undefined) values[option.name] = value;
  }
  if (texts[""]) errors[""] = `/${entry.shown} takes no text: “${texts[""]}”.`;
  return { values, errors };
}

function onKey(event) {
  const list = panel.querySelectorAll(".suggestion");
  if (event.isComposing) return;
  if (list.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    highlighted = (highlighted + (event.key === "ArrowDown" ? 1 : list.length - 1)) % list.length;
    refresh();
    panel.querySelectorAll(".suggestion")[highlighted].scrollIntoView({ block: "nearest" });
  } else if (list.length && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
    event.preventDefault();
    complete(suggestions(input.value, entries())[highlighted]);
  } else if (event.key === "Enter" && !event.shiftKey) send(event);
  else if (event.key === "Escape") suggest("");
  else if (event.key === "ArrowUp" && !input.value && history.length) {
    event.preventDefault();
    suggest(history.at(-1));
  }
}

async function send(event) {
  event.preventDefault();
  const text = input.value.trim();
  const command = recognised();
  if (command) return sendCommand(command);
  if (text.startsWith("/")) return toast(unknownCommand(text), "bad");
  const attached = files[""] ?? [];
  if (!text && !attached.length) return;
  clear();
  await api.say(text, attached).catch((error) => toast(error.message, "bad"));
}

/** Why a command is not one: a word that is missing or wrong after its first, or nothing of that name here. */
function unknownCommand(text) {
  const name = text.split(/\s+/)[0];
  const next = entries().map((entry) => `/${entry.shown}`).filter((shown) => shown.startsWith(`${name} `));
  if (next.length) return `Choose one of ${next.join(", ")}.`;
  return `The bot has no command “${name}” for this member here.`;
}

function sendCommand(command) {
  const { values, errors } = read(command);
  if (Object.keys(errors).length) {
    complaints = errors;
    refresh();
    if (errors[""]) toast(errors[""], "bad");
    form.focus(Object.keys(errors)[0]);
    return;
  }
  const text = input.value.trim();
  history.push(text);
  const chosen = Object.fromEntries(Object.entries(files).filter(([name, list]) => name && list.length));
  clear();
  runSlash(command.entry.path, values, chosen, text);
}

function clear() {
  input.value = "";
  files = {};
  complaints = {};
  byTestId("attach").value = "";
  refresh();
  input.focus();
}
