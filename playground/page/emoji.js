// The few emoji the playground is about, drawn here, since a plain Linux machine may have no emoji
// font. Any other emoji is shown as text.

import { h, s } from "./dom.js";

const SKIN = "#f7c948";
const LINE = "#b7791f";
const face = (...parts) => [["circle", { cx: 18, cy: 18, r: 16, fill: SKIN }], ...parts];
const eyes = [
  ["ellipse", { cx: 12.5, cy: 15, rx: 2, ry: 2.8, fill: "#5b3a10" }],
  ["ellipse", { cx: 23.5, cy: 15, rx: 2, ry: 2.8, fill: "#5b3a10" }],
];
const thumb = [
  ["path", { fill: SKIN, stroke: LINE, "stroke-width": 1.2, "stroke-linejoin": "round",
    d: "M11 17.5 16.5 10c.8-1.1.9-3 .9-5 0-2 1-3 2.6-3 2.6 0 3.8 2.5 3.8 5.2 0 2-.5 3.9-1 5.300H30c2 0 3.2 1.3 3.2 3 0 1.2-.6 2.1-1.5 2.6.9.5 1.3 1.4 1.3 2.4 0 1.5-1 2.5-2.2 2.8.5.5.8 1.2.8 2 0 1.5-1.1 2.6-2.5 2.8.2.4.4.9.4 1.5 0 1.7-1.3 2.9-3.3 2.900H18c-3 0-5-1-7-2.500Z" }],
  ["path", { fill: "#3b6fd4", d: "M3 16h8.500v15.500H3z" }],
];
const arrows = (colour) => [
  ["rect", { x: 2, y: 2, width: 32, height: 32, rx: 7, fill: colour }],
  ["path", { fill: "none", stroke: "#fff", "stroke-width": 3.2, "stroke-linecap": "round",
    d: "M9 16.500a9.2 9.2 0 0 1 16-4.500M27 19.500a9.2 9.2 0 0 1-16 4.5" }],
  ["path", { fill: "#fff", d: "m28.5 6.5-.6 8.3-7.6-3.300ZM7.5 29.500l.6-8.3 7.6 3.300Z" }],
];
const heart = [["path", { fill: "#dd2e44", d: "M18 32C9 25.5 3 19.5 3 12.8 3 8 6.5 4.5 10.8 4.500c3 0 5.7 1.7 7.2 4.4 1.5-2.7 4.2-4.4 7.2-4.400C29.5 4.5 33 8 33 12.8 33 19.5 27 25.5 18 32Z" }]];

