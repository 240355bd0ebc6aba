// Whom and what one can name: rows for the suggestions list. `insert(text, record)` takes the choice.

import { avatar, nameOf } from "./avatar.js";
import { icon } from "./icons.js";
import { channel, isDm, state } from "./state.js";

/** Members matching what is typed after @, the bot first. */
export function peopleItems(typed, insert) {
  const wanted = typed.toLowerCase();
  return [...state.members.values()]
    .map((m) => m.user)
    .filter((user) => user.id !== state.me.id || wanted)
    .filter((user) => [nameOf(user), user.username].some((name) => name.toLowerCase().includes(wanted)))
    .sort((a, b) => Number(Boolean(b.bot)) - Number(Boolean(a.bot)))
    .map((user) => ({ id: user.id, lead: avatar(user), title: nameOf(user), detail: user.bot ? "App" : user.username, pick: () => insert(`@${nameOf(user)}`, user) }));
}

export function channelItems(typed, insert) {
  return [...state.channels.values()]
    .filter((entry) => !isDm(entry) && entry.name.toLowerCase().includes(typed.toLowerCase()))
    .map((entry) => ({ id: entry.id, lead: icon("hash"), title: entry.name, detail: channel(entry.parent_id)?.name, pick: () => insert(`#${entry.name}`, entry) }));
}
