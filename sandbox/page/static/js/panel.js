// The "Sandbox" panel: the bot's process, the provider's balance, faults of both sides.

import { panel as send } from "./api.js";
import { byTestId, fill, h } from "./dom.js";
import { toast } from "./interact.js";
import { on, state } from "./store.js";

export function startPanel() {
  const act = (action, values) => send(action, values).catch((error) => void toast(error.message, "bad"));
  wireBot(act);
  wireFaults(act);
  on("panel", () => state.panel && show(state.panel, act));
}

function wireBot(act) {
  for (const action of ["kill", "start", "stop"]) byTestId(`bot-${action}`).addEventListener("click", () => act(`bot-${action}`));
}

function wireFaults(act) {
  byTestId("add-fault").addEventListener("click", () => {
    const menu = byTestId("fault");
    const times = Number(byTestId("fault-times").value);
    const option = menu.selectedOptions[0];
    act("fault", { fault: menu.value, times }).then((done) => done && toast(`${option.parentElement.label}: ${option.label}`));
  });
}

function show({ bot, provider, discord, faults }, act) {
  showBot(bot);
  showMoney(provider);
  showKnobs(byTestId("provider-knobs"), provider.knobs, act);
  showFaults(faults);
  showDiscord(discord, act);
}

function showBot(bot) {
  const online = bot.online ? "online" : bot.alive ? "starting" : "off";
  const words = { online: "Online", starting: "Process runs, not connected yet", off: "Not running" };
  byTestId("bot-state").dataset.state = online;
  byTestId("bot-state").textContent = words[online];
  const ran = [bot.pid ? `pid ${bot.pid}` : null, bot.starts ? `start no. ${bot.starts}` : null, bot.alive ? null : bot.state];
  const warning = byTestId("bot-offline");
  warning.hidden = bot.online;
  warning.textContent = bot.alive || !bot.managed ? "The bot is not connected yet." : "The bot is not running. Start it in the Sandbox panel.";
  byTestId("bot-detail").textContent = ran.filter(Boolean).join(" · ");
  byTestId("bot-kill").disabled = byTestId("bot-stop").disabled = !bot.alive;
  byTestId("bot-start").disabled = bot.alive;
  for (const button of ["bot-kill", "bot-stop", "bot-start"]) byTestId(button).hidden = !bot.managed;
  const log = byTestId("bot-log");
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  const text = bot.log.join("\n") || "(no output yet)";
  if (log.textContent !== text) log.textContent = text;
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function showMoney(provider) {
  const figures = [
    ["balance", provider.unlimited ? "unlimited" : provider.balance],
    ["POSTs", provider.posts],
    ["charged", provider.charged],
    ["refunded", provider.refunded],
  ];
  fill(byTestId("figures"), figures.map(([name, value]) => h("div.figure", {}, h("b", { testid: `figure-${name.toLowerCase()}` }, String(value)), h("span", {}, name))));
  const rows = provider.recent.map((post) => h("li", {}, h("span.status", { "data-good": post.good }, String(post.status)), ` ${post.text}`));
  fill(byTestId("posts"), rows.length ? rows : h("li.muted", {}, "No request yet."));
}

/** Controls are made once and afterwards only brought up to date, so that a field never changes under the fingers. */
function showKnobs(place, knobs, act) {
  if (place.children.length !== knobs.length) fill(place, knobs.map((knob) => knobRow(knob, act)));
  for (const knob of knobs) {
    const control = byTestId(`knob-${knob.name}`);
    if (document.activeElement === control) continue;
    if (knob.kind === "flag") control.checked = knob.value;
    else control.value = knob.value;
  }
}

function knobRow(knob, act) {
  const change = (event) => act("knob", { name: knob.name, value: knob.kind === "flag" ? event.target.checked : event.target.value });
  const id = `knob-${knob.name}`;
  const common = { id, testid: id, onchange: change };
  const controls = {
    flag: () => h("input", { ...common, type: "checkbox" }),
    number: () => h("input", { ...common, type: "number", step: "any", min: 0 }),
    choice: () => h("select", common, knob.choices.map((choice) => h("option", { value: choice }, choice))),
  };
  return h("div.knob", { title: knob.help }, h("label", { for: id }, knob.label), controls[knob.kind]());
}

function showFaults({ groups, seed, happened, latest }) {
  const by = seed === null ? "so far" : `at random, from seed ${seed}`;
  byTestId("weather").textContent = seed === null && !happened ? "" : `${happened} ${by}${latest ? `; the last: ${latest}` : ""}`;
  const select = byTestId("fault");
  if (select.children.length) return;
  const options = (choices) => choices.map((choice) => h("option", { value: choice.name }, choice.label));
  fill(select, groups.map(({ label, choices }) => h("optgroup", { label }, options(choices))));
}

function showDiscord(discord, act) {
  const place = byTestId("discord-actions");
  if (!place.children.length) {
    const rows = discord.actions.map((action) =>
      h("button.button.secondary.small", { type: "button", title: action.help, testid: `discord-${action.name}`, onclick: () => act("discord", { name: action.name }) }, action.label),
    );
    fill(place, rows);
  }
  byTestId("discord-requests").textContent = `${discord.requests} requests from the bot, ${discord.violations.length} against Discord's API description`;
  byTestId("discord-requests").classList.toggle("bad", discord.violations.length > 0);
  fill(byTestId("violations"), discord.violations.map((text) => h("li", {}, text)));
}
