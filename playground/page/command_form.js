// Filling in a slash command's options. Contract: Discord's option JSON in; what leaves here maps option
// names to values (ids for people and channels, booleans, numbers, or text). Required ones must be there.

import { byId, h } from "./dom.js";
import { act, line } from "./actions.js";
import { nameOf } from "./avatar.js";
import { channelItems, targetItems } from "./candidates.js";
import { icon } from "./icons.js";
import { track } from "./interactions.js";
import { state } from "./state.js";

const BOOLEAN = 5;
const USERS = [6, 9];
const CHANNEL = 7;
const NUMBERS = [4, 10];

export class CommandForm {
  constructor({ suggestions, leave }) {
    this.suggestions = suggestions;
    this.leave = leave;
    this.box = byId("command");
    this.command = null;
    this.fields = [];
  }

  get isOpen() {
    return this.command !== null;
  }

  open(command) {
    this.command = command;
    this.fields = [];
    this.extras = h("div.extras");
    byId("composer").classList.add("commanding");
    this.box.hidden = false;
    this.box.replaceChildren(h("button.command-name", { type: "button", title: "Back to writing", data: { testid: "command-name" }, onclick: () => this.cancel() }, `/${command.shown}`), this.extras);
    for (const option of command.options) if (option.required) this.add(option);
    this.renderExtras();
    this.focus();
  }

  add(option, isFocused = false) {
    const field = { option, chosen: null };
    field.input = h("input", {
      type: "text",
      autocomplete: "off",
      role: "combobox",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-label": [option.shown, saidOf(option)].filter(Boolean).join(": "),
      placeholder: saidOf(option),
      inputmode: NUMBERS.includes(option.type) ? "numeric" : null,
      data: { testid: "option", option: option.name },
      oninput: () => {
        field.chosen = null;
        field.input.removeAttribute("aria-invalid");
        this.offer(field);
      },
      onfocus: () => this.offer(field),
      onblur: () => this.suggestions.field === field.input && this.suggestions.close(),
      onkeydown: (event) => this.key(event, field),
    });
    field.element = h("label.option", {}, h("span.option-name", {}, option.shown), field.input);
    this.fields.push(field);
    this.extras.before(field.element);
    if (isFocused) field.input.focus();
  }

  renderExtras() {
    const shown = new Set(this.fields.map((f) => f.option.name));
    const left = this.command.options.filter((o) => !shown.has(o.name));
    const buttons = left.map((o) => h("button.extra", { type: "button", title: o.description, data: { testid: `add-${o.name}` }, onclick: () => { this.add(o, true); this.renderExtras(); } }, `+ ${o.shown}`));
    const run = h("button.command-run", { type: "submit", "aria-label": `Run /${this.command.name}`, data: { testid: "run-command" } }, icon("send"));
    this.extras.replaceChildren(...buttons, this.fields.length ? "" : h("span.command-hint", {}, "Press Enter to run"), run);
  }

  focus() {
    (this.fields[0]?.input || this.box.querySelector(".command-run")).focus();
  }

  async offer(field) {
    const { option, input } = field;
    const typed = input.value.trim().toLowerCase();
    const choose = (text, value) => {
      input.value = text;
      field.chosen = value;
      input.removeAttribute("aria-invalid");
      this.next(field);
    };
    const plain = (choices) => choices
      .filter((c) => String(c.name).toLowerCase().includes(typed))
      .map((c) => ({ id: String(c.value), title: String(c.name), pick: () => choose(String(c.name), c.value) }));
    let items = [];
    if (option.autocomplete) {
      const asked = (field.asked = (field.asked || 0) + 1);
      const given = this.values({ partial: true });
      const choices = await line.ask("autocomplete", { channel: state.openId, name: this.command.name, focused: option.name, options: { ...given, [option.name]: input.value } }).catch(() => []); // no answer: no list
      if (asked !== field.asked || document.activeElement !== input) return;
      items = choices.map((c) => ({ id: String(c.value), title: c.name, pick: () => choose(c.name, c.value) }));
    } else if (option.choices?.length) items = plain(option.choices);
    else if (option.type === BOOLEAN) items = plain([{ name: "True", value: true }, { name: "False", value: false }]);
    else if (USERS.includes(option.type)) items = targetItems(typed.replace(/^@/, ""), (text, user) => choose(text, user.id));
    else if (option.type === CHANNEL) items = channelItems(typed.replace(/^#/, ""), (text, entry) => choose(text, entry.id));
    if (field.chosen !== null) items = [];
    this.suggestions.offer(input, items, { title: [option.shown, saidOf(option)].filter(Boolean).join(" · "), at: option.required || typed ? 0 : -1 });
  }

  next(field) {
    const after = this.fields[this.fields.indexOf(field) + 1];
    if (after) after.input.focus();
  }

  key(event, field) {
    if (this.suggestions.handleKey(event)) return;
    if (event.key === "Escape") this.cancel();
    else if (event.key === "Backspace" && !field.input.value) {
      event.preventDefault();
      if (field.option.required) this.cancel();
      else this.remove(field);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.submit();
    }
  }

  remove(field) {
    field.element.remove();
    this.fields = this.fields.filter((f) => f !== field);
    this.renderExtras();
    this.focus();
  }

  values({ partial = false } = {}) {
    const values = {};
    for (const field of this.fields) {
      const typed = field.input.value.trim();
      if (field.chosen !== null) values[field.option.name] = field.chosen;
      else if (typed) values[field.option.name] = valueOf(field.option, typed);
      else if (field.option.required && !partial) return this.refuse(field);
    }
    return values;
  }

  refuse(field) {
    field.input.setAttribute("aria-invalid", "true");
    field.input.placeholder = "This option is required";
    field.input.focus();
    return null;
  }

  async submit() {
    const options = this.values();
    if (!options) return;
    const { command } = this;
    this.suggestions.close();
    const id = await track(act("slash", { channel: state.openId, name: command.name, options }));
    if (id && this.command === command) {
      this.close();
      this.leave("");
    }
  }

  cancel() {
    this.suggestions.close();
    this.close();
    this.leave("");
  }

  close() {
    this.command = null;
    this.box.hidden = true;
    this.box.replaceChildren();
    byId("composer").classList.remove("commanding");
  }
}

// discord.py describes what nobody described as "…".
const saidOf = (option) => (option.description === "…" ? "" : option.description);

// What was typed instead of chosen from the list.
function valueOf(option, typed) {
  if (NUMBERS.includes(option.type)) return Number.isFinite(Number(typed)) ? Number(typed) : typed;
  if (option.type === BOOLEAN) return { true: true, false: false }[typed.toLowerCase()] ?? typed;
  if (USERS.includes(option.type)) {
    const name = typed.replace(/^@/, "").toLowerCase();
    const users = [...state.members.values()].map((m) => m.user);
    return users.find((user) => [nameOf(user), user.username].some((n) => n.toLowerCase() === name))?.id ?? typed;
  }
  if (option.type === CHANNEL) return [...state.channels.values()].find((c) => `#${c.name}` === `#${typed.replace(/^#/, "")}`)?.id ?? typed;
  return typed;
}
