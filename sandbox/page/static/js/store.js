// What the page knows, in one place. The server is the truth: every reconnect replaces all of it.

export const state = {
  me: "alice", // the member whose eyes these are
  channel: "general",
  locale: "en-US", // the language of this member's client
  members: [],
  channels: [],
  users: {}, // id -> {name, avatar, bot}
  roles: {}, // id -> {name, color}
  commands: [], // what this member may use in this channel, in their language
  messages: {}, // channel -> id -> message
  dismissed: new Set(), // ephemeral messages that were waved away; only this page forgets them
  unread: {}, // channel -> count
  cdnHost: "",
  connected: false,
  panel: null,
};

const listeners = new Map();

/** Call `listener` whenever `topic` has changed. */
export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(listener);
}

export function emit(topic, detail) {
  for (const listener of listeners.get(topic) ?? []) listener(detail);
}

/** The sign before a channel's name. */
export const signOf = (channel) => ({ text: "#", thread: "↳", voice: "♪", group: "⚇", dm: "@" })[channel?.kind] ?? "#";

export const me = () => state.members.find((member) => member.key === state.me);
export const channel = () => state.channels.find((candidate) => candidate.key === state.channel);
export const channelById = (id) => state.channels.find((candidate) => candidate.id === id);

/** The messages of a channel in the order in which they were sent. */
export function messagesOf(key) {
  const all = Object.values(state.messages[key] ?? {});
  return all.filter((message) => !state.dismissed.has(message.id)).sort((a, b) => compareIds(a.id, b.id));
}

// Snowflakes are larger than a double can hold exactly: compare them as the texts they are.
export const compareIds = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
