// What the chosen person does. Contract: every refusal becomes a toast here, so views just call and
// forget; those who need to know whether it worked get true or a value back.

import { compareIds } from "./dom.js";
import { Line } from "./socket.js";
import { apply, emit, isMine, load, messagesOf, putChannel, putMessages, sameEmoji, state } from "./state.js";
import { toast } from "./toast.js";

const PAGE = 50;
const REMEMBERED = "bowerbird-playground-person";
const waitingFor = new Map(); // channel id → its description on the way, and the events held for it

export const line = new Line({
  onready: (ready) => {
    load(ready);
    const wanted = state.channels.has(state.openId) ? state.openId : firstChannel();
    state.openId = null;
    if (wanted) open(wanted);
  },
  onevent: hear,
  onstate: (isUp) => emit("connection", isUp),
});

export function become(name) {
  sessionStorage.setItem(REMEMBERED, name);
  line.connect(name);
}

export const whoLastTime = () => sessionStorage.getItem(REMEMBERED) || "alice";

function firstChannel() {
  const texts = [...state.channels.values()].filter((c) => c.type === 0);
  return texts.sort((a, b) => a.position - b.position)[0]?.id;
}

function hear(name, data) {
  if (name.startsWith("INTERACTION")) emit("interaction", { name, data });
  else if (apply(name, data)) {
    if (name === "MESSAGE_CREATE" && data.channel_id === state.openId && document.hasFocus()) markRead(state.openId);
  } else hold(name, data);
}

// A first direct message or a new thread: its channel is asked for, what happened there waits.
function hold(name, data) {
  const id = data.channel_id;
  if (waitingFor.has(id)) {
    waitingFor.get(id).push([name, data]);
    return;
  }
  waitingFor.set(id, [[name, data]]);
  line.ask("channel", { channel: id }).then(putChannel, () => {}).finally(() => {
    const held = waitingFor.get(id);
    waitingFor.delete(id);
    for (const [heldName, heldData] of held) apply(heldName, heldData);
  });
}

/** Asks; a refusal is shown and gives undefined. */
export async function act(verb, details) {
  try {
    return await line.ask(verb, details);
  } catch (refusal) {
    toast(refusal.message, { kind: "error" });
    return undefined;
  }
}

export async function open(channelId, { quiet = false } = {}) {
  if (!state.channels.has(channelId)) return;
  const read = state.reads.get(channelId);
  const isChanged = state.openId !== channelId;
  if (isChanged) {
    const firstNew = messagesOf(channelId).find((m) => read && compareIds(m.id, read) > 0 && !isMine(m));
    if (firstNew) state.newFrom.set(channelId, firstNew.id);
    else state.newFrom.delete(channelId);
  }
  state.openId = channelId;
  state.replyTo = null;
  emit("open", { quiet });
  if (!state.messages.get(channelId)?.isLoaded) {
    const list = await act("messages", { channel: channelId, limit: PAGE });
    if (!list) return;
    const firstNew = list.find((m) => read && compareIds(m.id, read) > 0 && m.author.id !== state.me.id);
    if (firstNew) state.newFrom.set(channelId, firstNew.id);
    putMessages(channelId, list, list.length === PAGE);
  }
  markRead(channelId);
}

export async function loadOlder(channelId) {
  const known = state.messages.get(channelId);
  if (!known?.hasOlder || known.isLoading) return;
  known.isLoading = true;
  const list = await act("messages", { channel: channelId, limit: PAGE, before: known.list[0].id });
  known.isLoading = false;
  if (list) putMessages(channelId, list, list.length === PAGE);
}

export function markRead(channelId) {
  const last = messagesOf(channelId).findLast((m) => !(m.flags & 64));
  state.pings.delete(channelId);
  if (last && state.reads.get(channelId) !== last.id) {
    state.reads.set(channelId, last.id);
    line.ask("read", { channel: channelId, message: last.id }).catch(() => {}); // a dropped line asks anew
  }
  emit("channels");
}

export async function openDm(userId) {
  const entry = await act("dm", { user: userId });
  if (!entry) return;
  putChannel(entry);
  await open(entry.id);
}

export async function openThread(message, name) {
  const entry = await act("thread", { message: message.id, channel: message.channel_id, name });
  if (!entry) return false;
  putChannel(entry);
  await open(entry.id);
  return true;
}

/** Takes one's reaction back where there is one; else adds it, `isSuper` as a super reaction. */
export function toggleReaction(message, emoji, { isSuper = false } = {}) {
  const own = (message.reactions || []).find((r) => sameEmoji(r.emoji, emoji));
  const hasOne = isSuper ? own?.me_burst : own?.me || own?.me_burst;
  const text = emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
  const kind = hasOne ? own.me_burst && (isSuper || !own.me) : isSuper;
  return act(hasOne ? "unreact" : "react", { channel: message.channel_id, message: message.id, emoji: text, super: kind });
}

/** An ephemeral message is only ours to put away; nobody else has it. */
export function dismiss(message) {
  apply("MESSAGE_DELETE", { channel_id: message.channel_id, id: message.id });
  line.ask("dismiss", { channel: message.channel_id, message: message.id }).catch(() => {});
}
