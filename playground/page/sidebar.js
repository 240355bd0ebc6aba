// The server column and the list of channels, threads and direct messages.

import { byId, h } from "./dom.js";
import { avatar, nameOf } from "./avatar.js";
import { icon } from "./icons.js";
import { open, openDm } from "./actions.js";
import { isDm, isThread, isUnread, on, openChannel, state } from "./state.js";

export function mountSidebar() {
  const render = () => {
    if (!state.guild) return;
    renderRail();
    byId("guild-name").textContent = state.guild.name;
    const focused = document.activeElement?.dataset?.row;
    byId("channels").replaceChildren(...sections());
    if (focused) byId("channels").querySelector(`[data-row="${focused}"]`)?.focus();
  };
  on("ready", render);
  on("channels", render);
  on("open", () => {
    render();
    closeDrawers();
  });
  byId("channels").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const rows = [...byId("channels").querySelectorAll(".row")];
    rows[rows.indexOf(document.activeElement) + step]?.focus();
  });
}

export function closeDrawers() {
  document.body.classList.remove("sidebar-open");
  byId("open-sidebar").setAttribute("aria-expanded", "false");
}

const byPosition = (a, b) => (a.position ?? 0) - (b.position ?? 0);
const all = () => [...state.channels.values()];
const total = (entries) => entries.reduce((sum, entry) => sum + (state.pings.get(entry.id) || 0), 0);

function renderRail() {
  const isInDm = openChannel() && isDm(openChannel());
  const dms = all().filter(isDm);
  const places = all().filter((entry) => !isDm(entry));
  const words = state.guild.name.split(/\s+/).map((word) => word[0]).join("").slice(0, 3);
  byId("rail").replaceChildren(
    railButton({ label: "Direct messages", content: icon("at"), isOn: isInDm, entries: dms, onclick: openDirect, testid: "rail-dms" }),
    h("hr"),
    railButton({ label: state.guild.name, content: words, isOn: !isInDm, entries: places, onclick: () => open(places.filter((c) => c.type === 0).sort(byPosition)[0].id), testid: "rail-guild" }),
  );
}

function openDirect() {
  const bot = [...state.members.values()].find((m) => m.user.bot);
  if (bot) openDm(bot.user.id);
}

function railButton({ label, content, isOn, entries, onclick, testid }) {
  const count = total(entries);
  const isNew = entries.some(isUnread);
  return h(
    "div.rail-item",
    { class: `${isOn ? "on" : ""} ${isNew ? "unread" : ""}` },
    h("button.rail-button", { type: "button", "aria-label": label + (isNew ? ", unread" : ""), title: label, "aria-current": isOn ? "true" : null, data: { testid }, onclick }, content),
    count > 0 && h("span.badge", {}, String(count)),
  );
}

function sections() {
  const texts = all().filter((entry) => entry.type === 0).sort(byPosition);
  const threadsOf = (parent) => all().filter((entry) => isThread(entry) && entry.parent_id === parent.id && !entry.thread_metadata?.archived);
  return [
    h("h2.section", {}, "Text channels"),
    h("ul", {}, texts.map((entry) => [
      h("li", {}, row(entry, { lead: icon("hash"), label: entry.name })),
      threadsOf(entry).map((thread) => h("li.thread-row", {}, row(thread, { lead: icon("thread"), label: thread.name }))),
    ])),
    h("h2.section", {}, "Direct messages"),
    h("ul", {}, partners().map((user) => h("li", {}, directRow(user)))),
  ];
}

// Everybody is listed, bots first: a direct message is one press away, as is finding out that it is.
function partners() {
  const users = [...state.members.values()].map((m) => m.user).filter((user) => user.id !== state.me.id);
  return users.sort((a, b) => Number(Boolean(b.bot)) - Number(Boolean(a.bot)));
}

function directRow(user) {
  const entry = all().find((c) => isDm(c) && c.recipients.some((r) => r.id === user.id));
  return row(entry || { id: `user-${user.id}` }, {
    lead: avatar(user),
    label: nameOf(user),
    testid: `dm-${user.username}`,
    onclick: () => (entry ? open(entry.id) : openDm(user.id)),
  });
}

function row(entry, { lead, label, testid, onclick }) {
  const isOn = entry.id === state.openId;
  const isNew = isUnread(entry);
  const count = state.pings.get(entry.id) || 0;
  return h(
    "button.row",
    {
      type: "button",
      class: `${isOn ? "on" : ""} ${isNew ? "unread" : ""}`,
      "aria-current": isOn ? "page" : null,
      "aria-label": `${label}${isNew ? ", unread" : ""}${count ? `, ${count} mentions` : ""}`,
      data: { row: entry.id, channelId: entry.id, testid: testid || `channel-${label}` },
      onclick: onclick || (() => open(entry.id)),
    },
    lead,
    h("span.row-label", {}, label),
    count > 0 && h("span.badge", {}, String(count)),
  );
}