const DRAWINGS = {
  "👍": thumb,
  "👎": [["g", { transform: "translate(0 36) scale(1 -1)" }, ...thumb]],
  "🔁": arrows("#3b88c3"),
  "🔄": arrows("#3b88c3"),
  "↻": arrows("#3b88c3"),
  "❤": heart,
  "🔥": [
    ["path", { fill: "#f4900c", d: "M18 34c-7.5 0-12-4.8-12-11.5 0-7 5-9.5 6-17 4 1.5 6 4.5 6.3 8 1.3-1 2-2.5 2.2-4.5 5 3.5 9.5 8 9.5 14C30 29.5 25.5 34 18 34Z" }],
    ["path", { fill: "#ffcc4d", d: "M18 34c-4 0-6.5-2.5-6.5-6.5 0-4 3-5 4.5-9.5 4.5 2.5 8.5 5.5 8.5 10 0 3.5-2.5 6-6.5 6Z" }],
  ],
  "😂": face(
    ["path", { d: "M8.5 15.500q3-4 6 0M21.5 15.500q3-4 6 0", fill: "none", stroke: "#5b3a10", "stroke-width": 2, "stroke-linecap": "round" }],
    ["path", { d: "M9.5 20h17c0 5-3.5 9-8.5 9s-8.5-4-8.5-9Z", fill: "#5b3a10" }],
    ["path", { d: "M5.5 17c-3 2.5-4.5 5-3.5 7s4.5 1 5-2ZM30.5 17c3 2.5 4.5 5 3.5 7s-4.5 1-5-2Z", fill: "#5dadec" }],
  ),
  "😊": face(
    ["path", { d: "M9.5 15.500q3-4 6 0M20.5 15.500q3-4 6 0M11 22q7 6.5 14 0", fill: "none", stroke: "#5b3a10", "stroke-width": 2.2, "stroke-linecap": "round" }],
    ["circle", { cx: 7.5, cy: 20.5, r: 2.5, fill: "#f08a5d", opacity: 0.7 }],
    ["circle", { cx: 28.5, cy: 20.5, r: 2.5, fill: "#f08a5d", opacity: 0.7 }],
  ),
  "😮": face(...eyes, ["ellipse", { cx: 18, cy: 25, rx: 4, ry: 5, fill: "#5b3a10" }]),
  "😢": face(
    ...eyes,
    ["path", { d: "M12 27q6-5.5 12 0", fill: "none", stroke: "#5b3a10", "stroke-width": 2.2, "stroke-linecap": "round" }],
    ["path", { d: "M24 20c3 4 4 6.5 4 8.500a4 4 0 0 1-8 0c0-2 1-4.5 4-8.500Z", fill: "#5dadec" }],
  ),
  "🤔": face(
    ...eyes,
    ["path", { d: "M20 10.500q3.5-3 7 0M12 25.500q5-2 9 0", fill: "none", stroke: "#5b3a10", "stroke-width": 2, "stroke-linecap": "round" }],
    ["path", { d: "M8 35c-2.5-3.5-1.5-7.5 2-9l7.5-2.500c2-.5 2.5 2 .8 2.800l-3.3 1.500h4c3 0 3 6.2-1.5 7.200Z", fill: "#eeb32b", stroke: LINE }],
  ),
  "👀": [
    ["ellipse", { cx: 10, cy: 18, rx: 8, ry: 12, fill: "#fff", stroke: "#8899a6" }],
    ["ellipse", { cx: 26, cy: 18, rx: 8, ry: 12, fill: "#fff", stroke: "#8899a6" }],
    ["circle", { cx: 7.5, cy: 20, r: 4, fill: "#31220f" }],
    ["circle", { cx: 23.5, cy: 20, r: 4, fill: "#31220f" }],
  ],
  "🎉": [
    ["path", { d: "M3 33 11 12l13 13Z", fill: "#f4b93b" }],
    ["path", { d: "m8.2 19.5 8.3 8.3-4 1.6-5.9-5.800Z", fill: "#dd5e44" }],
    ["path", { d: "M20 14q0-6 5-7M23 18q4-4 9-2", fill: "none", stroke: "#7b5bd0", "stroke-width": 2, "stroke-linecap": "round" }],
    ["circle", { cx: 14, cy: 6, r: 2, fill: "#5dadec" }],
    ["circle", { cx: 30, cy: 24, r: 2, fill: "#dd2e44" }],
    ["circle", { cx: 31, cy: 7, r: 1.8, fill: "#3f9d5a" }],
  ],
  "✅": [
    ["rect", { x: 2, y: 2, width: 32, height: 32, rx: 7, fill: "#4c9f50" }],
    ["path", { d: "m9 18.5 6 6.500L27.5 11", fill: "none", stroke: "#fff", "stroke-width": 4, "stroke-linecap": "round", "stroke-linejoin": "round" }],
  ],
  "❌": [["path", { d: "m7 7 22 22M29 7 7 29", stroke: "#dd2e44", "stroke-width": 6, "stroke-linecap": "round" }]],
  "⭐": [["path", { fill: "#f7b924", d: "m18 2 4.9 10.4 11.1 1.5-8.1 7.9 2 11.2-9.9-5.400L8.1 33l2-11.200L2 13.900l11.1-1.500Z" }]],
};

export const NAMES = {
  "👍": "thumbs up", "👎": "thumbs down", "🔁": "again", "❤️": "heart", "🔥": "fire", "😂": "joy",
  "😊": "smile", "😮": "surprised", "😢": "sad", "🤔": "thinking", "👀": "eyes", "🎉": "party",
  "✅": "done", "❌": "no", "⭐": "star", "🔄": "reload", "↻": "again",
};
export const PICKER = ["👍", "👎", "🔄", "❤️", "🔥", "😂", "😊", "😮", "😢", "🤔", "👀", "🎉", "✅", "❌", "⭐"];
const KNOWN = new RegExp(`(${Object.keys(DRAWINGS).join("|")})\\uFE0F?`, "gu");

const build = ([tag, props, ...children]) => s(tag, props, children.map(build));

/** An emoji as a node: drawn if it is one of ours, else its own character. */
export function emoji(character) {
  const drawing = DRAWINGS[character.replace("\uFE0F", "")];
  if (!drawing) return document.createTextNode(character);
  const label = NAMES[character] || NAMES[`${character}\uFE0F`] || character;
  return s("svg", { class: "emoji", viewBox: "0 0 36 36", role: "img", "aria-label": label, "data-emoji": character }, drawing.map(build));
}

/** Discord's {id, name}: a server's own emoji as its picture, any other as `emoji` has it. */
export function emojiOf({ id, name }) {
  if (!id) return emoji(name);
  return h("img.emoji", { src: `/emojis/${id}`, alt: `:${name}:`, title: `:${name}:`, data: { emoji: name } });
}

/** Plain text as nodes, known emoji drawn. */
export function withEmoji(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(KNOWN)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    nodes.push(emoji(match[0]));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}
