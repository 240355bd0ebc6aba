// Short notices at the bottom of the page, read out by screen readers.

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 6000;

export function toast(text, { kind = "info" } = {}) {
  const shelf = byId("toasts");
  for (const old of shelf.children) if (old.dataset.text === text) old.remove();
  const note = h(
    "div.toast",
    { data: { kind, text, testid: "toast" }, role: kind === "error" ? "alert" : "status" },
    kind === "error" && icon("warning"),
    h("span", {}, text),
    h("button.icon-button", { type: "button", "aria-label": "Close", onclick: () => note.remove() }, icon("close")),
  );
  shelf.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}
