// Who one is: the switcher at the bottom left, and the list of members at the right.

import { byId, h } from "./dom.js";
import { avatar, colourOf, nameOf } from "./avatar.js";
import { icon } from "./icons.js";
import { become, openDm } from "./actions.js";
import { popup } from "./menu.js";
import { on, state } from "./state.js";

export function mountPeople() {
  const button = byId("me");
  on("ready", () => {
    document.documentElement.style.setProperty("--me", colourOf(state.me));
    button.dataset.person = state.me.username;
    button.setAttribute("aria-label", `You are ${nameOf(state.me)}. Switch person`);
    button.replaceChildren(avatar(state.me), h("span.me-name", {}, h("strong", {}, nameOf(state.me)), h("small", {}, "Switch person")), icon("chevron"));
    renderMembers();
  });
  button.addEventListener("click", () => {
    const box = button.getBoundingClientRect();
    const close = popup([h("div.menu-title", {}, "Be somebody else"), state.people.map((person, index) => choice(person, index, () => close()))], { x: box.left, y: box.top - 8 - (state.people.length * 52 + 40), label: "Switch person", origin: button });
  });
  addEventListener("keydown", (event) => {
    const index = Number(event.key) - 1;
    if (event.altKey && !event.ctrlKey && state.people[index]) {
      event.preventDefault();
      become(state.people[index].username);
    }
  });
}

function choice(person, index, close) {
  const isOn = person.id === state.me.id;
  return h(
    "button.person",
    { type: "button", role: "menuitemradio", "aria-checked": String(isOn), data: { testid: `be-${person.username}` }, onclick: () => { close(); if (!isOn) become(person.username); } },
    avatar(person),
    h("span", {}, h("strong", {}, nameOf(person)), h("small", {}, person.id === state.guild.owner_id ? "owns the server" : `@${person.username}`)),
    h("kbd", {}, `Alt ${index + 1}`),
  );
}

function renderMembers() {
  const users = [...state.members.values()].map((m) => m.user);
  const list = (title, some) => some.length > 0 && [h("h2.section", {}, `${title} — ${some.length}`), h("ul", {}, some.map((user) => h("li", {}, memberRow(user))))];
  byId("members").replaceChildren(...[list("Apps", users.filter((u) => u.bot)), list("People", users.filter((u) => !u.bot))].flat().filter(Boolean));
}

function memberRow(user) {
  const isMe = user.id === state.me.id;
  const isOwner = user.id === state.guild.owner_id;
  return h(
    "button.row.member",
    { type: "button", disabled: isMe, title: isMe ? "You" : `Message ${nameOf(user)}`, style: { "--person": colourOf(user) }, data: { testid: `member-${user.username}` }, onclick: () => openDm(user.id) },
    avatar(user),
    h("span.row-label", {}, nameOf(user)),
    isOwner && icon("crown", "Owner"),
    user.bot && h("span.app-tag", {}, "APP"),
    isMe && h("small", {}, "you"),
  );
}
