// The text form of a slash command: "/imagine a corgi in space size:16:9". Pure functions over registered commands.
//
// The text after the command fills its main option (the first required text); "name:value" pairs fill the others. A pair
// reaches to the next pair, so values may hold spaces. A backslash ("size\:16:9") keeps a pair-like piece part of the text.

import { shownName } from "./language.js";

export const OPTION = { subcommand: 1, group: 2, string: 3, integer: 4, boolean: 5, user: 6, channel: 7, role: 8, mentionable: 9, number: 10, attachment: 11 };

/** The slash commands that can be typed, subcommands each on its own: {path, shown, description, options}. */
export function flatten(commands) {
  return commands.filter((command) => command.type === 1).flatMap((command) => leaves(command, command.name, shownName(command)));
}

function leaves(node, path, shown) {
  const children = (node.options ?? []).filter((option) => option.type === OPTION.subcommand || option.type === OPTION.group);
  if (children.length) return children.flatMap((child) => leaves(child, `${path} ${child.name}`, `${shown} ${shownName(child)}`));
  return [{ path, shown, description: node.description, options: node.options ?? [] }];
}

/** Commands that fit what was typed so far, those that begin with it first. */
export function suggestions(text, entries) {
  const typed = text.slice(1).trimStart().toLowerCase();
  const beginning = entries.filter((entry) => pathsOf(entry).some((path) => path.startsWith(typed)));
  const inside = entries.filter((entry) => !beginning.includes(entry) && pathsOf(entry).some((path) => path.includes(typed)));
  return [...beginning, ...inside];
}

/** The command at the start of `text` and the rest after it; null while no command's name is complete. */
export function recognise(text, entries) {
  const paths = entries.flatMap((entry) => pathsOf(entry).map((path) => ({ entry, path })));
  const fitting = paths.filter(({ path }) => text === `/${path}` || text.startsWith(`/${path} `) || text.startsWith(`/${path}\n`));
  const found = fitting.sort((a, b) => b.path.length - a.path.length)[0];
  return found ? { entry: found.entry, rest: text.slice(found.path.length + 1).trimStart() } : null;
}

/** A command is found by its name in the member's language, and by its own. */
const pathsOf = (entry) => [...new Set([entry.shown ?? entry.path, entry.path])];

/** The option that plain text fills. */
export function mainOption(options) {
  const texts = options.filter((option) => option.type === OPTION.string);
  return texts.find((option) => option.required) ?? options.find(typedAndRequired) ?? texts.find((option) => !option.choices) ?? null;
}

const typedAndRequired = (option) => option.required && option.type !== OPTION.attachment;

/** The option texts in `rest`; text that no option takes comes back under "". */
export function parse(rest, options) {
  const typed = options.filter((option) => option.type !== OPTION.attachment);
  const names = namesOf(typed);
  const pair = names.length ? new RegExp(`(^|\\s)(${names.map(escapePattern).join("|")}):`, "g") : /(?!)/g;
  const marks = [...rest.matchAll(pair)];
  const main = mainOption(options);
  const values = {};
  const plain = unescape((marks.length ? rest.slice(0, marks[0].index) : rest).trim(), names);
  if (plain) values[main?.name ?? ""] = plain;
  marks.forEach((mark, index) => {
    const end = marks[index + 1]?.index ?? rest.length;
    const { name } = typed.find((option) => shownName(option) === mark[2]) ?? typed.find((option) => option.name === mark[2]);
    values[name] = unescape(rest.slice(mark.index + mark[0].length, end).trim(), names);
  });
  return values;
}

/** The text that parses into these values: the inverse of `recognise` and `parse`. */
export function serialise(entry, values) {
  const main = mainOption(entry.options);
  const names = namesOf(entry.options);
  const parts = [`/${entry.shown ?? entry.path}`];
  if (main && values[main.name]) parts.push(escape(values[main.name], names));
  for (const option of entry.options) {
    const value = values[option.name];
    if (option.name !== main?.name && value) parts.push(`${shownName(option)}:${escape(value, names)}`);
  }
  return parts.join(" ");
}

const namesOf = (options) => [...new Set(options.flatMap((option) => [shownName(option), option.name]))];
const escapePattern = (name) => name.replace(/[-\\^$*+?.()|[\]{}]/g, "\\$&");
const pairs = (names, colon) => new RegExp(`(^|\\s)(${names.map(escapePattern).join("|")})${colon}`, "g");
const escape = (text, names) => (names.length ? text.replace(pairs(names, ":"), "$1$2\\:") : text);
const unescape = (text, names) => (names.length ? text.replace(pairs(names, "\\\\:"), "$1$2:") : text);

/** What an option's text means: {value} to send, or {error} as a sentence. `lookup(kind, text)` finds users, roles, channels. */
export function interpret(option, text, lookup) {
  if (text === undefined || text === "") return option.required ? { error: `${shownName(option)} is required.` } : {};
  if (option.choices?.length) return fromChoices(option, text);
  if (option.type === OPTION.string) return fromText(option, text);
  if (option.type === OPTION.integer || option.type === OPTION.number) return fromNumber(option, text);
  if (option.type === OPTION.boolean) return fromBoolean(option, text);
  const id = lookup(option.type, text);
  return id ? { value: id } : { error: `${shownName(option)}: there is no “${text}” here.` };
}

function fromChoices(option, text) {
  const wanted = text.toLowerCase();
  const choice = option.choices.find((candidate) => [candidate.value, candidate.name, shownName(candidate)].some((text) => String(text).toLowerCase() === wanted));
  const names = option.choices.map(shownName).join(", ");
  return choice ? { value: choice.value } : { error: `${shownName(option)} must be one of: ${names}.` };
}

function fromText(option, text) {
  const { min_length: min = 0, max_length: max = 6000 } = option;
  if (text.length < min) return { error: `${shownName(option)} needs at least ${min} characters.` };
  if (text.length > max) return { error: `${shownName(option)} takes at most ${max} characters; this is ${text.length}.` };
  return { value: text };
}

function fromNumber(option, text) {
  const number = Number(text);
  const whole = option.type === OPTION.integer;
  if (!Number.isFinite(number) || (whole && !Number.isInteger(number))) return { error: `${shownName(option)} must be a ${whole ? "whole " : ""}number.` };
  if (number < (option.min_value ?? -Infinity)) return { error: `${shownName(option)} must be at least ${option.min_value}.` };
  if (number > (option.max_value ?? Infinity)) return { error: `${shownName(option)} must be at most ${option.max_value}.` };
  return { value: number };
}

function fromBoolean(option, text) {
  const value = { true: true, yes: true, on: true, false: false, no: false, off: false }[text.toLowerCase()];
  return value === undefined ? { error: `${option.name} must be True or False.` } : { value };
}
