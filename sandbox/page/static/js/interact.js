// What a member does with the bot, from the press of a key to "The application did not respond".

import * as api from "./api.js";
import { byTestId, h } from "./dom.js";
import { shownName } from "./language.js";
import { openModal } from "./modal.js";
import { emit, state } from "./store.js";

/** Commands on their way, shown below the messages until the bot has answered; failed ones stay until dismissed. */
export const pending = [];

function changed() {
  emit("pending");
}

/** Send a slash command; `text` is what the waiting row shows. */
export const runSlash = (command, options, files, text) => track(text, () => api.slash(command, options, files));

/** Run a message or user command on its target. */
export const runContextMenu = (command, target) => track(shownName(command), () => api.contextMenu(command.name, target));

async function track(text, send) {
  const row = { text, member: state.me, channel: state.channel, error: null };
  pending.push(row);
  changed();
  try {
    const { interaction } = await send();
    if (interaction.error) throw new api.Refusal(interaction.error);
    drop(row);
    if (interaction.modal) openModal(interaction);
    return true;
  } catch (error) {
    row.error = sentence(error);
    changed();
    return false;
  }
}

export function drop(row) {
  const at = pending.indexOf(row);
  if (at >= 0) pending.splice(at, 1);
  changed();
}

const sentence = (error) => (error instanceof api.Refusal ? error.message : `The page failed: ${error.message}`);

/** The two things that can be done with a message's components, as `render` wants them. */
export function actionsOf(message) {
  return {
    click: (customId, element) => act(message, element, () => api.click(message.id, customId)),
    select: (customId, values, element) => act(message, element, () => api.select(message.id, customId, values)),
  };
}

async function act(message, element, send) {
  const trouble = () => document.querySelector(`#message-${message.id} .trouble`);
  element.classList.add("busy");
  element.setAttribute("aria-busy", "true");
  trouble()?.replaceChildren();
  try {
    const { interaction } = await send();
    if (interaction.error) throw new api.Refusal(interaction.error);
    if (interaction.modal) openModal(interaction);
  } catch (error) {
    trouble()?.replaceChildren(sentence(error));
  } finally {
    element.classList.remove("busy");
    element.removeAttribute("aria-busy");
  }
}

/** A short notice that goes by itself. */
export function toast(text, kind = "info") {
  const note = h(`div.toast.${kind}`, { role: "status" }, text);
  byTestId("toasts").append(note);
  setTimeout(() => note.remove(), 4000);
}
