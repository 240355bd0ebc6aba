// Who and what an id in a message means, for the markdown view.

import { open, openDm } from "./actions.js";
import { state } from "./state.js";

export const names = {
  user: (id) => state.users.get(id),
  channel: (id) => {
    const entry = state.channels.get(id);
    return entry && entry.type !== 1 ? entry : undefined;
  },
  command: (node) => `/${state.commands.get(node.mention) || node.name}`,
  role: (id) => state.roles.get(id),
  openChannel: (id) => open(id),
  openUser: (id) => {
    if (id !== state.me.id) openDm(id);
  },
};
