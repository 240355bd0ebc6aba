// Discord's markdown as DOM nodes. `names` looks up who and what an id means:
// {user(id) → user | undefined, channel(id), role(id), command(node) → text, openChannel(id), openUser(id)}.

import { h } from "./dom.js";
import { nameOf } from "./avatar.js";
import { emojiOf, withEmoji } from "./emoji.js";
import { parse } from "./markdown.js";
import { formatTime, relativeTime } from "./time.js";

/** The nodes of a message's text. */
export function markdown(text, names) {
  const blocks = parse(text);
  const isJumbo = isOnlyEmoji(text);
  return blocks.map((node) => block(node, names, isJumbo));
}

/** One line of text without blocks, for reply previews. */
export function plainLine(text, names) {
  const flat = (nodes) =>
    nodes.map((node) => {
      if (node.type === "text" || node.type === "code") return node.text;
      if (node.type === "user") return `@${nameOf(names.user(node.id) || { username: "someone" })}`;
      if (node.type === "channel") return `#${names.channel(node.id)?.name || "channel"}`;
      if (node.type === "command") return names.command(node);
      if (node.type === "fence") return node.text;
      if (node.type === "emoji") return `:${node.name}:`;
      if (node.type === "spoiler") return "█████";
      if (node.type === "list") return node.items.map((item) => flat(item)).join(" ");
      return flat(node.children || []) + (node.type === "line" ? " " : "");
    }).join("");
  return flat(parse(text)).replace(/\s+/g, " ").trim();
}

function isOnlyEmoji(text) {
  const bare = text.trim();
  return bare.length > 0 && bare.length < 60 && /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s)+$/u.test(bare) && /\p{Extended_Pictographic}/u.test(bare);
}

function block(node, names, isJumbo = false) {
  const children = () => spans(node.children, names);
  switch (node.type) {
    case "heading":
      return h(`h${node.level + 2}.md-heading`, { data: { level: node.level } }, children());
    case "subtext":
      return h("small.md-subtext", {}, children());
    case "quote":
      return h("blockquote", {}, node.children.map((child) => block(child, names)));
    case "fence":
      return h(
        "div.fence",
        { data: { language: node.language } },
        node.language && h("span.fence-language", {}, node.language),
        h("pre", { tabindex: 0 }, h("code", {}, node.text)),
      );
    case "list":
      return h(
        node.start === null ? "ul" : "ol",
        { start: node.start },
        node.items.map((item) => h("li", {}, item.map((child) => block(child, names)))),
      );
    default:
      return h(isJumbo ? "div.md-line.jumbo" : "div.md-line", {}, children());
  }
}

const spans = (nodes, names) => nodes.map((node) => span(node, names));

function span(node, names) {
  const children = () => spans(node.children, names);
  switch (node.type) {
    case "text": return withEmoji(node.text);
    case "code": return h("code.inline-code", {}, node.text);
    case "strong": return h("strong", {}, children());
    case "em": return h("em", {}, children());
    case "underline": return h("u", {}, children());
    case "strike": return h("s", {}, children());
    case "spoiler": return spoiler(children());
    case "link": return safeLink(node.url, children());
    case "user": return userMention(node.id, names);
    case "role": return h("span.mention", {}, `@${names.role(node.id)?.name || "unknown-role"}`);
    case "channel": return channelMention(node.id, names);
    case "command": return h("span.mention", {}, names.command(node));
    case "everyone": return h("span.mention", {}, node.name);
    case "emoji": return emojiOf(node);
    case "time": return time(node);
    default: return "";
  }
}

function spoiler(children) {
  const reveal = (event) => {
    const element = event.currentTarget;
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (element.dataset.open) return;
    event.preventDefault();
    element.dataset.open = "true";
    element.setAttribute("aria-expanded", "true");
    element.removeAttribute("aria-label");
  };
  return h(
    "span.spoiler",
    { role: "button", tabindex: 0, "aria-label": "Spoiler, press to show", "aria-expanded": "false", onclick: reveal, onkeydown: reveal },
    h("span.spoiler-text", {}, children),
  );
}

export function safeLink(url, children, props = {}) {
  let isSafe = false;
  try {
    isSafe = ["http:", "https:"].includes(new URL(url, location.href).protocol);
  } catch {
    isSafe = false; // not a URL: shown as text
  }
  if (!isSafe) return h("span", {}, children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url, ...props }, children);
}

function userMention(id, names) {
  const user = names.user(id);
  const label = `@${user ? nameOf(user) : "unknown-user"}`;
  if (!user) return h("span.mention", { data: { userId: id } }, label);
  return h("button.mention", { type: "button", data: { userId: id }, onclick: () => names.openUser?.(id) }, label);
}

function channelMention(id, names) {
  const channel = names.channel(id);
  if (!channel) return h("span.mention", {}, "#No Access");
  return h("button.mention", { type: "button", onclick: () => names.openChannel?.(id) }, `#${channel.name}`);
}

function time({ at, style }) {
  const date = new Date(at * 1000);
  if (Number.isNaN(date.getTime())) return `<t:${at}>`;
  const text = style === "R" ? relativeTime(date) : formatTime(date, style);
  return h("time.md-time", { datetime: date.toISOString(), title: formatTime(date, "F") }, text);
}
