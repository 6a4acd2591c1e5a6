// Nobody in the sandbox has a picture of their own: a coloured disc with an initial tells people apart.

import { h } from "./dom.js";
import { state } from "./store.js";

const COLOURS = ["#3d8bfd", "#c2569b", "#d9822b", "#2f9e77", "#8e63ce", "#b8504b"];

/** A disc for the user with this id; hidden from assistive technology, because the name always stands beside it. */
export function avatar(id, size = 40) {
  const user = state.users[id];
  const disc = h("span.disc", { "aria-hidden": true }, (user?.name ?? "?")[0].toUpperCase());
  disc.style.setProperty("--size", `${size}px`);
  disc.style.background = user?.bot ? "var(--brand)" : COLOURS[Number(BigInt(id ?? 0) % BigInt(COLOURS.length))];
  return disc;
}
