// Line icons of the page itself, drawn here so that nothing is fetched from elsewhere.

import { s } from "./dom.js";

const PATHS = {
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  thread: "M5 4v9a4 4 0 0 0 4 4h10M19 17l-3.5-3.5M19 17l-3.5 3.5",
  at: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm4 0v5.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.6 7.2",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.4a3.5 3.5 0 0 1 0 6.3M18 14.6c2.2.9 3.5 2.8 3.5 5.4",
  menu: "M4 6.5h16M4 12h16M4 17.5h16",
  plus: "M12 5v14M5 12h14",
  spark: "M12 3l2.2 6.8L21 12l-6.8 2.2L12 21l-2.2-6.8L3 12l6.800-2.200Z",
  close: "M6 6l12 12M18 6 6 18",
  send: "M4 12 3 4l18 8-18 8 1-8Zm0 0h8",
  reply: "M10 5 4 11l6 6M4 11h9a7 7 0 0 1 7 7v1",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 14a4 4 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  edit: "M4 20l1-5L16.5 3.5a2.1 2.1 0 0 1 3 0l1 1a2.1 2.1 0 0 1 0 3L9 19l-5 1Z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  id: "M3 5h18v14H3zM8 10v5M12 10v5h1.5a2.5 2.5 0 0 0 0-5H12Z",
  apps: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM17 14v6M14 17h6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  down: "M12 5v14M6 13l6 6 6-6",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  link: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  slash: "M16 4 8 20",
  chevron: "M6 9l6 6 6-6",
  crown: "M4 18h16M4 15 3 6l5.5 4L12 4l3.5 6L21 6l-1 9H4Z",
  warning: "M12 3 2 20h20L12 3ZM12 10v4M12 17h.01",
};

const HEAVY = new Set(["more"]);

export function icon(name, label = null) {
  return s(
    "svg",
    {
      class: "icon",
      viewBox: "0 0 24 24",
      "aria-hidden": label ? null : "true",
      "aria-label": label,
      role: label ? "img" : null,
    },
    s("path", { d: PATHS[name], style: HEAVY.has(name) ? { "stroke-width": "3" } : {} }),
  );
}
