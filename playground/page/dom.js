// Building DOM nodes. Contract: people's text only ever becomes text nodes or attribute values,
// never markup, so nothing anybody types can run in the page.

const SVG = "http://www.w3.org/2000/svg";

/** h("button.primary", { onclick, "aria-label": "Send" }, "text", node, [more], null) → element. */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  return fill(element, props, children);
}

/** The same for SVG elements. */
export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.classList.add(...value.split(" ").filter(Boolean));
    else if (key === "data") for (const [k, v] of Object.entries(value)) setData(element, k, v);
    else if (key === "style") for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
    else if (key === "value" || key === "hidden" || key === "disabled") element[key] = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

function setData(element, key, value) {
  if (value !== null && value !== undefined && value !== false) element.dataset[key] = String(value);
}

/** Puts `nodes` into `element` only if `key` changed since last time: unchanged parts never flicker. */
export function patch(element, key, build) {
  if (element.patchKey === key) return false;
  element.patchKey = key;
  element.replaceChildren(...[build()].flat(Infinity).filter(Boolean));
  return true;
}

export const byId = (id) => document.getElementById(id);

/** Snowflakes are decimal strings that rise with time. */
export function compareIds(a, b) {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
