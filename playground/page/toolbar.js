// The tools that appear on a message under the pointer or the keyboard's focus.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { toggleReaction } from "./actions.js";
import { findMessage, isMine, may, setReply } from "./state.js";

const QUICK = [["👍", "Thumbs up"], ["👎", "Thumbs down"], ["🔄", "Again"]];

/** `actions`: {pickEmoji(channelId, id, anchor), edit(message), menu(message, x, y)}. */
export function toolbar(channelId, id, actions) {
  const live = () => findMessage(channelId, id);
  const message = live();
  if (!message) return [];
  const isPlain = !(message.flags & (64 | 128));
  const tool = (label, testid, content, onclick) =>
    h("button.tool", { type: "button", tabindex: -1, "aria-label": label, title: label, data: { testid }, onclick }, content);
  return [
    isPlain && QUICK.map(([character, label]) =>
      tool(label, `quick-${character}`, emoji(character), () => toggleReaction(live(), { id: null, name: character }))),
    isPlain && may("react", channelId) && tool("Add reaction", "add-reaction", icon("smile"), (e) => actions.pickEmoji(channelId, id, e.currentTarget)),
    isPlain && may("send", channelId) && tool("Reply", "reply", icon("reply"), () => setReply(live())),
    isPlain && isMine(message) && tool("Edit", "edit", icon("edit"), () => actions.edit(live())),
    tool("More", "more", icon("more"), (e) => {
      const box = e.currentTarget.getBoundingClientRect();
      actions.menu(live(), box.left, box.bottom + 4, e.currentTarget);
    }),
  ];
}
