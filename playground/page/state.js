// What the chosen person sees, kept current by events. Contract: the only place that holds data; views
// read it and listen to its topics. Topics: "ready", "channels", "open", "messages" (a channel's list was
// replaced), "message" ({change, message}), "typing", "reply" (what the composer answers to).

import { compareIds } from "./dom.js";

const TYPING_MS = 10_000;
const STREAM_PAUSE_MS = 3_000; // a bot's message edited this recently is still being written

const topics = new EventTarget();
export const on = (topic, listener) => topics.addEventListener(topic, (event) => listener(event.detail));
export const emit = (topic, detail) => topics.dispatchEvent(new CustomEvent(topic, { detail }));

export const state = {
  me: null,
  people: [],
  guild: null,
  users: new Map(),
  members: new Map(),
  roles: new Map(),
  channels: new Map(),
  commands: new Map(), // mention of a command → its name in my language
  messages: new Map(), // channel id → {list: oldest first, hasOlder, isLoaded}
  reads: new Map(), // channel id → id of the last message read
  pings: new Map(), // channel id → unread messages that notify me
  newFrom: new Map(), // channel id → first unread message when it was opened
  typing: new Map(), // channel id → Map(user id → until)
  streaming: new Map(), // message id → timer
  openId: null,
  replyTo: null,
};

export function load(ready) {
  for (const name of ["users", "members", "roles", "channels", "commands", "messages", "reads", "pings", "newFrom", "typing"]) state[name].clear();
  state.me = ready.me;
  state.people = ready.people;
  state.guild = ready.guild;
  state.replyTo = null;
  for (const person of [...ready.people, ready.me]) state.users.set(person.id, person);
  for (const member of ready.guild.members) {
    state.members.set(member.user.id, member);
    state.users.set(member.user.id, member.user);
  }
  for (const role of ready.guild.roles) state.roles.set(role.id, role);
  for (const channel of ready.channels) addChannel(channel);
  for (const [id, last] of Object.entries(ready.reads)) state.reads.set(id, last);
  for (const [id, count] of Object.entries(ready.pings)) state.pings.set(id, count);
  emit("ready");
}

export const bots = () => [...state.members.values()].map((m) => m.user).filter((user) => user.bot);
export const channel = (id) => state.channels.get(id);
export const openChannel = () => state.channels.get(state.openId);
export const may = (verb, id = state.openId) => Boolean(state.channels.get(id)?.may.includes(verb));
export const isDm = (entry) => entry.type === 1;
export const isThread = (entry) => entry.type === 11 || entry.type === 12;
export const messagesOf = (id) => state.messages.get(id)?.list || [];
export const findMessage = (channelId, id) => messagesOf(channelId).find((m) => m.id === id);
export const isMine = (message) => message.author.id === state.me.id;
export const isStreaming = (message) => state.streaming.has(message.id);

export function isUnread(entry) {
  if (!entry.last_message_id || entry.id === state.openId) return false;
  const read = state.reads.get(entry.id);
  return !read || compareIds(entry.last_message_id, read) > 0;
}

function addChannel(entry) {
  const known = state.channels.get(entry.id);
  state.channels.set(entry.id, { may: [], ...known, ...entry });
  for (const user of entry.recipients || []) if (!state.users.has(user.id)) state.users.set(user.id, user);
}

export function putMessages(channelId, older, hasOlder) {
  const kept = state.messages.get(channelId)?.list || [];
  const ids = new Set(older.map((m) => m.id));
  const list = [...older, ...kept.filter((m) => !ids.has(m.id))].sort((a, b) => compareIds(a.id, b.id));
  state.messages.set(channelId, { list, hasOlder, isLoaded: true });
  for (const message of older) learn(message);
  emit("messages", { channelId });
}

/** An event as Discord's gateway words it. Returns false for a channel nobody told us about. */
export function apply(name, data) {
  const channelId = name.startsWith("MESSAGE") || name === "TYPING_START" ? data.channel_id : null;
  if (channelId && !state.channels.has(channelId)) return false;
  reducers[name]?.(data);
  return true;
}

