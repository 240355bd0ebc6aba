// Discord's markdown as a tree. Contract: text in, plain objects out; no DOM, so it can be tested by
// value. Anything that is not exactly a mark stays text, as in Discord (an unclosed ``` is three
// backticks).
//
// Inline nodes: {type: "text" | "code" | "strong" | "em" | "underline" | "strike" | "spoiler" | "link" |
// "user" | "role" | "channel" | "command" | "everyone" | "emoji" | "time", …}
// Blocks: {type: "line" | "heading" | "subtext" | "quote" | "list" | "fence", …}

const INLINE = [
  ["escape", /\\([^0-9A-Za-z\s])/y, (m) => ({ type: "text", text: m[1] })],
  ["code", /(`+)(?!`)([^]*?[^`])\1(?!`)/y, (m) => ({ type: "code", text: m[2].replace(/^ (?=`)|(?<=`) $/g, "") })],
  ["angle", /<(https?:\/\/[^\s>]+)>/y, (m) => link(m[1], [{ type: "text", text: m[1] }])],
  ["user", /<@!?(\d+)>/y, (m) => ({ type: "user", id: m[1] })],
  ["role", /<@&(\d+)>/y, (m) => ({ type: "role", id: m[1] })],
  ["channel", /<#(\d+)>/y, (m) => ({ type: "channel", id: m[1] })],
  ["command", /<\/([-_ \p{L}\p{N}]{1,100}):(\d+)>/uy, (m) => ({ type: "command", name: m[1], mention: m[0] })],
  ["custom", /<a?:(\w+):(\d+)>/y, (m) => ({ type: "emoji", name: m[1], id: m[2] })],
  ["time", /<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y, (m) => ({ type: "time", at: Number(m[1]), style: m[2] || "f" })],
  ["everyone", /@(everyone|here)\b/y, (m) => ({ type: "everyone", name: m[0] })],
  ["masked", /\[((?:\\.|[^[\]\\])+)\]\(<?(https?:\/\/[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)>?\)/y, (m, d) => link(m[2], inline(m[1], d + 1))],
  ["url", /https?:\/\/[^\s<]+[^<.,:;"'\])\s*_~|]/y, (m) => link(m[0], [{ type: "text", text: m[0] }])],
  ["strong", /\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/y, wrap("strong")],
  ["underline", /__((?:\\[^]|[^\\])+?)__(?!_)/y, wrap("underline")],
  ["em_", /\b_((?:__|\\[^]|[^\\_])+?)_\b/y, wrap("em")],
  ["em", /\*(?=\S)((?:\*\*|\\[^]|\s+(?:\\[^]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)/y, wrap("em")],
  ["strike", /~~([^]+?)~~/y, wrap("strike")],
  ["spoiler", /\|\|([^]+?)\|\|/y, wrap("spoiler")],
];
const SPECIAL = /[\\`<@[*_~|h]/g; // where an inline mark can begin ("h" for http)
const MAX_DEPTH = 12;
const FENCE = /```(?:([\w+\-.#]+)\n)?\n*([^]*?)\n*```/y;

function link(url, children) {
  return { type: "link", url, children };
}

function wrap(type) {
  return (match, depth) => ({ type, children: inline(match[1], depth + 1) });
}

/** Inline marks of a stretch of text. */
export function inline(text, depth = 0) {
  if (depth > MAX_DEPTH) return [{ type: "text", text }];
  const nodes = [];
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain) nodes.push({ type: "text", text: plain });
    plain = "";
  };
  while (at < text.length) {
    SPECIAL.lastIndex = at;
    const next = SPECIAL.exec(text);
    const stop = next ? next.index : text.length;
    plain += text.slice(at, stop);
    at = stop;
    if (!next) break;
    const found = matchAt(text, at);
    if (found) {
      const node = found.make(found.match, depth);
      if (node.type === "text") plain += node.text;
      else {
        flush();
        nodes.push(node);
      }
      at += found.match[0].length;
    } else plain += text[at++];
  }
  flush();
  return nodes;
}

function matchAt(text, at) {
  for (const [, pattern, make] of INLINE) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { match, make };
  }
  return null;
}

/** A whole message. */
export function parse(text, isQuoted = false) {
  const blocks = [];
  let lines = [];
  let at = 0;
  const flush = () => {
    if (lines.length) blocks.push(...paragraphs(lines));
    lines = [];
  };
  let line = "";
  let isLineStart = true;
  const endLine = () => {
    lines.push(line);
    line = "";
  };
  while (at < text.length) {
    if (isLineStart && !isQuoted) {
      const quoted = quoteAt(text, at);
      if (quoted) {
        flush();
        blocks.push({ type: "quote", children: parse(quoted.text, true) });
        at += quoted.length;
        continue;
      }
    }
    isLineStart = false;
    if (text.startsWith("```", at)) {
      FENCE.lastIndex = at;
      const match = FENCE.exec(text);
      if (match && match[2].trim()) {
        if (line) endLine();
        flush();
        blocks.push({ type: "fence", language: match[1] || "", text: match[2] });
        at += match[0].length;
        if (text[at] === "\n") at += 1;
        isLineStart = true;
        continue;
      }
    }
    const character = text[at++];
    if (character === "\n") {
      endLine();
      isLineStart = true;
    } else line += character;
  }
  if (line || (lines.length && text.endsWith("\n"))) endLine();
  flush();
  return blocks;
}

function quoteAt(text, at) {
  if (text.startsWith(">>> ", at)) return { text: text.slice(at + 4), length: text.length - at };
  let end = at;
  const kept = [];
  while (text.startsWith("> ", end)) {
    const newline = text.indexOf("\n", end);
    const stop = newline < 0 ? text.length : newline;
    kept.push(text.slice(end + 2, stop));
    end = newline < 0 ? text.length : newline + 1;
  }
  return kept.length ? { text: kept.join("\n"), length: end - at } : null;
}

// Lines without fences and quotes: headings, subtext and lists; the rest keeps its line breaks and
// is parsed as one stretch, so that **bold** may run over lines.
function paragraphs(lines) {
  const blocks = [];
  let rest = [];
  const flush = () => {
    const text = rest.join("\n");
    if (rest.length) blocks.push({ type: "line", children: inline(text) });
    rest = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const heading = /^(#{1,3})\s+(.+)$/.exec(lines[i]);
    const subtext = /^-#\s+(.+)$/.exec(lines[i]);
    if (heading) {
      flush();
      blocks.push({ type: "heading", level: heading[1].length, children: inline(heading[2]) });
    } else if (subtext) {
      flush();
      blocks.push({ type: "subtext", children: inline(subtext[1]) });
    } else if (itemOf(lines[i])) {
      flush();
      const items = [];
      while (i < lines.length && (itemOf(lines[i]) || (items.length && /^ {2,}\S/.test(lines[i])))) {
        const item = itemOf(lines[i]);
        if (item) items.push(item);
        else items.at(-1).text += `\n${lines[i].trim()}`;
        i += 1;
      }
      i -= 1;
      blocks.push(...nest(items));
    } else rest.push(lines[i]);
  }
  flush();
  return blocks;
}

function itemOf(line) {
  const match = /^( *)(?:([-*])|(\d{1,9})\.) +(\S.*)$/.exec(line);
  return match && { indent: match[1].length, number: match[3] ? Number(match[3]) : null, text: match[4] };
}

function nest(items) {
  const lists = [];
  for (let i = 0; i < items.length; ) {
    const { indent, number } = items[i];
    const list = { type: "list", start: number, items: [] };
    while (i < items.length && items[i].indent === indent && (items[i].number === null) === (number === null)) {
      const own = items[i++];
      let end = i;
      while (end < items.length && items[end].indent > indent) end += 1;
      list.items.push([{ type: "line", children: inline(own.text) }, ...nest(items.slice(i, end))]);
      i = end;
    }
    lists.push(list);
  }
  return lists;
}
