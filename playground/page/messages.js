// The open channel's messages. Contract: keeps one element per message in order; follows new messages only
// while the reader is at the bottom; loads older ones at the top without moving what is being read.

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { loadOlder, markRead } from "./actions.js";
import { welcome } from "./welcome.js";
import { createMessage, updateMessage } from "./message.js";
import { messageKeys } from "./message_keys.js";
import { findMessage, messagesOf, on, openChannel, state } from "./state.js";
import { formatTime, isSameDay } from "./time.js";

const GROUP_MS = 7 * 60_000;
const NEAR_PX = 80;

export function mountMessages(actions) {
  const scroller = byId("scroller");
  const list = byId("messages");
  const jump = byId("jump");
  let isFollowing = true;
  let shownId = null;
  let endTop = 0; // where the end was, for noticing a scroll before its event comes

  const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const toBottom = () => {
    scroller.scrollTop = scroller.scrollHeight;
    endTop = scroller.scrollTop;
    isFollowing = true;
    jump.hidden = true;
  };
  const follow = () => {
    if (scroller.scrollTop < endTop - NEAR_PX && distance() >= NEAR_PX) isFollowing = false;
    if (isFollowing) toBottom();
  };

  function render() {
    const entry = openChannel();
    if (!entry) return;
    const isOther = shownId !== state.openId;
    shownId = state.openId;
    const fromBottom = distance();
    const kept = new Map([...list.children].filter((e) => e.dataset.messageId).map((e) => [e.dataset.messageId, e]));
    const rows = [];
    let before = null;
    for (const message of messagesOf(state.openId)) {
      const divider = dividerBetween(before, message);
      if (divider) rows.push(divider);
      const grouped = !divider && isGrouped(before, message);
      const element = kept.get(message.id);
      if (element) updateMessage(element, message, grouped);
      rows.push(element || createMessage(message, grouped, actions));
      before = message;
    }
    const known = state.messages.get(state.openId);
    byId("loading").hidden = Boolean(known?.isLoaded);
    byId("welcome").replaceChildren(...(known?.isLoaded && !known.hasOlder ? welcome(entry, !before) : []));
    list.replaceChildren(...rows);
    if (isOther) toBottom();
    else if (isFollowing) toBottom();
    else scroller.scrollTop = scroller.scrollHeight - scroller.clientHeight - fromBottom;
  }

  function change({ change: kind, message }) {
    if (message.channel_id !== state.openId) return;
    const index = messagesOf(state.openId).indexOf(message);
    const element = list.querySelector(`[data-message-id="${message.id}"]`);
    if (kind === "update" && element) {
      updateMessage(element, message, element.classList.contains("grouped"));
      follow();
    } else if (kind === "add" && index === messagesOf(state.openId).length - 1) {
      const before = messagesOf(state.openId)[index - 1] || null;
      const divider = dividerBetween(before, message);
      if (!before) render();
      else list.append(...[divider, createMessage(message, !divider && isGrouped(before, message), actions)].filter(Boolean));
      if (message.author.id === state.me.id) toBottom();
      else {
        follow();
        jump.hidden = isFollowing;
      }
    } else render();
  }

  scroller.addEventListener("scroll", () => {
    isFollowing = distance() < NEAR_PX;
    if (isFollowing) jump.hidden = true;
    if (scroller.scrollTop < 300) loadOlder(state.openId);
  }, { passive: true });
  // The composer grows, a picture loads, the window turns: stay where the reader was.
  const watcher = new ResizeObserver(follow);
  watcher.observe(scroller);
  watcher.observe(list);
  jump.append(icon("down"), "New messages");
  jump.addEventListener("click", toBottom);
  addEventListener("focus", () => state.openId && markRead(state.openId));
  messageKeys(list, actions, (element) => findMessage(state.openId, element.dataset.messageId));

  on("open", () => {
    isFollowing = true;
    render();
  });
  on("messages", ({ channelId }) => channelId === state.openId && render());
  on("message", change);
  on("ready", () => (shownId = null));
  return { toBottom };
}

function isGrouped(before, message) {
  if (!before || before.author.id !== message.author.id) return false;
  if (message.type !== 0 || ![0, 19, 20].includes(before.type)) return false;
  if ((before.flags & 64) !== (message.flags & 64)) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < GROUP_MS;
}

function dividerBetween(before, message) {
  const date = new Date(message.timestamp);
  const isNewDay = !before || !isSameDay(new Date(before.timestamp), date);
  const isNew = state.newFrom.get(message.channel_id) === message.id;
  if (!isNew && (!isNewDay || !before)) return null;
  const label = isNewDay && before ? formatTime(date, "D") : "";
  return h("li.divider", { role: "separator", data: { new: isNew } }, label && h("span", {}, label), isNew && h("span.new-mark", {}, "New"));
}
