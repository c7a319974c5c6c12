// The light: what the connection is, in one word, and the words of what was lost and caught up. Pure.

import { clockTime, plural } from "./words.js";

/**
 * `{kind, word}`; kind is "live", "wait", "lost" or "out". A page that lost the connection stays "Disconnected" while it
 * tries: only what arrives changes that.
 */
export function lightOf({ name, staleSince, why }) {
  switch (name) {
    case "live":
      return { kind: "live", word: "Live" };
    case "catching-up":
      return { kind: "wait", word: why?.code === "checking" ? "Checking" : "Catching up" };
    case "connecting":
      return staleSince === null && why === null ? { kind: "wait", word: "Connecting" } : { kind: "lost", word: "Disconnected" };
    case "stale":
      return { kind: "lost", word: "Disconnected" };
    case "stopped":
      return { kind: "lost", word: "Stopped" };
    default:
      return { kind: "out", word: "Signed out" };
  }
}

/** "since 14:02:11", where the page shows the past; `at` in milliseconds. */
export function sinceWords(at) {
  return at === null ? "" : `since ${clockTime(at)}`;
}

/** What is said when the connection is back. */
export function backWords({ missed, newHistory }) {
  if (newHistory) return "Back, with a new history.";
  if (missed === null) return "Back. Everything is at its latest state.";
  return missed === 0 ? "Back. Nothing was missed." : `Back. Caught up on ${plural(missed, "event")}.`;
}

/** What is said while it is lost; `retryInMs` is null while a try is under way. */
export function lostWords(hasShown, retryInMs) {
  const what = hasShown ? "Connection lost." : "The server does not answer.";
  const seconds = retryInMs === null ? 0 : Math.ceil(retryInMs / 1000);
  return seconds > 0 ? `${what} Trying again in ${seconds} s.` : `${what} Trying again…`;
}
