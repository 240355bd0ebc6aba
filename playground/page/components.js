// Buttons and select menus under a message, and the newer layout components around them.
// Contract: one press at a time per message; the press is over when the playground says so.

import { h } from "./dom.js";
import { emoji, withEmoji } from "./emoji.js";
import { icon } from "./icons.js";
import { act } from "./actions.js";
import { track } from "./interactions.js";
import { picture } from "./embeds.js";
import { markdown, safeLink } from "./markdown_view.js";
import { names } from "./names.js";
import { isDm, state } from "./state.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

export function components(message) {
  return (message.components || []).map((item) => component(item, message));
}

function component(item, message) {
  const children = () => (item.components || []).map((child) => component(child, message));
  switch (item.type) {
    case 1: return h("div.action-row", {}, children());
    case 2: return button(item, message);
    case 3: return select(item, message, item.options);
    case 6: return select(item, message, roleOptions(item));
    case 8: return select(item, message, channelOptions(item));
    case 5: case 7: return select({ ...item, disabled: true }, message, []); // not offered here
    case 9: return h("div.v2-section", {}, h("div", {}, children()), item.accessory && component(item.accessory, message));
    case 10: return h("div.v2-text", {}, markdown(item.content, names));
    case 11: return picture(item.media.url, item.description || "Thumbnail");
    case 12: return h("div.v2-gallery", {}, item.items.map((entry) => picture(entry.media.url, entry.description || "Picture")));
    case 14: return item.divider === false ? h("div.v2-space") : h("hr");
    case 17: return h("div.embed", { style: item.accent_color ? { "--embed": `#${item.accent_color.toString(16).padStart(6, "0")}` } : {} }, h("div.embed-body", {}, children()));
    default: return null;
  }
}

function button(item, message) {
  const label = [item.emoji && emoji(item.emoji.name), item.label && h("span", {}, withEmoji(item.label))];
  if (item.style === 5) {
    return safeLink(item.url, [label, icon("link")], { class: "button secondary", data: { testid: "button" } });
  }
  return h(
    `button.button.${STYLES[item.style] || "secondary"}`,
    {
      type: "button",
      disabled: item.disabled || false,
      data: { customId: item.custom_id, testid: "button" },
      "aria-label": item.label ? null : item.emoji?.name,
      onclick: (event) => press(event.currentTarget, () => track(act("click", { ...where(message), custom_id: item.custom_id }))),
    },
    label,
  );
}

const where = (message) => ({ channel: message.channel_id, message: message.id });

async function press(element, run) {
  if (element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  try {
    await run();
  } finally {
    element.removeAttribute("aria-busy");
  }
}

function withDefaults(options, item) {
  const chosen = new Set((item.default_values || []).map((value) => value.id));
  return options.map((option) => ({ ...option, default: chosen.has(option.value) }));
}

function roleOptions(item) {
  const roles = [...state.roles.values()].filter((role) => !role.managed && role.name !== "@everyone");
  return withDefaults(roles.map((role) => ({ value: role.id, label: role.name })), item);
}

function channelOptions(item) {
  const channels = [...state.channels.values()].filter((entry) => !isDm(entry) && (!item.channel_types || item.channel_types.includes(entry.type)));
  return withDefaults(channels.map((entry) => ({ value: entry.id, label: `#${entry.name}` })), item);
}

function select(item, message, options) {
  const most = item.max_values ?? 1;
  const chosen = new Set(options.filter((o) => o.default).map((o) => o.value));
  const choices = options.map((o) => h("option", { value: o.value, title: o.description, selected: chosen.has(o.value) }, o.label));
  const box = h(
    "select.select",
    {
      disabled: item.disabled || false,
      multiple: most > 1,
      size: most > 1 ? Math.min(options.length + 1, 6) : null,
      "aria-label": item.placeholder || "Choose",
      data: { customId: item.custom_id, testid: "select" },
      onchange: (event) => {
        const values = [...event.target.selectedOptions].map((o) => o.value).filter(Boolean);
        press(event.target, () => track(act("select", { ...where(message), custom_id: item.custom_id, values })));
      },
    },
    most === 1 && h("option", { value: "", disabled: !chosen.size, selected: !chosen.size }, item.placeholder || "Make a selection"),
    most > 1 && item.placeholder ? h("optgroup", { label: item.placeholder }, choices) : choices,
  );
  return box;
}