const reducers = {
  MESSAGE_CREATE(message) {
    learn(message);
    const entry = state.channels.get(message.channel_id);
    if (!(message.flags & 64)) entry.last_message_id = message.id;
    const typing = state.typing.get(entry.id);
    if (typing?.delete(message.author.id)) emit("typing", { channelId: entry.id });
    if (isMine(message)) state.reads.set(entry.id, message.id);
    else if (message.pinged && entry.id !== state.openId) state.pings.set(entry.id, (state.pings.get(entry.id) || 0) + 1);
    const known = state.messages.get(entry.id);
    if (known && !findMessage(entry.id, message.id)) {
      known.list.push(message);
      emit("message", { change: "add", message });
    }
    emit("channels");
  },
  MESSAGE_UPDATE(update) {
    const old = findMessage(update.channel_id, update.id);
    if (!old) return;
    learn(update);
    const isBusy = old.author.bot && !(update.flags & 128) && old.content !== update.content;
    replace(old, { ...old, ...update, reactions: old.reactions });
    if (isBusy) noteStreaming(update.channel_id, update.id);
    emit("message", { change: "update", message: findMessage(update.channel_id, update.id) });
  },
  MESSAGE_DELETE({ channel_id, id }) {
    const known = state.messages.get(channel_id);
    const old = known && findMessage(channel_id, id);
    if (!old) return;
    known.list.splice(known.list.indexOf(old), 1);
    if (state.replyTo?.id === id) setReply(null);
    emit("message", { change: "remove", message: old });
  },
  MESSAGE_DELETE_BULK({ channel_id, ids }) {
    for (const id of ids) reducers.MESSAGE_DELETE({ channel_id, id });
  },
  MESSAGE_REACTION_ADD: (data) => react(data, (list) => {
    let entry = list.find((r) => sameEmoji(r.emoji, data.emoji));
    if (!entry) list.push((entry = { emoji: data.emoji, count: 0, count_details: { burst: 0, normal: 0 }, me: false, me_burst: false }));
    count(entry, data, 1);
    return list;
  }),
  MESSAGE_REACTION_REMOVE: (data) => react(data, (list) => {
    const entry = list.find((r) => sameEmoji(r.emoji, data.emoji));
    if (!entry) return list;
    count(entry, data, -1);
    return list.filter((r) => r.count > 0);
  }),
  MESSAGE_REACTION_REMOVE_ALL: (data) => react(data, () => []),
  MESSAGE_REACTION_REMOVE_EMOJI: (data) => react(data, (list) => list.filter((r) => !sameEmoji(r.emoji, data.emoji))),
  TYPING_START({ channel_id, user_id }) {
    if (user_id === state.me.id) return;
    const typing = state.typing.get(channel_id) || new Map();
    state.typing.set(channel_id, typing);
    typing.set(user_id, Date.now() + TYPING_MS);
    emit("typing", { channelId: channel_id });
    setTimeout(() => {
      if ((typing.get(user_id) || 0) > Date.now() + 50) return;
      typing.delete(user_id);
      emit("typing", { channelId: channel_id });
    }, TYPING_MS);
  },
  GUILD_EMOJIS_UPDATE({ emojis }) {
    state.guild.emojis = emojis;
  },
  CHANNEL_CREATE: putChannel,
  CHANNEL_UPDATE: putChannel,
  THREAD_CREATE: putChannel,
  THREAD_UPDATE: putChannel,
  CHANNEL_DELETE: dropChannel,
  THREAD_DELETE: dropChannel,
};

export function putChannel(entry) {
  addChannel(entry);
  emit("channels");
}

function dropChannel({ id }) {
  state.channels.delete(id);
  emit("channels");
}

function react({ channel_id, message_id }, change) {
  const old = findMessage(channel_id, message_id);
  if (!old) return;
  const copy = (old.reactions || []).map((r) => ({ ...r }));
  const message = { ...old, reactions: change(copy) };
  replace(old, message);
  emit("message", { change: "update", message });
}

// A super reaction ("burst") is counted apart from a normal one of the same emoji.
function count(entry, { burst, user_id }, step) {
  const kind = burst ? "burst" : "normal";
  entry.count += step;
  entry.count_details = { ...entry.count_details, [kind]: entry.count_details[kind] + step };
  if (user_id === state.me.id) entry[burst ? "me_burst" : "me"] = step > 0;
}

export const sameEmoji = (a, b) => (a.id || b.id ? a.id === b.id : a.name.replace("\uFE0F", "") === b.name.replace("\uFE0F", ""));

function replace(old, message) {
  const { list } = state.messages.get(old.channel_id);
  list[list.indexOf(old)] = message;
}

function learn(message) {
  if (!state.users.has(message.author.id)) state.users.set(message.author.id, message.author);
  for (const user of message.mentions || []) if (!state.users.has(user.id)) state.users.set(user.id, user);
  for (const [mention, shown] of Object.entries(message.commands || {})) state.commands.set(mention, shown);
}

function noteStreaming(channelId, id) {
  clearTimeout(state.streaming.get(id));
  state.streaming.set(id, setTimeout(() => {
    state.streaming.delete(id);
    const message = findMessage(channelId, id);
    if (message) emit("message", { change: "update", message });
  }, STREAM_PAUSE_MS));
}

export function setReply(message) {
  state.replyTo = message;
  emit("reply");
}
