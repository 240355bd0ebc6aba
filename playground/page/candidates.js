// Whom and what one can name: rows for the suggestions list. `insert(text, record)` takes the choice.

import { avatar, nameOf } from "./avatar.js";
import { emojiOf } from "./emoji.js";
import { icon } from "./icons.js";
import { channel, isDm, state } from "./state.js";

const fits = (user, typed) => [nameOf(user), user.username].some((name) => name.toLowerCase().includes(typed.toLowerCase()));
const allUsers = () => [...state.members.values()].map((m) => m.user);
const rank = (user) => (user.bot ? 1 : 0);

function userItem(user, insert) {
  const detail = user.id === state.me.id ? "you" : user.bot ? "App" : user.username;
  return { id: user.id, lead: avatar(user), title: nameOf(user), detail, pick: () => insert(`@${nameOf(user)}`, user) };
}

/** Members to mention, the bot first. */
export function peopleItems(typed, insert) {
  const users = allUsers().filter((user) => fits(user, typed) && (typed || user.id !== state.me.id));
  return users.sort((a, b) => rank(b) - rank(a)).map((user) => userItem(user, insert));
}

/** Members to choose for an option of a command, people first. */
export function targetItems(typed, insert) {
  return allUsers().filter((user) => fits(user, typed)).sort((a, b) => rank(a) - rank(b)).map((user) => userItem(user, insert));
}

export function channelItems(typed, insert) {
  return [...state.channels.values()]
    .filter((entry) => !isDm(entry) && entry.name.toLowerCase().includes(typed.toLowerCase()))
    .map((entry) => ({ id: entry.id, lead: icon("hash"), title: entry.name, detail: channel(entry.parent_id)?.name, pick: () => insert(`#${entry.name}`, entry) }));
}

/** The server's own emoji. */
export function emojiItems(typed, insert) {
  return state.guild.emojis
    .filter((entry) => entry.name.toLowerCase().includes(typed.toLowerCase()))
    .map((entry) => ({ id: entry.id, lead: emojiOf(entry), title: `:${entry.name}:`, pick: () => insert(`:${entry.name}:`, entry) }));
}
