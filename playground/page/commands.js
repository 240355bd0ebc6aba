// The `/` picker: which commands the playground offers this person in this channel.

import { h } from "./dom.js";
import { avatar } from "./avatar.js";
import { line } from "./actions.js";
import { icon } from "./icons.js";
import { state } from "./state.js";

let offered = [];
let offeredIn = null;

/** Resolves once the list is there. Asked anew at each "/", since a bot may come up late. */
export async function loadCommands(channelId) {
  if (offeredIn !== channelId) offered = [];
  offeredIn = channelId;
  const list = await line.ask("commands", { channel: channelId }).catch(() => []); // the line is down: none
  if (channelId === offeredIn) offered = list;
}

/** Commands whose name fits what is typed; a better fit first. */
export function commandItems(typed, pick) {
  const wanted = typed.trim().toLowerCase();
  return offered
    .filter((command) => command.name.includes(wanted) || wanted.startsWith(`${command.name} `))
    .sort((a, b) => Number(b.name.startsWith(wanted)) - Number(a.name.startsWith(wanted)))
    .map((command) => {
      const bot = state.users.get(command.application_id);
      const needed = command.options.filter((o) => o.required).map((o) => h("span.option-name", {}, o.name));
      return {
        id: command.name,
        lead: bot ? avatar(bot) : icon("slash"),
        title: [`/${command.name}`, needed],
        detail: command.description,
        pick: () => pick(command),
      };
    });
}
