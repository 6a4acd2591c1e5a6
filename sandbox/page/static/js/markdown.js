// Discord's flavour of Markdown, into elements. Text stays text: nothing here builds HTML from strings.

import { h } from "./dom.js";
import { EMOJI, emojiNode } from "./emoji.js";
import { state } from "./store.js";
import { timeElement } from "./timestamps.js";

// Tried in this order at every position; each is [pattern, maker(match)]. The first match wins.
const INLINE = [
  [EMOJI, (match) => emojiNode(match[0])],
  [/^\\([^A-Za-z0-9\s])/, (match) => match[1]],
  [/^``(.+?)``(?!`)/s, (match) => h("code", {}, match[1].trim())],
  [/^`([^`]+)`/s, (match) => h("code", {}, match[1])],
  [/^<t:(-?\d{1,17})(?::([tTdDfFR]))?>/, (match) => timeElement(Number(match[1]), match[2])],
  [/^<@!?(\d+)>/, (match) => mention("@", state.users[match[1]]?.name ?? "unknown-user")],
  [/^<@&(\d+)>/, (match) => mention("@", state.roles[match[1]]?.name ?? "deleted-role")],
  [/^<#(\d+)>/, (match) => mention("#", state.channels.find((channel) => channel.id === match[1])?.name ?? "unknown")],
  [/^<\/([^:>]+):(\d+)>/, (match) => mention("/", match[1])],
  [/^<a?:(\w+):\d+>/, (match) => h("span.custom-emoji", { title: `:${match[1]}:` }, `:${match[1]}:`)],
  [/^@(everyone|here)\b/, (match) => mention("@", match[1])],
  [/^\[((?:[^\][]|\[[^\]]*\])+)\]\(<?(https?:\/\/[^\s)>]+)>?(?:\s+"[^"]*")?\)/, (match) => link(match[2], inline(match[1]))],
  [/^<(https?:\/\/[^\s>]+)>/, (match) => link(match[1], match[1])],
  [/^https?:\/\/[^\s<]+[^\s<.,:;"')\]!?*_~|]/, (match) => link(match[0], match[0])],
  [/^\*\*\*(.+?)\*\*\*(?!\*)/s, (match) => h("strong", {}, h("em", {}, inline(match[1])))],
  [/^\*\*(.+?)\*\*(?!\*)/s, (match) => h("strong", {}, inline(match[1]))],
  [/^__(.+?)__(?!_)/s, (match) => h("u", {}, inline(match[1]))],
  [/^~~(.+?)~~/s, (match) => h("s", {}, inline(match[1]))],
  [/^\|\|(.+?)\|\|/s, (match) => spoiler(match[1])],
  [/^\*(?=\S)([^*]*?[^\s*])\*(?!\*)/s, (match) => h("em", {}, inline(match[1]))],
  [/^_(?=\S)([^_]+?)_(?![A-Za-z0-9_])/s, (match) => h("em", {}, inline(match[1]))],
];
const SPECIAL = /[\\`<@[*_~|]|https?:\/\/|[\u23F0-\u27BF]|\p{Extended_Pictographic}/u;

const mention = (sign, name) => h("span.mention", {}, `${sign}${name}`);
const link = (href, content) => h("a", { href, target: "_blank", rel: "noopener noreferrer" }, content);

function spoiler(text) {
  const element = h("span.spoiler", { role: "button", tabindex: 0, "aria-label": "Spoiler: press to reveal" }, inline(text));
  const reveal = () => {
    element.classList.add("revealed");
    element.removeAttribute("aria-label");
  };
  element.addEventListener("click", reveal);
  element.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && reveal());
  return element;
}

/** The inline part of a text as a list of nodes. */
export function inline(text) {
  const nodes = [];
  let plain = "";
  let rest = text;
  let before = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(plain));
    plain = "";
  };
  while (rest) {
    const special = rest.search(SPECIAL);
    if (special !== 0) {
      const taken = special < 0 ? rest : rest.slice(0, special);
      plain += taken;
      before = taken.at(-1);
      rest = rest.slice(taken.length);
      continue;
    }
    const found = firstMatch(rest, before);
    if (!found) {
      const character = String.fromCodePoint(rest.codePointAt(0)); // never half of a pair
      plain += character;
      before = character;
      rest = rest.slice(character.length);
      continue;
    }
    flush();
    nodes.push(found.node);
    before = found.length ? rest[found.length - 1] : before;
    rest = rest.slice(found.length);
  }
  flush();
  return nodes;
}

function firstMatch(text, before) {
  if (text[0] === "_" && /\w/.test(before)) return null; // google_image_search is no italics
  for (const [pattern, make] of INLINE) {
    const match = pattern.exec(text);
    if (match) return { node: make(match), length: match[0].length };
  }
  return null;
}

// Blocks, by their first line.
const LINE_BLOCKS = [
  [/^### +(.+)$/, (text) => h("h5", {}, inline(text))],
  [/^## +(.+)$/, (text) => h("h4", {}, inline(text))],
  [/^# +(.+)$/, (text) => h("h3", {}, inline(text))],
  [/^-# +(.+)$/, (text) => h("div.subtext", {}, inline(text))],
];
const QUOTE = /^> ?(.*)$/;
const ITEM = /^( *)(?:[-*]|(\d+)\.) +(.+)$/;

/** A whole text with its blocks (headings, lists, quotes, code) as a list of nodes. */
export function markdown(text) {
  const nodes = [];
  const parts = text.split(/```(?:([\w+-]+)\n)?\n?([\s\S]+?)\n?```/);
  for (let index = 0; index < parts.length; index += 3) {
    if (parts[index]) nodes.push(...blocks(parts[index].replace(/^\n|\n$/g, "")));
    if (index + 2 < parts.length) nodes.push(h("pre", {}, h("code", {}, parts[index + 2])));
  }
  return nodes;
}

function blocks(text) {
  const lines = text.split("\n");
  const nodes = [];
  while (lines.length) {
    const block = lineBlock(lines[0]);
    if (block) {
      nodes.push(block);
      lines.shift();
    } else if (lines[0].startsWith(">>> ")) {
      nodes.push(h("blockquote", {}, blocks(lines.splice(0).join("\n").slice(4))));
    } else if (QUOTE.test(lines[0])) {
      nodes.push(h("blockquote", {}, blocks(takeWhile(lines, QUOTE).map((line) => QUOTE.exec(line)[1]).join("\n"))));
    } else if (ITEM.test(lines[0])) {
      nodes.push(list(takeWhile(lines, ITEM)));
    } else {
      nodes.push(paragraph(lines));
    }
  }
  return nodes;
}

function lineBlock(line) {
  for (const [pattern, make] of LINE_BLOCKS) {
    const match = pattern.exec(line);
    if (match) return make(match[1]);
  }
  return null;
}

function takeWhile(lines, pattern) {
  const taken = [];
  while (lines.length && pattern.test(lines[0])) taken.push(lines.shift());
  return taken;
}

function list(lines) {
  const items = lines.map((line) => ITEM.exec(line));
  const numbered = items[0][2] !== undefined;
  const start = numbered ? { start: items[0][2] } : {};
  const rows = items.map(([, indent, , text]) => h(indent.length > 1 ? "li.nested" : "li", {}, inline(text)));
  return h(numbered ? "ol" : "ul", start, rows);
}

function paragraph(lines) {
  const taken = [lines.shift()];
  while (lines.length && !lineBlock(lines[0]) && !QUOTE.test(lines[0]) && !ITEM.test(lines[0])) taken.push(lines.shift());
  return h("div.paragraph", {}, inline(taken.join("\n")));
}
