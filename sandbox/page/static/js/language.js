// The language of the member's client: what commands, options and choices are called in it, as Discord's client shows them.

import { state } from "./store.js";

export const LANGUAGES = { "en-US": "English", "es-ES": "Español", de: "Deutsch", ja: "日本語" };
const KEPT = "sandbox-language";

export function recallLanguage() {
  const kept = localStorage.getItem(KEPT);
  if (kept in LANGUAGES) setLanguage(kept);
}

export function setLanguage(locale) {
  state.locale = locale;
  localStorage.setItem(KEPT, locale);
}

/** A command, option or choice with what the member reads in its place: `shown` for the name, and its description. */
export function localised(thing, locale = state.locale) {
  const copy = { ...thing, shown: thing.name_localizations?.[locale] ?? thing.name };
  if (thing.description_localizations?.[locale]) copy.description = thing.description_localizations[locale];
  for (const key of ["options", "choices"]) if (thing[key]) copy[key] = thing[key].map((child) => localised(child, locale));
  return copy;
}

/** What a command, option or choice is called for this member. */
export const shownName = (thing) => thing.shown ?? thing.name;
