// The fields of a slash command's options, above the line in which the command is typed.

import { autocomplete } from "./api.js";
import { OPTION, mainOption } from "./commandline.js";
import { fileSize, fill, freshId, h } from "./dom.js";
import { shownName } from "./language.js";
import { state } from "./store.js";

/**
 * The form of one command. `onText(name, text)` is told when a field has changed, `onFiles(name, files)` when files were
 * chosen, `current()` gives the values for an autocompletion. The result's `show(texts, errors, files)` brings the fields
 * in line with what was typed.
 */
export function optionForm(entry, { onText, onFiles, current }) {
  const main = mainOption(entry.options);
  const fields = entry.options.map((option) => {
    if (option === main && !option.choices && !option.autocomplete) return echoField(option);
    if (option.type === OPTION.attachment) return fileField(option, onFiles);
    if (option.choices || option.type === OPTION.boolean || entityOptions(option.type)) return choiceField(option, onText);
    return textField(option, onText, option.autocomplete && ((text) => autocomplete(entry.path, current(), option.name, text)));
  });
  const element = h("div.option-form", { testid: "option-form" }, [
    h("div.option-form-head", {}, h("strong", {}, `/${entry.shown}`), " ", h("span.muted", {}, entry.description)),
    h("div.option-fields", {}, fields.map((field) => field.element)),
  ]);
  const show = (texts, errors, files) => {
    for (const field of fields) {
      field.show(field.option.type === OPTION.attachment ? (files[field.option.name] ?? []) : (texts[field.option.name] ?? ""));
      field.complain(errors[field.option.name]);
    }
  };
  return { element, show, focus: (name) => fields.find(({ option }) => option.name === name)?.focus() };
}

/** The things of the sandbox's server that an option of this type can name. */
export function entityOptions(type) {
  const users = Object.entries(state.users).map(([id, { name }]) => ({ id, name }));
  const roles = Object.entries(state.roles).map(([id, { name }]) => ({ id, name }));
  const channels = state.channels.filter(({ home }) => home).map(({ id, name }) => ({ id, name }));
  return { [OPTION.user]: users, [OPTION.role]: roles, [OPTION.channel]: channels, [OPTION.mentionable]: [...users, ...roles] }[type];
}

/** Label, control, hint and error of one option. */
function frame(option, id, control, extra) {
  const error = h("p.trouble", { id: `${id}-error`, role: "alert" });
  const element = h("div.option-field", { testid: `option-${option.name}` }, [
    h("label", { for: id }, shownName(option), option.required ? h("span.required", { title: "required" }, " *") : null, extra),
    control,
    h("p.hint", { id: `${id}-hint`, title: option.description }, option.description),
    error,
  ]);
  control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  const complain = (sentence) => {
    error.textContent = sentence ?? "";
    control.setAttribute("aria-invalid", Boolean(sentence));
  };
  return { option, element, complain, focus: () => control.focus() };
}

/** The main option is typed in the line itself; here is what has been understood of it. */
function echoField(option) {
  const id = freshId("option");
  const output = h("output.echo", { id });
  const counter = h("span.counter.muted");
  const field = frame(option, id, output, counter);
  const max = option.max_length;
  field.element.classList.add("wide");
  field.show = (text) => {
    output.textContent = text || "… type it below";
    output.classList.toggle("muted", !text);
    counter.textContent = max ? `${text.length}/${max}` : "";
  };
  field.focus = () => {};
  return field;
}

function choiceField(option, onText) {
  const id = freshId("option");
  const choices = option.type === OPTION.boolean ? ["True", "False"].map((name) => ({ name, value: name.toLowerCase() })) : option.choices?.map((choice) => ({ ...choice, name: shownName(choice) }));
  const rows = choices ?? entityOptions(option.type).map((entity) => ({ name: entity.name, value: entity.name }));
  const control = h("select", { id }, h("option", { value: "" }, option.required ? "choose …" : "—"), rows.map(({ name, value }) => h("option", { value }, name)));
  control.addEventListener("change", () => onText(option.name, control.value));
  const field = frame(option, id, control);
  field.show = (text) => {
    const wanted = text.toLowerCase();
    const fitting = rows.find(({ name, value }) => String(value).toLowerCase() === wanted || name.toLowerCase() === wanted);
    control.value = fitting ? String(fitting.value) : "";
  };
  return field;
}

function textField(option, onText, complete) {
  const id = freshId("option");
  const number = option.type === OPTION.integer || option.type === OPTION.number;
  const control = h("input", { id, type: "text", inputmode: number ? "decimal" : undefined, autocomplete: "off", maxlength: option.max_length });
  control.addEventListener("input", () => onText(option.name, control.value));
  const field = frame(option, id, control);
  const ask = complete && completion(field.element, complete, (value) => onText(option.name, value));
  field.show = (text) => {
    if (document.activeElement !== control) control.value = text;
    ask?.(text);
  };
  return field;
}

const COMPLETION_PAUSE_MS = 150;

/** Shows what the bot suggests for the text, wherever it is typed; only the answer to the latest question counts. */
function completion(place, complete, choose) {
  const list = h("div.completions", { role: "group", "aria-label": "Suggestions", testid: "completions" });
  place.append(list);
  place.classList.add("wide");
  let timer = null;
  let asked = null;
  return (text) => {
    if (text === asked) return;
    asked = text;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (!place.isConnected) return; // the command was sent or given up meanwhile
      const choices = await complete(text).catch(() => []);
      const chip = (choice) => h("button.chip", { type: "button", onclick: () => choose(String(choice.value)) }, shownName(choice));
      if (text === asked) fill(list, choices.filter(({ value }) => String(value) !== text).map(chip));
    }, COMPLETION_PAUSE_MS);
  };
}

function fileField(option, onFiles) {
  const id = freshId("option");
  const control = h("input", { id, type: "file", testid: `file-${option.name}` });
  const chosen = h("span.muted");
  control.addEventListener("change", () => onFiles(option.name, [...control.files]));
  const field = frame(option, id, control);
  field.element.append(chosen);
  field.show = (files) => {
    // A file that was dropped or pasted is not in the control; name it beside.
    chosen.textContent = files.length && !control.files.length ? `${files[0].name}, ${fileSize(files[0].size)}` : "";
  };
  return field;
}
