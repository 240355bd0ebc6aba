// Modal windows on the browser's own <dialog>: focus stays inside, Escape closes, the rest is inert.

import { h } from "./dom.js";
import { icon } from "./icons.js";

let number = 0;

/** Opens a form; resolves with `read()` on submit, with null when closed. */
export function formDialog({ title, content, action, danger = false, read, testid = "dialog" }) {
  return new Promise((resolve) => {
    let value = null;
    const titleId = `dialog-title-${++number}`;
    const form = h(
      "form",
      { method: "dialog" },
      h("header", {}, h("h2", { id: titleId }, title), h("button.icon-button", { type: "button", "aria-label": "Close", onclick: () => box.close() }, icon("close"))),
      h("div.dialog-content", {}, content),
      h("footer", {}, h("button.button.plain", { type: "button", data: { testid: "cancel" }, onclick: () => box.close() }, "Cancel"), h(`button.button.${danger ? "danger" : "primary"}`, { type: "submit", data: { testid: "submit" } }, action)),
    );
    const box = h("dialog", { "aria-labelledby": titleId, data: { testid } }, form);
    form.addEventListener("submit", () => (value = read()));
    box.addEventListener("close", () => {
      box.remove();
      resolve(value);
    });
    document.body.append(box);
    box.showModal();
    box.querySelector("[autofocus], input, textarea, footer .button:last-child")?.focus();
  });
}

export async function confirmDialog({ title, text, action, danger }) {
  return Boolean(await formDialog({ title, content: h("p", {}, text), action, danger, read: () => true }));
}

export function promptDialog({ title, label, value, action, maxLength }) {
  const input = h("input", { type: "text", required: true, maxlength: maxLength, value, data: { testid: "prompt" } });
  queueMicrotask(() => input.select());
  return formDialog({ title, content: h("label.field", {}, h("span", {}, label), input), action, read: () => input.value.trim() });
}
