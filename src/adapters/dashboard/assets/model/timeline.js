// The picture of an agent's past over a range: bands of status, marks, density of activity and an axis. Pure; times are
// milliseconds of the server's clock, and nothing is made up where nothing is known.

import { axisOf } from "./axis.js";

const MINUTE = 60_000;
export const RANGES = [
  { name: "15m", label: "15 min", ms: 15 * MINUTE },
  { name: "1h", label: "1 h", ms: 60 * MINUTE },
  { name: "6h", label: "6 h", ms: 360 * MINUTE },
  { name: "24h", label: "24 h", ms: 1_440 * MINUTE },
  { name: "all", label: "All known", ms: Infinity },
];

/** Marks closer than this, in pixels, would cover each other: they are drawn as one that says how many it is. */
const MARKS_APART = 14;
/** The number beside such a one needs room too. */
const NUMBER_ROOM = 20;
const BIN_PIXELS = 7;
const WORST = ["unknown", "online", "offline", "waiting", "error"];
const GRAVEST = ["removed", "start", "restart", "stop", "crash"];

/**
 * `facts` and `activities` oldest first, as a `History` has them; `agent` as it is now, or nothing once it is removed.
 * From `doubtFrom` on, what is shown of it is not known any more. At positions up to `activitiesFloor` activities may be missing.
 */
export function timeline({ facts, activities, activitiesFloor = 0, agent, doubtFrom = Infinity, rangeMs, now, pixels = 800 }) {
  const known = spansOf(facts, agent, now, doubtFrom);
  const to = now;
  const earliest = Math.min(known[0]?.from ?? now, facts[0]?.at ?? now, activities[0]?.at ?? now);
  const from = Number.isFinite(rangeMs) ? to - rangeMs : Math.min(earliest, to - MINUTE);
  const width = (ms) => (ms * pixels) / (to - from);
  const spans = filled(known, from, to);
  const lifecycle = facts.filter(({ kind, at }) => (kind === "lifecycle" || kind === "removed") && at >= from);
  return {
    from,
    to,
    bands: gathered(spans, width),
    totals: totalsOf(spans),
    marks: clustered(lifecycle, to, width),
    activity: binsOf(activities, from, to, pixels),
    /** Before this, activity is not known. */
    activityFrom: activitiesFloor === 0 ? from : Math.min(to, Math.max(from, activities[0]?.at ?? to)),
    axis: axisOf(from, to, pixels),
  };
}

/** Stretches of one status without holes between; the reason is why it began. */
function spansOf(facts, agent, now, doubtFrom) {
  const spans = [];
  let open = null;
  const close = (at) => {
    if (open !== null) spans.push({ ...open, to: Math.max(open.from, Math.min(at, now)) });
    open = null;
  };
  const turn = (said) => {
    const look = lookOf(said);
    if (open?.status === look.status && open.isLoop === look.isLoop) return;
    // A status that stays, of which the state changes, has the `since` of its beginning: then the report's time tells.
    const isSame = open?.word === look.word;
    const at = Math.min(now, Math.max(open?.from ?? spans.at(-1)?.to ?? 0, isSame ? said.at : said.since));
    close(at);
    open = { ...look, from: at };
  };
  let last = 0;
  for (const fact of facts) {
    if (fact.kind === "removed") close(fact.at);
    if (fact.kind !== "status") continue;
    turn(fact);
    last = fact.seq;
  }
  if (agent !== undefined && (open === null || agent.rev > last)) {
    const { since = agent.timestamp, reason, state } = agent.detail;
    turn({ status: agent.status, reason, state, since, at: Math.max(since, agent.timestamp) });
  }
  const doubt = open === null ? Infinity : Math.max(open.from, doubtFrom);
  close(Math.min(now, doubt));
  if (doubt < now) spans.push({ status: "unknown", reason: "stale", from: doubt, to: now });
  return spans;
}

function lookOf({ status, reason, state }) {
  const isWaiting = status === "online" && state === "waiting";
  return { status: isWaiting ? "waiting" : status, word: status, reason: reason ?? "", isLoop: reason === "crash_loop" };
}

/** From end to end: where nothing is known is a span of its own. */
function filled(known, from, to) {
  const spans = [];
  let at = from;
  for (const { status, reason, from: begin, to: end, isLoop } of known) {
    if (end <= from || begin >= to || end <= begin) continue;
    if (begin > at) spans.push({ status: "unknown", reason: "", from: at, to: begin });
    spans.push({ status, reason, isLoop: isLoop === true, from: Math.max(at, begin), to: Math.min(to, end), began: begin });
    at = Math.min(to, end);
  }
  if (at < to) spans.push({ status: "unknown", reason: "", from: at, to });
  return spans;
}

function totalsOf(spans) {
  const totals = new Map();
  for (const { status, from, to } of spans) totals.set(status, (totals.get(status) ?? 0) + to - from);
  return [...totals].map(([status, ms]) => ({ status, ms })).sort((one, other) => other.ms - one.ms);
}

/** Spans under a pixel become one, which shows the worst of them and says how many they are. */
function gathered(spans, width) {
  const bands = [];
  for (const span of spans) {
    const last = bands.at(-1);
    const isThin = width(span.to - span.from) < 1;
    if (isThin && last?.isThin && width(last.to - last.from) < 1) {
      if (WORST.indexOf(span.status) > WORST.indexOf(last.status)) Object.assign(last, { status: span.status, reason: span.reason, isLoop: span.isLoop });
      last.to = span.to;
      last.count += 1;
    } else {
      bands.push({ ...span, count: 1, isThin });
    }
  }
  return bands.map(({ isThin: _, ...band }) => band);
}

function clustered(lifecycle, to, width) {
  const marks = [];
  for (const fact of lifecycle) {
    const at = Math.min(fact.at, to);
    const event = fact.kind === "removed" ? "removed" : fact.event;
    const last = marks.at(-1);
    const apart = MARKS_APART + (last?.count > 1 ? NUMBER_ROOM : 0);
    if (last === undefined || width(at - last.at) >= apart) {
      marks.push({ ...marked(fact, event), at, to: at, count: 1, tally: { [event]: 1 } });
      continue;
    }
    last.to = Math.max(last.to, at);
    last.count += 1;
    last.tally[event] = (last.tally[event] ?? 0) + 1;
    if (GRAVEST.indexOf(event) >= GRAVEST.indexOf(last.event)) Object.assign(last, marked(fact, event));
  }
  return marks;
}

function marked({ exitCode, signal, message }, event) {
  return { event, exitCode, signal, message };
}

/** Bins stand at fixed times, so that bars do not change as time goes on. */
function binsOf(activities, from, to, pixels) {
  const ms = Math.max(1, Math.ceil(((to - from) * BIN_PIXELS) / Math.max(BIN_PIXELS * 20, pixels)));
  const size = roundUp(ms);
  const bins = new Map();
  for (const { at } of activities) {
    const bin = Math.floor(Math.min(at, to) / size) * size;
    if (bin + size > from) bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  const sorted = [...bins].sort(([one], [other]) => one - other);
  return sorted.map(([bin, count]) => ({ from: Math.max(from, bin), to: Math.min(to, bin + size), count }));
}

/** 1, 2 or 5 times a power of ten. */
function roundUp(ms) {
  const power = 10 ** Math.floor(Math.log10(ms));
  return [1, 2, 5, 10].map((times) => times * power).find((size) => size >= ms);
}
