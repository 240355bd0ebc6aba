// Where one writes. Contract: Enter sends, Shift+Enter breaks the line, ArrowUp in an empty box edits one's
// last message; drafts are kept per person and channel; a refused message comes back into the box.

import { byId, h } from "./dom.js";
import { nameOf } from "./avatar.js";
import { icon } from "./icons.js";
import { channelItems, emojiItems, peopleItems } from "./candidates.js";
import { act, line } from "./actions.js";
import { CommandForm } from "./command_form.js";
import { commandItems, loadCommands } from "./commands.js";
import { encoded, mountFiles } from "./files.js";
import { toWire } from "./mentions.js";
import { plainLine } from "./markdown_view.js";
import { names } from "./names.js";
import { bots, isDm, isMine, isThread, may, messagesOf, on, openChannel, setReply, state } from "./state.js";
import { Suggestions } from "./suggestions.js";
import { toast } from "./toast.js";
import { setSuggest } from "./welcome.js";

const LIMIT = 2000;
const WARN_AT = 200; // characters left
const TYPING_EVERY_MS = 8000;

export function mountComposer({ edit }) {
  const form = byId("composer");
  const input = byId("composer-input");
  const drafts = new Map();
  const suggestions = new Suggestions();
  const commandForm = new CommandForm({ suggestions, leave: (text) => { setText(text); input.focus(); } });
  const files = mountFiles({ isAllowed: () => may("send") && !commandForm.isOpen, changed: () => { count(); input.focus(); } });
  let lastTyping = 0;
  let key = null;
  let ping = true;

  const draftKey = () => `${state.me?.id}/${state.openId}`;

  function setText(text) {
    input.value = text;
    resize();
    count();
  }

  function resize() {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight, innerHeight * 0.4)}px`;
  }

  function count() {
    const left = LIMIT - [...toWire(input.value)].length;
    const counter = byId("counter");
    counter.hidden = left > WARN_AT;
    counter.textContent = String(left);
    counter.dataset.over = left < 0;
    form.dataset.empty = !input.value.trim() && !files.list.length;
    return left;
  }

  async function send() {
    const text = toWire(input.value.trim());
    const attached = files.list;
    if (!text && !attached.length) return;
    if (count() < 0) {
      toast(`Your message is too long: ${LIMIT} characters at most`, { kind: "error" });
      return;
    }
    const typed = input.value;
    const replyTo = state.replyTo;
    const here = state.openId;
    setText("");
    files.set([]);
    suggestions.close();
    setReply(null);
    lastTyping = 0;
    const sent = await act("say", { channel: here, text, reply_to: replyTo?.id ?? null, ping, files: await encoded(attached) });
    if (!sent && state.openId === here && !input.value) {
      setText(typed);
      files.set(attached);
      setReply(replyTo);
    }
  }

  function suggest({ isAgain = false } = {}) {
    const before = input.value.slice(0, input.selectionStart);
    const word = /(?:^|\s)([@#]|:(?=\w))([\p{L}\p{N}_-]*)$/u.exec(before);
    if (before.startsWith("/") && !before.includes("\n")) {
      if (!isAgain) loadCommands(state.openId).then(() => input.value.startsWith("/") && document.activeElement === input && suggest({ isAgain: true }));
      const items = commandItems(before.slice(1), (command) => { setText(""); commandForm.open(command); });
      suggestions.offer(input, items, { title: "Commands" });
    } else if (word) {
      const [title, itemsFor] = { "@": ["Members", peopleItems], "#": ["Channels", channelItems], ":": ["Emoji", emojiItems] }[word[1]];
      suggestions.offer(input, itemsFor(word[2], insert(word)), { title });
    } else suggestions.close();
  }

  const insert = (word) => (text) => {
    const at = input.selectionStart;
    const start = at - word[2].length - 1;
    input.setRangeText(`${text} `, start, at, "end");
    setText(input.value);
    input.focus();
  };

  function mentionBot() {
    const bot = bots()[0];
    if (!bot) return;
    commandForm.close();
    const mention = `@${nameOf(bot)} `;
    if (!input.value.startsWith(mention)) setText(mention + input.value);
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  input.addEventListener("input", () => {
    resize();
    count();
    suggest();
    if (input.value && !input.value.startsWith("/") && Date.now() - lastTyping > TYPING_EVERY_MS) {
      lastTyping = Date.now();
      line.ask("type", { channel: state.openId }).catch(() => {}); // a courtesy, not worth a toast
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || suggestions.handleKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && state.replyTo) setReply(null);
    else if (event.key === "ArrowUp" && !input.value) {
      const own = messagesOf(state.openId).findLast((m) => isMine(m) && !(m.flags & 64) && m.type !== 18);
      if (!own) return;
      event.preventDefault();
      edit(own);
    }
  });
  input.addEventListener("blur", () => suggestions.field === input && suggestions.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (commandForm.isOpen) commandForm.submit();
    else send();
  });
  byId("mention-bot").addEventListener("click", mentionBot);
  byId("open-commands").addEventListener("click", () => {
    commandForm.close();
    setText("/");
    input.focus();
    suggest();
  });

  on("open", () => {
    if (key) drafts.set(key, input.value);
    key = draftKey();
    commandForm.close();
    suggestions.close();
    setText(drafts.get(key) || "");
    files.set([]);
    refresh();
    replyBar();
    loadCommands(state.openId);
    if (matchMedia("(hover: hover)").matches) input.focus({ preventScroll: true });
  });
  on("reply", () => {
    ping = true;
    replyBar();
    if (state.replyTo) input.focus();
  });
  on("channels", refresh);
  setSuggest((text) => {
    setText(text);
    input.focus();
    if (text.startsWith("/")) suggest();
  });

  function refresh() {
    const entry = openChannel();
    if (!entry) return;
    const isAllowed = may("send");
    input.disabled = !isAllowed;
    form.classList.toggle("forbidden", !isAllowed);
    input.placeholder = isAllowed ? `Message ${labelOf(entry)}` : "You do not have permission to send messages here";
    input.setAttribute("aria-label", input.placeholder);
    byId("attach").hidden = !isAllowed;
    byId("mention-bot").hidden = !isAllowed || isDm(entry) || !bots().length;
  }

  function replyBar() {
    const bar = byId("reply-bar");
    const message = state.replyTo;
    bar.hidden = !message;
    if (!message) return;
    const toggle = h("button.link", { type: "button", "aria-pressed": String(ping), title: "Whether the reply notifies its author", onclick: () => { ping = !ping; replyBar(); } }, ping ? "@ On" : "@ Off");
    bar.replaceChildren(
      h("span", {}, "Replying to ", h("strong", {}, nameOf(message.author))),
      h("span.reply-preview", {}, plainLine(message.content.slice(0, 200), names)),
      isMine(message) ? "" : toggle,
      h("button.icon-button", { type: "button", "aria-label": "Cancel reply", onclick: () => setReply(null) }, icon("close")),
    );
  }

  return { focus: () => (commandForm.isOpen ? commandForm.focus() : input.focus()) };
}

export function labelOf(entry) {
  if (isThread(entry)) return `“${entry.name}”`;
  return isDm(entry) ? `@${nameOf(entry.recipients[0])}` : `#${entry.name}`;
}
