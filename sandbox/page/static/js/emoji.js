// Emoji that bots like to use, drawn here: as in Discord's clients they are pictures, and a machine need not have a
// font for them. Any other emoji is left to the fonts.

const NAMESPACE = "http://www.w3.org/2000/svg";
const RED = "#e0484d";
const AMBER = "#f0b232";
const GREEN = "#3ba55c";
const BLUE = "#5b8def";

const filled = (d, fill) => ({ d, fill });
const line = (d, stroke, width = 3) => ({ d, fill: "none", stroke, "stroke-width": width, "stroke-linecap": "round" });
const disc = (x, y, r, fill) => filled(`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`, fill);

// Shapes on a field of 24 x 24.
const DRAWN = {
  "⏳": [filled("M5 2h14v3l-5 7 5 7v3H5v-3l5-7-5-7z", "#8fa3bf"), filled("M8 6h8l-4 6zM12 14l4 5H8z", AMBER)],
  "✏": [filled("M4 20l1.5-6L16 3.5l4.5 4.5L10 18.5z", AMBER), filled("M4 20l1.5-6 4.5 4.5z", "#e8d3b0"), disc(5, 19, 1.3, "#444")],
  "🎨": [disc(12, 12, 10, "#c78f5f"), disc(8, 8, 2, RED), disc(15, 7, 2, AMBER), disc(18, 12.5, 2, GREEN), disc(7, 14, 2, BLUE), disc(14, 17, 2.6, "#222329")],
  "⏸": [filled("M5 2h14a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3z", BLUE), line("M9 8v8M15 8v8", "#fff")],
  "❌": [line("M5 5l14 14M19 5L5 19", RED, 4)],
  "✅": [filled("M5 2h14a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3z", GREEN), line("M7 12.5l3.5 3.5L17 8.5", "#fff")],
  "❓": [line("M8 8a4 4 0 1 1 6 3.5c-1.5 1-2 1.8-2 3.5", RED), disc(12, 20, 2, RED)],
  "🚫": [line("M12 3a9 9 0 1 0 .01 0zM6 6l12 12", RED)],
  "⚠": [filled("M12 2.5l10.5 19h-21z", AMBER), line("M12 9v6", "#222", 2.4), disc(12, 18.5, 1.4, "#222")],
};

/** Matches one drawn emoji at the start of a text, with the mark that asks for its coloured form. */
export const EMOJI = new RegExp(`^(${Object.keys(DRAWN).join("|")})\\uFE0F?`, "u");

/** The drawing of an emoji, or the text itself where there is none. */
export function emojiNode(text) {
  const shapes = DRAWN[text.replace("\uFE0F", "")];
  if (!shapes) return document.createTextNode(text);
  const drawing = document.createElementNS(NAMESPACE, "svg");
  const about = { viewBox: "0 0 24 24", class: "emoji", role: "img", "aria-label": text };
  for (const [name, value] of Object.entries(about)) drawing.setAttribute(name, value);
  for (const shape of shapes) {
    const path = document.createElementNS(NAMESPACE, "path");
    for (const [name, value] of Object.entries(shape)) path.setAttribute(name, value);
    drawing.append(path);
  }
  return drawing;
}

/** The emoji of a button or choice: a custom one by its name. */
export const partialEmoji = (emoji) => (emoji.id ? document.createTextNode(`:${emoji.name}:`) : emojiNode(emoji.name));
