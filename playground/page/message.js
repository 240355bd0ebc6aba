// One message as a list item. Contract: `createMessage` builds it, `updateMessage` patches only the parts
// that changed, so that a reply can stream in without a flicker. `grouped`: the same author goes on.

import { h, patch } from "./dom.js";
import { avatar, colourOf, nameOf } from "./avatar.js";
import { attachments, embeds } from "./embeds.js";
import { emojiOf, NAMES } from "./emoji.js";
import { icon } from "./icons.js";
import { dismiss, open, toggleReaction } from "./actions.js";
import { components } from "./components.js";
import { markdown, plainLine } from "./markdown_view.js";
import { names } from "./names.js";
import { channel, findMessage, isStreaming, state } from "./state.js";
import { formatTime, messageTime } from "./time.js";
import { toolbar } from "./toolbar.js";

const EPHEMERAL = 64;
const LOADING = 128;
const PARTS = ["context", "content", "editor", "embeds", "attachments", "components", "reactions", "thread", "note"];

export function createMessage(message, grouped, actions) {
  const parts = Object.fromEntries(PARTS.map((name) => [name, h(`div.message-${name}`)]));
  const header = h("div.message-header");
  const side = h("div.message-side");
  const element = h(
    "li.message",
    { role: "article", tabindex: -1, "aria-label": `${nameOf(message.author)}, ${messageTime(new Date(message.timestamp))}`, data: { messageId: message.id, authorId: message.author.id, testid: "message" } },
    parts.context,
    side,
    h("div.message-main", {}, header, parts.content, parts.editor, parts.embeds, parts.attachments, parts.components, parts.reactions, parts.thread, parts.note),
    h("div.message-tools"),
  );
  element.parts = { ...parts, header, side, tools: element.lastChild };
  element.actions = actions;
  updateMessage(element, message, grouped);
  return element;
}

export function updateMessage(element, given, grouped) {
  const { parts, actions } = element;
  const message = shownAs(given);
  const isEphemeral = Boolean(message.flags & EPHEMERAL);
  const isPinging = mentionsMe(message);
  element.classList.toggle("grouped", grouped);
  element.classList.toggle("ephemeral", isEphemeral);
  element.classList.toggle("pinging", isPinging);
  element.dataset.streaming = isStreaming(message);
  element.setAttribute("aria-busy", String(isStreaming(message))); // read out once it is whole
  element.dataset.author = message.author.username;
  patch(parts.context, key([message.referenced_message, message.interaction_metadata?.id, message.type]), () => context(message));
  patch(parts.side, key([grouped]), () => sideOf(message, grouped));
  patch(parts.header, key([grouped]), () => (grouped ? [] : headerOf(message)));
  patch(parts.content, key([message.content, message.flags & LOADING, isEdited(message)]), () => contentOf(message));
  patch(parts.embeds, key(message.embeds), () => embeds(message.embeds || []));
  patch(parts.attachments, key(message.attachments), () => attachments(message.attachments || []));
  patch(parts.components, key(message.components), () => components(message));
  patch(parts.reactions, key(message.reactions), () => reactionsOf(message, actions));
  patch(parts.thread, key([message.thread?.id, channel(message.id)?.name]), () => threadOf(message));
  patch(parts.note, key([isEphemeral]), () => (isEphemeral ? ephemeralNote(message) : []));
  patch(parts.tools, key([message.flags & (EPHEMERAL | LOADING), channel(message.channel_id)?.may]), () => toolbar(message.channel_id, message.id, actions));
}

// A thread begins with the message it was opened on.
function shownAs(message) {
  const original = message.type === 21 && message.referenced_message;
  if (!original) return message;
  return { ...original, id: message.id, channel_id: message.channel_id, type: 0, referenced_message: null, reactions: [], components: [], thread: null };
}

const key = (value) => JSON.stringify(value ?? null);
const isEdited = (message) => Boolean(message.edited_timestamp) && !isStreaming(message);

function mentionsMe(message) {
  if (message.author.id === state.me.id) return false;
  return message.mention_everyone || (message.mentions || []).some((user) => user.id === state.me.id);
}

function sideOf(message, grouped) {
  const date = new Date(message.timestamp);
  if (message.type === 18) return h("span.system-icon", {}, icon("thread"));
  if (grouped) return h("time.side-time", { datetime: message.timestamp, title: formatTime(date, "F") }, formatTime(date, "t"));
  return avatar(message.author);
}

