// The page's frame: who is looking, which channel, and the parts that fill it.

import { connect, loadCommands } from "./api.js";
import { avatar } from "./avatar.js";
import { refreshPlaceholder, startComposer } from "./composer.js";
import { byTestId, fill, h } from "./dom.js";
import { LANGUAGES, recallLanguage, setLanguage } from "./language.js";
import { showChannel, startLog } from "./log.js";
import { startLightbox } from "./media.js";
import { toast } from "./interact.js";
import { startPanel } from "./panel.js";
import { closePopover } from "./popover.js";
import { channel, channelById, me, on, signOf, state } from "./store.js";
import { startClock } from "./timestamps.js";

const KEPT = "sandbox-page";

function recall() {
  try {
    Object.assign(state, JSON.parse(sessionStorage.getItem(KEPT) ?? "{}"));
  } catch {
    sessionStorage.removeItem(KEPT); // written by another version of this page
  }
}

function remember() {
  sessionStorage.setItem(KEPT, JSON.stringify({ me: state.me, channel: state.channel }));
}

function switchMember(key) {
  state.me = key;
  state.unread = {};
  remember();
  connect();
}

function switchChannel(key) {
  state.channel = key;
  remember();
  closePopover();
  document.body.classList.remove("show-nav");
  loadCommands();
  showAll();
  byTestId("composer").focus({ preventScroll: true });
}

function showAll() {
  if (!channel()) state.channel = state.channels[0]?.key;
  showChannel();
  showNav();
  refreshPlaceholder();
}

function showNav() {
  const here = channel();
  fill(byTestId("channels"), SECTIONS.map(([title, belongs]) => section(title, state.channels.filter(belongs))));
  fill(byTestId("members"), state.members.map(memberRow));
  byTestId("channel-name").textContent = here?.name ?? "";
  byTestId("channel-sign").textContent = signOf(here);
  byTestId("channel-topic").textContent = here?.topic ?? "";
  document.title = `${signOf(here)} ${here?.name ?? ""} · Imagine sandbox`;
  byTestId("who").textContent = `You are ${me()?.name ?? ""}`;
  fill(byTestId("who-avatar"), avatar(me()?.id, 24));
}

const direct = ({ kind }) => kind === "dm" || kind === "group";
const SECTIONS = [
  ["Channels", ({ home }) => home],
  ["Another server", (candidate) => !candidate.home && !direct(candidate)],
  ["Direct messages", direct],
];

function section(title, channels) {
  return channels.length ? [h("li.nav-title", {}, title), channels.map(channelRow)] : null;
}

function channelRow(candidate) {
  const unread = state.unread[candidate.key];
  const row = h(`button.channel.${candidate.kind}`, { type: "button", testid: `channel-${candidate.key}`, "aria-current": candidate.key === state.channel ? "page" : null }, [
    h("span.sign", { "aria-hidden": true }, signOf(candidate)),
    h("span", {}, candidate.name),
    candidate.nsfw ? h("span.age", { title: "age-restricted" }, "18+") : null,
    unread ? h("span.unread", { "aria-label": `${unread} new` }, unread) : null,
  ]);
  row.addEventListener("click", () => switchChannel(candidate.key));
  // A forum cannot be opened, only its posts: it stands above them.
  const forum = candidate.forum ? h("div.channel.forum", {}, h("span.sign", { "aria-hidden": true }, "▤"), h("span", {}, candidate.forum)) : null;
  return h("li", {}, forum, row);
}

function memberRow(member) {
  const row = h("button.member", { type: "button", role: "radio", "aria-checked": member.key === state.me, testid: `member-${member.key}` }, [
    avatar(member.id, 32),
    h("span", {}, h("b", {}, member.name), h("small", {}, member.role)),
  ]);
  row.addEventListener("click", () => switchMember(member.key));
  return h("li", {}, row);
}

function startLanguage() {
  const control = byTestId("locale");
  fill(control, Object.entries(LANGUAGES).map(([locale, name]) => h("option", { value: locale, lang: locale }, name)));
  control.value = state.locale;
  control.addEventListener("change", () => {
    setLanguage(control.value);
    loadCommands();
    showChannel();
  });
}

function showConnection() {
  byTestId("offline").hidden = state.connected;
}

function startFrame() {
  const toggle = (name) => () => document.body.classList.toggle(name);
  byTestId("open-nav").addEventListener("click", toggle("show-nav"));
  byTestId("open-panel").addEventListener("click", toggle("show-panel"));
  byTestId("close-panel").addEventListener("click", toggle("show-panel"));
  byTestId("shade").addEventListener("click", () => document.body.classList.remove("show-nav", "show-panel"));
  document.addEventListener("keydown", typeAnywhere);
  document.addEventListener("click", followJump);
}

const JUMP = /^https:\/\/(?:\w+\.)?discord(?:app)?\.com\/channels\/(?:@me|\d+)\/(\d+)(?:\/(\d+))?$/;

/** A link to a message of Discord leads to that message here, and never to the real Discord. */
function followJump(event) {
  const [, channelId, messageId] = JUMP.exec(event.target.closest?.("a")?.href ?? "") ?? [];
  if (!channelId) return;
  event.preventDefault();
  const there = channelById(channelId);
  if (there && there.key !== state.channel) switchChannel(there.key);
  if (there && !messageId) return;
  const message = there && document.getElementById(`message-${messageId}`);
  if (!message) return toast("That message is not to be seen here.", "bad");
  message.scrollIntoView({ block: "center" });
  message.classList.remove("changed");
  requestAnimationFrame(() => message.classList.add("changed"));
}

/** A "/" pressed outside a field begins a command. */
function typeAnywhere(event) {
  const elsewhere = event.target === document.body || event.target.closest?.("[data-testid=scroller]");
  if (event.key !== "/" || !elsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
  byTestId("composer").focus();
}

recall();
recallLanguage();
startFrame();
startLanguage();
startLog();
startComposer();
startPanel();
startLightbox();
startClock();
on("hello", showAll);
on("messages", showNav);
on("connection", showConnection);
connect();
byTestId("composer").focus({ preventScroll: true });
