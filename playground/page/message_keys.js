// The keyboard in the message list: arrows walk, letters act on the message in focus.

import { isMine, may, setReply } from "./state.js";

export function messageKeys(list, actions, messageOf) {
  list.addEventListener("keydown", (event) => {
    const element = event.target.closest?.(".message");
    if (!element || event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    const message = messageOf(element);
    const run = message && KEYS[event.key];
    if (!run) return;
    event.preventDefault();
    run({ element, list, message, actions });
  });
  list.addEventListener("focusin", (event) => {
    const element = event.target.closest(".message");
    for (const other of list.querySelectorAll('.message[tabindex="0"]')) if (other !== element) setReach(other, -1);
    if (element) setReach(element, 0);
  });
  list.addEventListener("contextmenu", (event) => {
    const element = event.target.closest(".message");
    if (!element || event.target.closest("a, input, textarea") || getSelection()?.toString()) return;
    event.preventDefault();
    const isKeyboard = event.clientX === 0 && event.clientY === 0;
    const box = element.getBoundingClientRect();
    actions.menu(messageOf(element), isKeyboard ? box.left + 72 : event.clientX, isKeyboard ? box.top + 24 : event.clientY, element);
  });
}

// Only the message in focus lets Tab into its tools.
function setReach(element, index) {
  element.tabIndex = index;
  for (const tool of element.querySelectorAll(".tool")) tool.tabIndex = index;
}

function step(element, direction) {
  let next = element;
  do next = next[direction];
  while (next && !next.classList.contains("message"));
  return next;
}

const focusOn = (element) => element?.focus();

function openMenu({ element, message, actions }) {
  const box = element.getBoundingClientRect();
  actions.menu(message, box.left + 72, box.top + 24, element);
}

const KEYS = {
  ArrowUp: ({ element }) => focusOn(step(element, "previousElementSibling")),
  ArrowDown: ({ element, actions }) => {
    const next = step(element, "nextElementSibling");
    if (next) next.focus();
    else actions.focusComposer();
  },
  End: ({ actions }) => actions.focusComposer(),
  Escape: ({ actions }) => actions.focusComposer(),
  r: ({ message, actions }) => {
    if (!may("send") || message.flags & 64) return;
    setReply(message);
    actions.focusComposer();
  },
  e: ({ message, actions }) => isMine(message) && actions.edit(message),
  "+": ({ element, message, actions }) => actions.pickEmoji(message.channel_id, message.id, element),
  Delete: ({ message, actions }) => isMine(message) && actions.remove(message),
  c: ({ message }) => navigator.clipboard?.writeText(message.content),
  ContextMenu: openMenu,
  Enter: openMenu,
};
