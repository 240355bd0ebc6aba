// Editing one's own message in place: Enter saves, Escape gives up, an emptied message is deleted.

import { byId, h } from "./dom.js";
import { act } from "./actions.js";
import { toText, toWire } from "./mentions.js";
import { removeMessage } from "./menu.js";

export function editMessage(message, focusComposer) {
  const element = byId("messages").querySelector(`[data-message-id="${message.id}"]`);
  if (!element || element.classList.contains("editing")) return;
  const before = toText(message.content);
  const input = h("textarea", { rows: 1, value: before, maxlength: 4000, "aria-label": "Edit message", data: { testid: "editor" } });
  const close = () => {
    element.classList.remove("editing");
    element.parts.editor.replaceChildren();
    focusComposer();
  };
  const save = async () => {
    const text = input.value.trim();
    if (text === before) return close();
    if (!text) {
      close();
      return removeMessage(message);
    }
    if (await act("edit", { channel: message.channel_id, message: message.id, text: toWire(text) })) close();
    return undefined;
  };
  const fit = () => {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  };
  input.addEventListener("input", fit);
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save();
    }
  });
  const link = (label, onclick) => h("button.link", { type: "button", onclick }, label);
  element.parts.editor.replaceChildren(input, h("div.editor-hint", {}, "escape to ", link("cancel", close), " · enter to ", link("save", save)));
  element.classList.add("editing");
  fit();
  input.focus();
  input.setSelectionRange(before.length, before.length);
}
