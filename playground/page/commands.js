// The `/` picker: which commands the playground offers this person in this channel.

import { h } from "./dom.js";
import { avatar } from "./avatar.js";
import { line } from "./actions.js";
import { icon } from "./icons.js";
import { state } from "./state.js";

let offered = [];

export async function loadCommands(channelId) {
  offered = [];
  const list = await line.ask("commands", { channel: channelId }).catch(() => []); // none until the bot is up
  if (channelId === state.openId) offered = list;
}

/** Commands whose name fits what is typed; a better fit first. */
export function commandItems(typed, pick) {
  loadCommands(state.openId); // for the next key: a bot that just came up registers its commands late
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
