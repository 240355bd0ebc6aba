// Between what people type (@alice, #general, :shell:) and what Discord sends (<@1>, <#2>, <:shell:3>).

import { nameOf } from "./avatar.js";
import { isDm, state } from "./state.js";

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export function toWire(text) {
  const users = [...state.members.values()].map((m) => m.user);
  const known = new Map();
  for (const user of users) known.set(`@${user.username.toLowerCase()}`, `<@${user.id}>`);
  for (const user of users) known.set(`@${nameOf(user).toLowerCase()}`, `<@${user.id}>`);
  for (const entry of state.channels.values()) if (!isDm(entry)) known.set(`#${entry.name.toLowerCase()}`, `<#${entry.id}>`);
  for (const entry of state.guild.emojis) known.set(`:${entry.name.toLowerCase()}:`, `<:${entry.name}:${entry.id}>`);
  const longestFirst = [...known.keys()].sort((a, b) => b.length - a.length).map(escape);
  if (!longestFirst.length) return text;
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}<])(?:${longestFirst.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
  return text.replace(pattern, (name) => known.get(name.toLowerCase()));
}

export function toText(wire) {
  return wire
    .replace(/<@!?(\d+)>/g, (mark, id) => (state.users.has(id) ? `@${nameOf(state.users.get(id))}` : mark))
    .replace(/<a?(:\w+:)\d+>/g, "$1")
    .replace(/<#(\d+)>/g, (mark, id) => (state.channels.get(id)?.name ? `#${state.channels.get(id).name}` : mark));
}
