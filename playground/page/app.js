// The playground's page: puts the parts together. Everything it shows and does goes through one socket
// (`socket.js`) as one person at a time.

import { byId } from "./dom.js";
import { nameOf } from "./avatar.js";
import { icon } from "./icons.js";
import { become, whoLastTime } from "./actions.js";
import { labelOf, mountComposer } from "./composer.js";
import { editMessage } from "./editor.js";
import { mountInteractions } from "./interactions.js";
import { emojiPicker, messageMenu, removeMessage } from "./menu.js";
import { mountMessages } from "./messages.js";
import { mountPeople } from "./people.js";
import { closeDrawers, mountSidebar } from "./sidebar.js";
import { bots, isDm, isThread, on, openChannel, state } from "./state.js";

const NARROW = matchMedia("(max-width: 900px)");

for (const [id, name] of Object.entries({ "open-sidebar": "menu", "toggle-members": "people", attach: "plus", "mention-bot": "at", "open-commands": "slash", send: "send" })) byId(id).prepend(icon(name));

const edit = (message) => editMessage(message, () => composer.focus());
const composer = mountComposer({ edit });
mountSidebar();
mountPeople();
mountInteractions();
mountMessages({
  pickEmoji: emojiPicker,
  menu: (message, x, y, origin) => messageMenu(message, x, y, origin, { edit }),
  edit,
  remove: removeMessage,
  focusComposer: () => composer.focus(),
});

on("open", renderHeader);
on("channels", renderHeader);
on("typing", renderStatus);
on("open", renderStatus);
on("connection", (isUp) => {
  byId("offline").hidden = isUp;
});
let waiting = 0;
on("waiting", (count) => {
  waiting = count;
  renderStatus();
});

function renderHeader() {
  const entry = openChannel();
  if (!entry) return;
  byId("channel-icon").replaceChildren(icon(isDm(entry) ? "at" : isThread(entry) ? "thread" : "hash"));
  byId("channel-name").textContent = isDm(entry) ? nameOf(entry.recipients[0]) : entry.name;
  byId("channel-topic").textContent = entry.topic || (isThread(entry) ? `in #${state.channels.get(entry.parent_id)?.name ?? ""}` : "");
  const pings = [...state.pings.values()].reduce((sum, count) => sum + count, 0);
  document.title = `${pings ? `(${pings}) ` : ""}${labelOf(entry)} · ${state.guild.name}`;
  document.body.dataset.person = state.me.username;
  document.body.dataset.channelId = entry.id;
}

function renderStatus() {
  const typing = [...(state.typing.get(state.openId)?.keys() || [])].map((id) => nameOf(state.users.get(id) || { username: "Somebody" }));
  const line = byId("typing");
  let text = "";
  if (waiting) text = `Waiting for ${bots().map(nameOf).join(", ") || "the bot"}…`;
  else if (typing.length === 1) text = `${typing[0]} is typing…`;
  else if (typing.length > 1) text = `${typing.slice(0, -1).join(", ")} and ${typing.at(-1)} are typing…`;
  line.hidden = !text;
  byId("typing-text").textContent = text;
}

byId("open-sidebar").addEventListener("click", () => {
  const isOpen = document.body.classList.toggle("sidebar-open");
  byId("open-sidebar").setAttribute("aria-expanded", String(isOpen));
});
byId("shade").addEventListener("click", closeDrawers);
byId("toggle-members").addEventListener("click", () => showMembers(byId("members").hidden));
addEventListener("keydown", (event) => event.key === "Escape" && closeDrawers());
NARROW.addEventListener("change", () => showMembers(!NARROW.matches));
showMembers(!NARROW.matches);

function showMembers(isShown) {
  byId("members").hidden = !isShown;
  byId("toggle-members").setAttribute("aria-pressed", String(isShown));
}

become(whoLastTime());
