// Discord's <t:UNIX:STYLE> timestamps. The relative style counts down by itself, as in Discord's clients.

import { state } from "./store.js";

const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

/** 1700000012 seen 12 s before -> "in 12 seconds". */
export function relative(unix, nowMs = Date.now()) {
  const format = new Intl.RelativeTimeFormat(state.locale, { numeric: "always" });
  const seconds = Math.round(unix - nowMs / 1000);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length || unit === "second") return format.format(Math.trunc(seconds / length), unit);
  }
}

/** Days before months and 24 hours for English too, as most of its readers write them. */
const clockLocale = () => (state.locale === "en-US" ? "en-GB" : state.locale);

export function absolute(unix, style) {
  return new Date(unix * 1000).toLocaleString(clockLocale(), STYLES[style] ?? STYLES.f);
}

/** A <time> element; the relative ones are kept up to date by tick(). */
export function timeElement(unix, style = "f") {
  const element = document.createElement("time");
  element.dateTime = new Date(unix * 1000).toISOString();
  element.title = absolute(unix, "F");
  element.className = "timestamp";
  if (style === "R") element.dataset.relative = unix;
  element.textContent = style === "R" ? relative(unix) : absolute(unix, style);
  return element;
}

function tick() {
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Number(element.dataset.relative));
    if (element.textContent !== text) element.textContent = text;
  }
}

export const startClock = () => setInterval(tick, 1000);

/** The time beside an author's name: today's as a time, older ones with the date. */
export function stamp(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(clockLocale(), today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" });
}
