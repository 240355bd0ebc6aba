// The list above the composer: people, channels, commands, choices. Contract: an ARIA listbox driven from
// whichever text field has the focus; `offer(field, items)` shows it, `handleKey` says whether it took a key.
// An item is {id, lead, title, detail, pick()}.

import { byId, h } from "./dom.js";

export class Suggestions {
  constructor() {
    this.box = byId("suggestions");
    this.items = [];
    this.at = 0;
    this.field = null;
  }

  get isOpen() {
    return this.items.length > 0;
  }

  offer(field, items, { title = "", at = 0 } = {}) {
    if (this.field && this.field !== field) this.close();
    this.field = field;
    this.items = items;
    this.at = at;
    if (!items.length) return this.close();
    field.setAttribute("aria-controls", "suggestions");
    field.setAttribute("aria-expanded", "true");
    this.box.hidden = false;
    this.box.replaceChildren(
      title && h("div.suggestions-title", { role: "presentation" }, title),
      ...items.map((item, index) =>
        h(
          "div.suggestion",
          {
            id: `suggestion-${index}`,
            role: "option",
            data: { testid: "suggestion", value: item.id },
            onpointerdown: (event) => event.preventDefault(), // the field keeps the focus
            onclick: () => this.pick(index),
          },
          item.lead,
          h("span.suggestion-title", {}, item.title),
          item.detail && h("span.suggestion-detail", {}, item.detail),
        ),
      ),
    );
    this.mark();
    return undefined;
  }

  mark() {
    const options = this.box.querySelectorAll(".suggestion");
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.at)));
    options[this.at]?.scrollIntoView({ block: "nearest" });
    if (this.at >= 0) this.field.setAttribute("aria-activedescendant", `suggestion-${this.at}`);
  }

  pick(index) {
    const item = this.items[index];
    this.close();
    item?.pick();
  }

  close() {
    this.items = [];
    this.box.hidden = true;
    this.box.replaceChildren();
    this.field?.setAttribute("aria-expanded", "false");
    this.field?.removeAttribute("aria-activedescendant");
  }

  handleKey(event) {
    if (!this.isOpen || event.isComposing) return false;
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      const step = key === "ArrowDown" ? 1 : -1;
      this.at = (Math.max(this.at, step < 0 ? 0 : -1) + step + this.items.length) % this.items.length;
      this.mark();
    } else if ((key === "Enter" || key === "Tab") && !event.shiftKey && this.at >= 0) this.pick(this.at);
    else if (key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
