// Small floating lists: a select's options, a menu of commands. One at a time; Escape, a click elsewhere or a choice closes it.

import { freshId, h } from "./dom.js";
import { partialEmoji } from "./emoji.js";

let current = null;

export function closePopover({ refocus = false } = {}) {
  if (!current) return;
  const { element, anchor, onClose } = current;
  current = null;
  element.remove();
  anchor.setAttribute("aria-expanded", "false");
  onClose?.();
  if (refocus) anchor.focus();
}

/** Show `element` at `anchor`; below it where there is room, else above. */
export function openPopover(anchor, element, onClose) {
  const again = current?.anchor === anchor;
  closePopover();
  if (again) return;
  element.classList.add("popover");
  // Inside a dialog everything outside it is inert: the list has to live in it.
  (anchor.closest("dialog") ?? document.body).append(element);
  current = { anchor, element, onClose };
  anchor.setAttribute("aria-expanded", "true");
  place(anchor, element);
  element.addEventListener("keydown", onKey);
  (element.querySelector("[aria-selected=true], [role=option], [role=menuitem]") ?? element).focus();
}

function place(anchor, element) {
  const at = anchor.getBoundingClientRect();
  const size = element.getBoundingClientRect();
  const below = at.bottom + 4 + size.height <= innerHeight || at.top < innerHeight / 2;
  element.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - size.height - 4)}px`;
  const left = at.left > innerWidth / 2 && size.width > at.width ? at.right - size.width : at.left;
  element.style.left = `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`;
  element.style.maxHeight = `${below ? innerHeight - at.bottom - 12 : at.top - 12}px`;
}

function onKey(event) {
  const items = [...event.currentTarget.querySelectorAll("[role=option], [role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const move = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Escape") {
    event.stopPropagation();
    closePopover({ refocus: true });
  } else if (event.key === "Tab") closePopover();
  else if (move === undefined) return;
  else items[(move + items.length) % items.length]?.focus();
  event.preventDefault();
}

document.addEventListener("pointerdown", (event) => {
  if (current && !current.element.contains(event.target) && !current.anchor.contains(event.target)) closePopover();
});

/** A menu of actions: entries are {label, hint, run}. */
export function menu(label, entries) {
  const items = entries.map(({ label: text, hint, run }) =>
    h("button.menu-item", { type: "button", role: "menuitem", tabindex: -1, onclick: () => (closePopover({ refocus: true }), run()) }, [
      h("span", {}, text),
      hint ? h("small", {}, hint) : null,
    ]),
  );
  return h("div.menu", { role: "menu", "aria-label": label }, items);
}

/**
 * A select like Discord's: options are {value, label, description, emoji}. `onChange(values)` is called once the choice is
 * made: at once for a single choice, when the list closes for several.
 */
export function selectBox({ placeholder, options, min = 1, max = 1, chosen = [], disabled = false, onChange, testid, labelledby }) {
  let values = [...chosen];
  const text = h("span.select-text");
  const show = () => {
    const labels = options.filter((option) => values.includes(option.value)).map((option) => option.label);
    text.textContent = labels.join(", ") || placeholder;
    text.classList.toggle("muted", !labels.length);
  };
  const anchor = h(
    "button.select",
    { type: "button", disabled, testid, "aria-haspopup": "listbox", "aria-expanded": "false", "aria-labelledby": labelledby },
    text,
    h("span", { "aria-hidden": true }, "▾"),
  );
  anchor.addEventListener("click", () => {
    const before = values.join();
    openPopover(anchor, listbox({ options, min, max, values, pick }), () => {
      show();
      if (values.join() !== before) onChange([...values]);
    });
  });
  function pick(value) {
    if (max === 1) {
      values = values.includes(value) && min === 0 ? [] : [value];
      closePopover({ refocus: true });
      return values;
    }
    if (values.includes(value)) values = values.filter((other) => other !== value);
    else if (values.length < max) values = [...values, value];
    show();
    return values;
  }
  show();
  return anchor;
}

function listbox({ options, min, max, values, pick }) {
  const several = max > 1;
  const rows = options.map((option) => {
    const row = h("div.option", { role: "option", tabindex: -1, id: freshId("option"), "data-value": option.value }, [
      option.emoji ? partialEmoji(option.emoji) : null,
      h("span.option-text", {}, option.label, option.description ? h("small", {}, option.description) : null),
      h("span.tick", { "aria-hidden": true }, "✓"),
    ]);
    const choose = () => mark(rows, pick(option.value));
    row.addEventListener("click", choose);
    row.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), choose()));
    return row;
  });
  mark(rows, values);
  const list = h("div.listbox", { role: "listbox", "aria-multiselectable": several }, rows);
  if (several) {
    const range = min === max ? `exactly ${max}` : `${min} to ${max}`;
    list.append(h("button.primary", { type: "button", onclick: () => closePopover({ refocus: true }) }, `Apply (${range})`));
  }
  return list;
}

function mark(rows, values) {
  for (const row of rows) row.setAttribute("aria-selected", values.includes(row.dataset.value));
}