function headerOf(message) {
  const date = new Date(message.timestamp);
  return [
    h("span.author", { style: { "--person": colourOf(message.author) } }, nameOf(message.author)),
    message.author.bot && h("span.app-tag", {}, "APP"),
    h("time.message-time", { datetime: message.timestamp, title: formatTime(date, "F") }, messageTime(date)),
  ];
}

function contentOf(message) {
  if (message.flags & LOADING) {
    return h("span.thinking", { role: "status" }, h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i")), `${nameOf(message.author)} is thinking…`);
  }
  if (message.type === 18) return [h("strong", {}, nameOf(message.author)), " started a thread: ", h("strong", {}, message.content)];
  const nodes = message.content ? markdown(message.content, names) : [];
  if (isEdited(message) && message.content) {
    const mark = h("span.edited", { title: formatTime(new Date(message.edited_timestamp), "F") }, "(edited)");
    const last = nodes.at(-1);
    if (last.classList?.contains("md-line")) last.append(" ", mark);
    else nodes.push(mark);
  }
  return nodes;
}

// The line above: what this answers, or which command it came from.
function context(message) {
  const origin = message.interaction_metadata;
  if (message.type === 19) {
    const original = message.referenced_message;
    if (!original) return h("div.reply-line", {}, h("em", {}, "Original message was deleted"));
    const jump = () => jumpTo(original);
    return h(
      "button.reply-line",
      { type: "button", onclick: jump, "aria-label": `Reply to ${nameOf(original.author)}: jump there`, data: { replyTo: original.id } },
      avatar(original.author),
      h("strong", { style: { "--person": colourOf(original.author) } }, nameOf(original.author)),
      h("span", {}, preview(original)),
    );
  }
  if (origin && (message.type === 20 || message.type === 23)) {
    return h("div.reply-line", {}, avatar(origin.user), h("strong", { style: { "--person": colourOf(origin.user) } }, nameOf(origin.user)), h("span", {}, " used "), h("span.mention", {}, `${message.type === 20 ? "/" : ""}${message.used || origin.name || "a command"}`));
  }
  return [];
}

export function preview(message) {
  const live = findMessage(message.channel_id, message.id) || message;
  if (live.content) return plainLine(live.content.slice(0, 300), names);
  return live.attachments?.length ? "Click to see attachment" : "Click to see message";
}

async function jumpTo(message) {
  if (state.openId !== message.channel_id) await open(message.channel_id);
  const element = document.querySelector(`[data-message-id="${message.id}"]`);
  if (!element) return;
  element.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  element.focus({ preventScroll: true });
  element.classList.add("flash");
  setTimeout(() => element.classList.remove("flash"), 1600);
}

function reactionsOf(message, actions) {
  const list = message.reactions || [];
  if (!list.length) return [];
  const chips = list.map((reaction) => {
    const name = NAMES[reaction.emoji.name] || reaction.emoji.name;
    const isMine = reaction.me || reaction.me_burst;
    const isSuper = reaction.count_details?.burst > 0;
    return h(
      isSuper ? "button.reaction.super" : "button.reaction",
      {
        type: "button",
        "aria-pressed": String(isMine),
        "aria-label": `${name}, ${reaction.count} ${reaction.count === 1 ? "reaction" : "reactions"}${isSuper ? ", super" : ""}, press to ${isMine ? "take yours back" : "react"}`,
        data: { emoji: reaction.emoji.name, testid: "reaction" },
        onclick: () => toggleReaction(findMessage(message.channel_id, message.id), reaction.emoji),
      },
      emojiOf(reaction.emoji),
      isSuper && icon("spark"),
      h("span.count", {}, String(reaction.count)),
    );
  });
  const more = h("button.reaction.add-reaction", { type: "button", "aria-label": "Add reaction", onclick: (event) => actions.pickEmoji(message.channel_id, message.id, event.currentTarget) }, icon("smile"));
  return [...chips, more];
}

function threadOf(message) {
  const thread = message.thread && (channel(message.thread.id) || message.thread);
  if (!thread) return [];
  return h("button.thread-card", { type: "button", data: { testid: "open-thread", channelId: thread.id }, onclick: () => open(thread.id) }, icon("thread"), h("strong", {}, thread.name), h("span", {}, "Open thread ›"));
}

function ephemeralNote(message) {
  return h("div.ephemeral-note", {}, icon("eye"), "Only you can see this · ", h("button.link", { type: "button", data: { testid: "dismiss" }, onclick: () => dismiss(message) }, "Dismiss message"));
}
