// A modal that the bot opened: labels around text inputs, selects, radio groups, checkboxes and file uploads.

import * as api from "./api.js";
import { byTestId, fill, freshId, h } from "./dom.js";
import { selectChoices } from "./components.js";
import { inline, markdown } from "./markdown.js";
import { selectBox } from "./popover.js";

const TYPE = { row: 1, textInput: 4, text: 10, label: 18, fileUpload: 19, radioGroup: 21, checkboxGroup: 22, checkbox: 23 };

/** Show the modal of `interaction` ({id, modal}). */
export function openModal(interaction) {
  const dialog = byTestId("modal");
  const fields = [];
  const parts = interaction.modal.components.map((part) => modalPart(part, fields));
  const trouble = h("p.trouble", { role: "alert" });
  const form = h("form", { method: "dialog", novalidate: true }, [
    h("header", {}, h("h2", { id: "modal-title" }, interaction.modal.title), closeButton(dialog)),
    h("div.modal-parts", {}, parts),
    trouble,
    h("footer", {}, [
      h("button.button.secondary", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      h("button.button.primary", { type: "submit", testid: "modal-submit" }, "Submit"),
    ]),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(dialog, interaction, fields, trouble);
  });
  fill(dialog, form);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("textarea, input, .select")?.focus();
}

const closeButton = (dialog) => h("button.plain.close", { type: "button", "aria-label": "Close", onclick: () => dialog.close() }, "✕");

async function submit(dialog, interaction, fields, trouble) {
  const values = {};
  const files = {};
  for (const field of fields) {
    const complaint = field.check();
    if (complaint) {
      trouble.textContent = complaint;
      field.focus();
      return;
    }
    if (field.files) files[field.customId] = field.files();
    else values[field.customId] = field.read();
  }
  const button = dialog.querySelector("[type=submit]");
  button.disabled = true;
  trouble.textContent = "";
  try {
    const answer = await api.submitModal(interaction.id, values, files);
    if (answer.interaction.error) throw new api.Refusal(answer.interaction.error);
    dialog.close();
  } catch (error) {
    trouble.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

function modalPart(part, fields) {
  if (part.type === TYPE.text) return h("div.text-display", {}, markdown(part.content));
  // Older modals put a text input, which carries its own label, into an action row.
  const [label, description, component] =
    part.type === TYPE.label ? [part.label, part.description, part.component] : [part.components[0].label, null, part.components[0]];
  const id = freshId("field");
  const field = { customId: component.custom_id, name: label, required: component.required ?? true, check: () => null };
  const control = controlFor(component, field, id);
  fields.push(field);
  return h("div.modal-field", {}, [
    h("label", { for: id, id: `${id}-label` }, label, field.required ? h("span.required", { "aria-hidden": true }, " *") : null),
    description ? h("p.muted", {}, inline(description)) : null,
    control,
  ]);
}

function controlFor(component, field, id) {
  if (component.type === TYPE.textInput) return textInput(component, field, id);
  if (component.type === TYPE.fileUpload) return fileUpload(component, field, id);
  if (component.type === TYPE.checkbox) return checkbox(component, field, id);
  if (component.type === TYPE.radioGroup || component.type === TYPE.checkboxGroup) return group(component, field, id);
  return modalSelect(component, field, id);
}

function textInput(component, field, id) {
  const long = component.style === 2;
  const counter = h("span.counter.muted");
  const element = h(long ? "textarea" : "input", {
    id,
    testid: `field-${component.custom_id}`,
    placeholder: component.placeholder,
    maxlength: component.max_length ?? 4000,
    rows: long ? 5 : undefined,
    required: field.required,
    value: component.value ?? "",
  });
  const count = () => (counter.textContent = `${element.value.length}/${component.max_length ?? 4000}`);
  element.addEventListener("input", count);
  count();
  field.read = () => element.value;
  field.focus = () => element.focus();
  field.check = () => {
    if (!element.value) return field.required ? `“${field.name}” is required.` : null;
    return element.value.length < (component.min_length ?? 0) ? `“${field.name}” needs at least ${component.min_length} characters.` : null;
  };
  return h("div.modal-text", {}, element, counter);
}

function fileUpload(component, field, id) {
  const max = component.max_values ?? 1;
  const min = component.min_values ?? 1;
  const element = h("input", { id, type: "file", multiple: max > 1, testid: `field-${component.custom_id}` });
  field.files = () => [...element.files];
  field.focus = () => element.focus();
  field.check = () => {
    const count = element.files.length;
    if (count > max) return `“${field.name}” takes at most ${max} files.`;
    return field.required && count < min ? `“${field.name}” needs at least ${min} ${min === 1 ? "file" : "files"}.` : null;
  };
  return element;
}

function checkbox(component, field, id) {
  const element = h("input", { id, type: "checkbox", checked: component.default ?? false, testid: `field-${component.custom_id}` });
  field.required = false;
  field.read = () => element.checked;
  field.focus = () => element.focus();
  return element;
}

function group(component, field, id) {
  const radio = component.type === TYPE.radioGroup;
  const inputs = component.options.map((option) =>
    h("input", { type: radio ? "radio" : "checkbox", name: id, value: option.value, checked: option.default ?? false, testid: `choice-${option.value}` }),
  );
  const rows = component.options.map((option, index) =>
    h("label.choice", {}, inputs[index], h("span", {}, option.label, option.description ? h("small.muted", {}, option.description) : null)),
  );
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  field.read = () => (radio ? (chosen()[0] ?? null) : chosen());
  field.focus = () => inputs[0].focus();
  field.check = () => checkCount(field, chosen().length, radio ? {} : component, field.required ? 1 : 0);
  return h("div.choices", { id, role: radio ? "radiogroup" : "group", "aria-labelledby": `${id}-label` }, rows);
}

function modalSelect(component, field, id) {
  const choices = selectChoices(component);
  let values = choices.chosen;
  const element = selectBox({
    ...choices,
    min: field.required ? choices.min : 0,
    labelledby: `${id}-label`,
    testid: `field-${component.custom_id}`,
    onChange: (chosen) => (values = chosen),
  });
  element.id = id;
  field.read = () => values;
  field.focus = () => element.focus();
  field.check = () => checkCount(field, values.length, component, choices.min);
  return element;
}

function checkCount(field, count, { min_values: min, max_values: max }, fallback) {
  const least = min ?? fallback;
  if (!count && !field.required) return null;
  if (count < least) return least === 1 ? `Choose something for “${field.name}”.` : `“${field.name}” needs at least ${least} choices.`;
  return max && count > max ? `“${field.name}” takes at most ${max} choices.` : null;
}
