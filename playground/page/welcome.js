// The top of a channel: what this place is, and for a newcomer what to try.

import { h } from "./dom.js";
import { avatar, nameOf } from "./avatar.js";
import { withEmoji } from "./emoji.js";
import { icon } from "./icons.js";
import { bots, isDm, isThread, may, state } from "./state.js";

let fill = () => {};

/** `suggest(text)` puts text into the composer; `pick(command)` opens the slash picker. */
export function setSuggest(suggest) {
  fill = suggest;
}

export function welcome(entry, isEmpty) {
  if (isDm(entry)) return dmWelcome(entry, isEmpty);
  const title = isThread(entry) ? entry.name : `Welcome to #${entry.name}`;
  const about = isThread(entry)
    ? "A thread: what is said here stays out of the channel. The bot listens once it has been mentioned."
    : `This is the beginning of #${entry.name} in ${state.guild.name}, a small Discord on your own machine. Nothing leaves it.`;
  return [h("div.welcome-icon", {}, icon(isThread(entry) ? "thread" : "hash")), h("h1", {}, title), h("p", {}, about), isEmpty && may("send", entry.id) && hints()].filter(Boolean);
}

function dmWelcome(entry, isEmpty) {
  const other = entry.recipients[0];
  const about = other.bot ? "No mention needed here: every message is for the bot." : `The beginning of your direct messages with ${nameOf(other)}.`;
  return [h("div.welcome-icon", {}, avatar(other)), h("h1", {}, nameOf(other)), h("p", {}, about), isEmpty && other.bot && h("div.hints", {}, hint("Say hello", "Hello! What can you do?", "Hello! What can you do?"))].filter(Boolean);
}

function hints() {
  const bot = bots()[0];
  if (!bot) return null;
  const name = nameOf(bot);
  const question = "what do bowerbirds collect?";
  return h(
    "div.hints",
    { data: { testid: "hints" } },
    h("p.hints-title", {}, `New here? Some things to try with ${name}:`),
    hint("Ask something", `@${name} ${question}`, `@${name} ${question}`),
    hint("Look around", "/my status", "/my status"),
    h("p.hints-more", {}, withEmoji("Then react to a reply with 👍 or 👎, or ask again with 🔄. Switch person at the bottom left to see how each gets a bot of their own.")),
  );
}

function hint(title, shown, text) {
  return h("button.hint", { type: "button", data: { testid: "hint" }, onclick: () => fill(text) }, h("strong", {}, title), h("span", {}, shown));
}
