// Message components as Discord draws them: containers, sections, galleries, buttons and selects.

import { h } from "./dom.js";
import { partialEmoji } from "./emoji.js";
import { markdown } from "./markdown.js";
import { fileRow, gallery, picture } from "./media.js";
import { selectBox } from "./popover.js";
import { state } from "./store.js";

const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "primary" };
const SELECTS = { 3: "string", 5: "user", 6: "role", 7: "mentionable", 8: "channel" };

// One maker for each component type of Discord; `act` sends what a member does with a component.
const MAKERS = {
  1: (component, act) => h("div.action-row", {}, component.components.map((child) => render(child, act))),
  2: button,
  9: section,
  10: (component) => h("div.text-display", {}, markdown(component.content)),
  11: (component) => h("div.thumbnail", {}, picture({ ...component.media, description: component.description, spoiler: component.spoiler })),
  12: (component) => gallery(component.items),
  13: (component) => fileRow(component.name ?? nameOf(component.file.url), component.size, component.file.url),
  14: (component) => h(`hr.separator.spacing-${component.spacing ?? 1}`, { "data-divider": component.divider ?? true }),
  17: container,
};

/** Draw one component; `act` is {click(customId, element), select(customId, values, element)}. */
export function render(component, act) {
  if (SELECTS[component.type]) return select(component, act);
  const make = MAKERS[component.type];
  return make ? make(component, act) : h("div.muted", {}, `(a component of type ${component.type})`);
}

const nameOf = (url) => decodeURIComponent(url.split("/").pop().split("?")[0]);

function container(component, act) {
  const children = component.components.map((child) => render(child, act));
  const element = h("div.container", { testid: "container" }, children);
  if (component.accent_color !== null && component.accent_color !== undefined) {
    element.style.setProperty("--accent", `#${component.accent_color.toString(16).padStart(6, "0")}`);
  }
  if (component.spoiler) {
    element.classList.add("veiled");
    element.addEventListener("click", () => element.classList.remove("veiled"), { once: true });
  }
  return element;
}

function section(component, act) {
  return h(
    "div.section",
    {},
    h("div.section-text", {}, component.components.map((child) => render(child, act))),
    h("div.section-accessory", {}, component.accessory ? render(component.accessory, act) : null),
  );
}

function button(component, act) {
  const label = [component.emoji ? partialEmoji(component.emoji) : null, component.label ? h("span", {}, component.label) : null];
  if (component.style === 5) {
    const away = h("span.away", { "aria-hidden": true }, "↗");
    return h("a.button.link", { href: component.url, target: "_blank", rel: "noopener noreferrer" }, label, away);
  }
  const element = h(
    `button.button.${BUTTON_STYLES[component.style] ?? "secondary"}`,
    { type: "button", disabled: component.disabled, testid: "button", "data-custom-id": component.custom_id },
    label,
  );
  element.addEventListener("click", () => act.click(component.custom_id, element));
  return element;
}

function select(component, act) {
  const element = selectBox({
    ...selectChoices(component),
    testid: "select",
    disabled: component.disabled,
    onChange: (values) => act.select(component.custom_id, values, element),
  });
  element.dataset.customId = component.custom_id;
  return element;
}

/** What the five kinds of select have in common: options, limits, what is chosen at first. */
export function selectChoices(component) {
  const kind = SELECTS[component.type];
  const options = kind === "string" ? component.options : entities(kind, component.channel_types);
  const chosen = kind === "string" ? component.options.filter((option) => option.default).map((option) => option.value) : [];
  return {
    placeholder: component.placeholder || (kind === "string" ? "Make a selection" : `Select a ${kind}`),
    options,
    min: component.min_values ?? 1,
    max: component.max_values ?? 1,
    chosen: chosen.length ? chosen : (component.default_values ?? []).map((value) => value.id),
  };
}

function entities(kind, channelTypes) {
  const users = Object.entries(state.users).map(([id, user]) => ({ value: id, label: user.name }));
  const roles = Object.entries(state.roles).map(([id, role]) => ({ value: id, label: `@${role.name}` }));
  const channels = state.channels.filter((channel) => channel.home && (channelTypes?.includes(0) ?? true));
  if (kind === "user") return users;
  if (kind === "role") return roles;
  if (kind === "mentionable") return [...users, ...roles];
  return channels.map((channel) => ({ value: channel.id, label: `#${channel.name}` }));
}
