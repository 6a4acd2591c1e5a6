// Talking to the page's own server: commands go out as POSTs, everything that changes comes in as server-sent events.

import { localised } from "./language.js";
import { emit, state } from "./store.js";

/** A refusal that a person can act on; `message` is a sentence. */
export class Refusal extends Error {}

async function post(path, body) {
  const options = { method: "POST" };
  if (body instanceof FormData) options.body = body;
  else Object.assign(options, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal("The sandbox does not answer. Is it still running in its terminal?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(answer.error ?? `The sandbox answered ${response.status}.`);
  return answer;
}

const where = () => ({ member: state.me, channel: state.channel, locale: state.locale });

/** Values and files in one multipart body: `payload` as JSON, each file under the name of its field. */
function withFiles(payload, files) {
  const form = new FormData();
  form.append("payload", JSON.stringify(payload));
  for (const [name, list] of Object.entries(files)) for (const file of list) form.append(`file:${name}`, file, file.name);
  return form;
}

export const slash = (command, options, files) => post("/api/slash", withFiles({ ...where(), command, options }, files));
export const click = (message, customId) => post("/api/click", { ...where(), message, custom_id: customId });
export const select = (message, customId, values) => post("/api/select", { ...where(), message, custom_id: customId, values });
export const submitModal = (interaction, values, files) => post("/api/modal", withFiles({ ...where(), interaction, values }, files));
export const contextMenu = (command, target) => post("/api/context", { ...where(), command, ...target });
export const forward = (message, channel) => post("/api/forward", { ...where(), message, channel });
export const say = (content, files) => post("/api/say", withFiles({ ...where(), content }, { message: files }));
export const panel = (action, values = {}) => post(`/api/panel/${action}`, values);

export async function autocomplete(command, options, option, text) {
  const { choices } = await post("/api/autocomplete", { ...where(), command, options, option, text });
  return choices.map((choice) => localised(choice));
}

export async function loadCommands() {
  const query = new URLSearchParams({ member: state.me, channel: state.channel });
  const response = await fetch(`/api/commands?${query}`).catch(() => null);
  if (response?.ok) {
    state.commands = (await response.json()).commands.map((command) => localised(command));
    emit("commands");
  }
}

let source = null;

/** Follow what this member sees; a lost connection is taken up again by itself, with a full picture first. */
export function connect() {
  source?.close();
  source = new EventSource(`/api/events?${new URLSearchParams({ member: state.me })}`);
  source.addEventListener("hello", (event) => takeHello(JSON.parse(event.data)));
  source.addEventListener("messages", (event) => takeMessages(JSON.parse(event.data)));
  source.addEventListener("commands", loadCommands);
  source.addEventListener("panel", (event) => {
    state.panel = JSON.parse(event.data);
    emit("panel");
  });
  source.onerror = () => {
    state.connected = false;
    emit("connection");
    // A browser gives up when the answer is not an event stream (a restarting server): then ask again ourselves.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  };
}

function takeHello(hello) {
  const { messages, ...rest } = hello;
  Object.assign(state, rest, { connected: true, messages: {} });
  for (const [key, list] of Object.entries(messages)) {
    state.messages[key] = Object.fromEntries(list.map((message) => [message.id, message]));
  }
  emit("connection");
  emit("hello");
  emit("panel");
  loadCommands();
}

function takeMessages({ channel, upsert, remove }) {
  const known = (state.messages[channel] ??= {});
  let news = 0;
  for (const message of upsert) {
    if (!known[message.id]) news += 1;
    known[message.id] = message;
  }
  for (const id of remove) delete known[id];
  if (channel !== state.channel) state.unread[channel] = (state.unread[channel] ?? 0) + news;
  emit("messages", { channel, upsert, remove });
}
