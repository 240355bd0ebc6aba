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

const namesOf = (command) => [command.shown.toLowerCase(), command.name];
const fits = (command, wanted) => namesOf(command).some((name) => name.startsWith(wanted));

/** Commands whose name, in their language or as the bot has it, fits what is typed; a better fit first. */
export function commandItems(typed, pick) {
  const wanted = typed.trim().toLowerCase();
  return offered
    .filter((command) => namesOf(command).some((name) => name.includes(wanted) || wanted.startsWith(`${name} `)))
    .sort((a, b) => Number(fits(b, wanted)) - Number(fits(a, wanted)))
    .map((command) => {
      const bot = state.users.get(command.application_id);
      const needed = command.options.filter((o) => o.required).map((o) => h("span.option-name", {}, o.shown));
      return {
        id: command.name,
        lead: bot ? avatar(bot) : icon("slash"),
        title: [`/${command.shown}`, needed],
        detail: command.description,
        pick: () => pick(command),
      };
    });
}
