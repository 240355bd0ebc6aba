// Forms that the bot opens ("Teach a better reply"). Contract: Discord's modal JSON in, the filled fields
// by custom id out; a refused form comes back with what was typed.

import { h } from "./dom.js";
import { act } from "./actions.js";
import { formDialog } from "./dialog.js";
import { track } from "./interactions.js";
import { markdown } from "./markdown_view.js";
import { names } from "./names.js";

export async function showModal(modal, filled = {}) {
  const inputs = [];
  const content = modal.components.map((item) => part(item, inputs, filled));
  const values = await formDialog({
    title: modal.title,
    content,
    action: "Submit",
    testid: "modal",
    read: () => Object.fromEntries(inputs.map((input) => [input.dataset.customId, input.value])),
  });
  if (!values) return;
  const id = await track(act("submit", { interaction: modal.id, fields: values }));
  if (!id) showModal(modal, values);
}

function part(item, inputs, filled) {
  if (item.type === 1) return item.components.map((child) => field(child, child.label, null, inputs, filled));
  if (item.type === 18) return field(item.component, item.label, item.description, inputs, filled);
  if (item.type === 10) return h("div.v2-text", {}, markdown(item.content, names));
  return null;
}

function field(item, label, description, inputs, filled) {
  if (item.type !== 4) return h("p", {}, `${label || "This field"} cannot be filled in here.`);
  const isRequired = item.required !== false;
  const input = h(item.style === 2 ? "textarea" : "input", {
    type: item.style === 2 ? null : "text",
    rows: item.style === 2 ? 5 : null,
    required: isRequired,
    minlength: item.min_length || null,
    maxlength: item.max_length || 4000,
    placeholder: item.placeholder,
    value: filled[item.custom_id] ?? item.value ?? "",
    data: { customId: item.custom_id },
  });
  const count = h("span.field-count", { "aria-hidden": "true" });
  const recount = () => (count.textContent = `${[...input.value].length} / ${item.max_length || 4000}`);
  input.addEventListener("input", recount);
  recount();
  inputs.push(input);
  return h("label.field", {}, h("span", {}, label, isRequired && h("b.required", { "aria-hidden": "true" }, " *")), description && h("small", {}, description), input, count);
}
