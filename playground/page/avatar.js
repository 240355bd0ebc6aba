// Avatars: initials on a person's own colour, or the bot's bird.

import { s } from "./dom.js";

const COLOURS = ["#2f6f8f", "#a1527a", "#8a6a1f", "#3f7d4e", "#7b5bb0", "#b0563a", "#4a62b5", "#5f7a2c"];
const NAMED = { owner: "#8a6a1f", alice: "#a1527a", bob: "#2f6f8f", carol: "#3f7d4e" };

export function colourOf(user) {
  if (NAMED[user.username]) return NAMED[user.username];
  let sum = 0;
  for (const character of String(user.id)) sum = (sum * 31 + character.charCodeAt(0)) % 9973;
  return user.bot ? "#3a62c8" : COLOURS[sum % COLOURS.length];
}

export function nameOf(user) {
  return user.global_name || user.username;
}

export function avatar(user) {
  const drawn = user.bot ? bird() : initials(user);
  return s(
    "svg",
    { class: "avatar", viewBox: "0 0 40 40", "aria-hidden": "true" },
    s("circle", { cx: 20, cy: 20, r: 20, fill: user.bot ? "#23386b" : colourOf(user) }),
    drawn,
  );
}

function initials(user) {
  const text = [...nameOf(user)][0].toUpperCase();
  return s("text", { x: 20, y: 26.5, "text-anchor": "middle", class: "initials" }, text);
}

// A satin bowerbird: dark blue, pale bill, violet eye, and a blue find beside it.
function bird() {
  return [
    s("path", { fill: "#6f93e8", d: "M8 31c1-11 6-19 14-19 4.4 0 7.3 2.4 8 5.700l4.5 1.6-4.6 1.900C29 27 24 30.5 17 30.500c-3 0-5 .1-9 .5Z" }),
    s("path", { fill: "#93b0f5", d: "M11 29.500c3.5-7 8-9.5 13.5-9.5-.8 5.3-5.7 9-13.5 9.500Z" }),
    s("path", { fill: "#f2e6c2", d: "m30 17.7 5 1.6-4.9 2Z" }),
    s("circle", { cx: 25.5, cy: 17, r: 2.1, fill: "#1a1030" }),
    s("circle", { cx: 26.1, cy: 16.4, r: 0.7, fill: "#fff" }),
  ];
}
