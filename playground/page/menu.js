// Pop-ups at a point: the message menu and the emoji picker. Contract: one at a time; Escape, a press
// outside or a choice closes it and the focus goes back to where it was.

import { byId, h } from "./dom.js";
import { emojiOf, NAMES, PICKER } from "./emoji.js";
import { icon } from "./icons.js";
import { act, dismiss, openThread, toggleReaction } from "./actions.js";
import { confirmDialog, promptDialog } from "./dialog.js";
import { channel, findMessage, isDm, isMine, isThread, may, setReply, state } from "./state.js";
import { toast } from "./toast.js";
import { track } from "./interactions.js";

let close = () => {};

export function popup(content, { x, y, label, role = "menu", origin }) {
  close();
  const layer = byId("popups");
  const box = h("div.popup", { role, "aria-label": label, data: { testid: role === "menu" ? "menu" : "popup" } }, content);
  const outside = (event) => box.contains(event.target) || close();
  const keys = (event) => {
    if (event.key === "Escape") close({ restore: true });
    const items = [...box.querySelectorAll("button:not(:disabled)")];
    const step = { ArrowDown: 1, ArrowRight: role === "menu" ? 0 : 1, ArrowUp: -1, ArrowLeft: role === "menu" ? 0 : -1 }[event.key];
    if (!step || event.target.matches("input")) return;
    event.preventDefault();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
  };
  close = ({ restore = false } = {}) => {
    document.removeEventListener("pointerdown", outside, true);
    box.remove();
    close = () => {};
    if (restore) origin?.focus?.();
  };
  layer.append(box);
  box.addEventListener("keydown", keys);
  document.addEventListener("pointerdown", outside, true);
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, y + height > innerHeight - 8 ? Math.min(y - height - 8, innerHeight - height - 8) : y)}px`;
  box.querySelector("button:not(:disabled)")?.focus();
  return () => close({ restore: true });
}

const item = (label, glyph, onclick, { danger = false, testid } = {}) =>
  h(danger ? "button.menu-item.danger" : "button.menu-item", { type: "button", role: "menuitem", data: { testid }, onclick: () => { close({ restore: true }); onclick(); } }, h("span", {}, label), icon(glyph));

/** The menu of a message; `edit` opens the editor in place. */
export async function messageMenu(message, x, y, origin, { edit }) {
  const where = { channel: message.channel_id, message: message.id };
  const isPlain = !(message.flags & (64 | 128));
  const place = channel(message.channel_id);
  const apps = isPlain ? (await act("message_commands", where)) || [] : [];
  const canThread = isPlain && !isThread(place) && !isDm(place) && !message.thread && may("thread", place.id);
  const items = [
    isPlain && may("react", place.id) && item("Add reaction", "smile", () => emojiPicker(message.channel_id, message.id, origin)),
    isPlain && may("send", place.id) && item("Reply", "reply", () => setReply(message), { testid: "menu-reply" }),
    canThread && item("Create thread", "thread", () => nameThread(message), { testid: "menu-thread" }),
    isMine(message) && isPlain && item("Edit message", "edit", () => edit(message), { testid: "menu-edit" }),
    apps.length > 0 && [
      h("div.menu-title", {}, "Apps"),
      apps.map((name) => item(name, "apps", () => track(act("context_menu", { ...where, name })), { testid: `app-${name}` })),
    ],
    h("hr"),
    item("Copy text", "copy", () => copy(message.content)),
    item("Copy message ID", "id", () => copy(message.id)),
    !isPlain && item("Dismiss message", "close", () => dismiss(message)),
    isPlain && (isMine(message) || may("manage_messages", place.id)) && item("Delete message", "trash", () => removeMessage(message), { danger: true, testid: "menu-delete" }),
  ];
  popup(items.flat(2).filter(Boolean), { x, y, label: "Message actions", origin });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser does not let this page copy", { kind: "error" }); // no permission, or not focused
  }
}

export async function removeMessage(message) {
  const isSure = await confirmDialog({ title: "Delete message", text: "This cannot be undone.", action: "Delete", danger: true });
  if (isSure) await act("delete", { channel: message.channel_id, message: message.id });
}

async function nameThread(message) {
  const suggestion = message.content.replace(/[*_~`|>#]|<[^>]*>/g, "").replace(/\s+/g, " ").trim().slice(0, 40);
  const name = await promptDialog({ title: "Create thread", label: "Thread name", value: suggestion || "New thread", action: "Create", maxLength: 100 });
  if (name) await openThread(message, name);
}

export function emojiPicker(channelId, id, anchor) {
  const box = anchor.getBoundingClientRect();
  let isSuper = false;
  const choose = (chosen) => {
    done();
    const message = findMessage(channelId, id);
    if (message) toggleReaction(message, chosen, { isSuper });
  };
  const button = (entry) => h("button", { type: "button", "aria-label": NAMES[entry.name] || entry.name, title: NAMES[entry.name] || `:${entry.name}:`, data: { emoji: entry.name }, onclick: () => choose(entry) }, emojiOf(entry));
  const superToggle = h("button.super-toggle", { type: "button", "aria-pressed": "false", title: "People with Nitro can; here everybody can", data: { testid: "super" }, onclick: () => { isSuper = !isSuper; superToggle.setAttribute("aria-pressed", String(isSuper)); } }, icon("spark"), "Super reaction");
  const any = h("input", { type: "text", maxlength: 16, placeholder: "or paste any emoji", "aria-label": "Any emoji", data: { testid: "any-emoji" }, onkeydown: (event) => event.key === "Enter" && any.value.trim() && choose({ id: null, name: any.value.trim() }) });
  const isRow = anchor.classList.contains("message");
  const content = [
    h("div.emoji-grid", {}, PICKER.map((character) => button({ id: null, name: character }))),
    state.guild.emojis.length > 0 && [h("div.menu-title", {}, state.guild.name), h("div.emoji-grid", {}, state.guild.emojis.map(button))],
    any,
    superToggle,
  ];
  const done = popup(content.flat().filter(Boolean), { x: isRow ? box.left + 72 : box.left - 120, y: box.bottom + 6, label: "Pick a reaction", role: "dialog", origin: anchor });
}
