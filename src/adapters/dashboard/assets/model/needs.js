// What of an agent or a session needs a person, and the words of a notification that says so. Pure: no DOM, no clock.

import { count, plural } from "./words.js";

/** What can need a person, the most pressing first. */
export const KINDS = ["crash_loop", "crash", "error", "waiting"];

const NAMES = 3;
const NAME_LENGTH = 40;
const BODY_LENGTH = 160;

/** Of how many agents it is said: "2 crashed", "1 waits". */
const WORDS = {
  crash_loop: { one: "keeps crashing", many: "keep crashing" },
  crash: { one: "crashed", many: "crashed" },
  error: { one: "reports an error", many: "report an error" },
  waiting: { one: "waits", many: "wait" },
};

/** One of KINDS, or "" where nothing is needed. */
export function needOfAgent(agent) {
  if (agent === undefined || agent.status === "offline") return "";
  const { reason, state } = agent.detail;
  if (agent.status === "error") return reason === "crash_loop" || reason === "crash" ? reason : "error";
  return state === "waiting" ? "waiting" : "";
}

export function needOfSession(session) {
  return session?.detail.state === "waiting" ? "waiting" : "";
}

/** Is it still as it was when it was noted? A session of an agent that is gone waits for nobody. */
export function stillNeeds(fleet, noted) {
  const agent = fleet.agents.get(noted.agentId);
  if (needOfAgent(agent) === noted.need) return true;
  return noted.need === "waiting" && agent?.status === "online" && waitingSession(fleet, noted) !== undefined;
}

/** The one that was noted, or else another of the same agent. */
function waitingSession(fleet, { agentId, sessionId }) {
  const sessions = fleet.sessions.get(agentId) ?? new Map();
  return [sessions.get(sessionId), ...sessions.values()].find((session) => needOfSession(session) === "waiting");
}

/** Title and body for one agent. `crash` is the detail of its last crash, where that was heard. */
export function wordsForOne(fleet, noted) {
  const { agentId, need, crash } = noted;
  const agent = fleet.agents.get(agentId);
  const told = agent?.detail.message;
  const name = plain(agentId, NAME_LENGTH);
  const words = WORDS[need].one;
  switch (need) {
    case "crash":
      return { title: `${name} ${words}`, body: lines(exitWords(crash), crash?.message ?? told) };
    case "crash_loop":
      return { title: `${name} ${words}`, body: lines(loopWords(agent?.detail.crashes), told) };
    case "waiting":
      return { title: `${name} ${words} for you`, body: lines(waitingSession(fleet, noted)?.lastMessage ?? told) };
    default:
      return { title: `${name} ${words}`, body: lines(told) };
  }
}

/** Title and body for many agents at once, the most pressing named first. */
export function wordsForMany(noted, isAway) {
  const sorted = KINDS.map((kind) => noted.filter(({ need }) => need === kind)).filter(({ length }) => length > 0);
  const counts = sorted.map((same) => `${count(same.length)} ${same.length === 1 ? WORDS[same[0].need].one : WORDS[same[0].need].many}`);
  const names = namesOf(sorted.flat());
  if (isAway) return { title: `While you were away: ${counts.join(", ")}`, body: names };
  if (sorted.length > 1) return { title: `${plural(noted.length, "agent")} need you`, body: `${counts.join(", ")}: ${names}` };
  const end = sorted[0][0].need === "waiting" ? " for you" : "";
  return { title: `${plural(noted.length, "agent")} ${WORDS[sorted[0][0].need].many}${end}`, body: names };
}

/** One line of text of at most so many characters. What would move the cursor or turn the writing around is taken out. */
export function plain(text, most) {
  if (typeof text !== "string") return "";
  const line = text
    .slice(0, most * 4)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .replace(/\s+/gu, " ")
    .trim();
  const characters = [...line];
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join("").trimEnd()}…`;
}

function namesOf(noted) {
  const names = noted.slice(0, NAMES).map(({ agentId }) => plain(agentId, NAME_LENGTH));
  const more = noted.length - names.length;
  return more === 0 ? names.join(", ") : `${names.join(", ")} and ${count(more)} more`;
}

function exitWords({ exitCode, signal } = {}) {
  const parts = [];
  if (Number.isInteger(exitCode)) parts.push(`exit code ${exitCode}`);
  if (plain(signal, NAME_LENGTH) !== "") parts.push(plain(signal, NAME_LENGTH));
  const words = parts.join(", ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function loopWords(crashes) {
  return Number.isInteger(crashes) ? `${count(crashes)} crashes or restarts within 5 minutes` : "";
}

function lines(...texts) {
  return texts.map((text) => plain(text, BODY_LENGTH)).filter((text) => text !== "").join("\n");
}
