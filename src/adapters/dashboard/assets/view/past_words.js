// What the pictures and lists of an agent's past say of one band, mark or entry. Words only: no elements, no clock.

import { clockTime, duration, eventWords, fullTime, plural, reasonWords, statusWord } from "../model/words.js";

const KINDS = { start: ["start"], stop: ["stop"], restart: ["restart"], crash: ["crash", "crashes"], removed: ["removal"] };
const SHORT = 160;

export function statusLabel(status) {
  if (status === "waiting") return "Waiting";
  return status === "unknown" ? "Not known" : statusWord(status);
}

export function pastEventWords(entry) {
  return entry.event === "removed" ? "Removed" : eventWords(entry);
}

export function bandWords({ status, reason, from, to, began = from, count }) {
  const lines = [`${clockTime(began)} – ${clockTime(to)}, ${duration(to - began)}`];
  if (count > 1) return { title: `${plural(count, "short status", "short statuses")}, the worst: ${statusLabel(status)}`, lines };
  return { title: [statusLabel(status), bandReason(status, reason)].filter(Boolean).join(": "), lines };
}

function bandReason(status, reason) {
  if (status !== "unknown") return reasonWords(reason);
  return reason === "stale" ? "not heard since the server restarted" : "no event of this time is here";
}

export function markWords(mark) {
  const { at, to, count, tally, message } = mark;
  if (count === 1) return { title: pastEventWords(mark), lines: [fullTime(at), ...(message ? [cut(message)] : [])] };
  const events = Object.entries(tally).map(([event, number]) => plural(number, ...(KINDS[event] ?? [event])));
  return { title: events.join(", "), lines: [`${clockTime(at)} – ${clockTime(to)}`, `Latest of the gravest: ${pastEventWords(mark)}`] };
}

function cut(text) {
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}
