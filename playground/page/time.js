// How times are written: in message headers, day lines and <t:…> marks, in the reader's language.

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export function formatTime(date, style) {
  return new Intl.DateTimeFormat(undefined, STYLES[style]).format(date);
}

export function relativeTime(date, now = new Date()) {
  const seconds = Math.round((date - now) / 1000);
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) || UNITS.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

const dayOf = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

export function isSameDay(a, b) {
  return dayOf(a).getTime() === dayOf(b).getTime();
}

/** "12:34" today, "Yesterday at 12:34", else date and time. */
export function messageTime(date, now = new Date()) {
  const clock = formatTime(date, "t");
  if (isSameDay(date, now)) return clock;
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (isSameDay(date, yesterday)) return `Yesterday at ${clock}`;
  return `${formatTime(date, "d")} ${clock}`;
}
