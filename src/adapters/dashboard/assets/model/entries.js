// One entry of an agent's past, made of an event as it was listed or as it was told live, and rows of them in order. Pure:
// what is not what it should be is left out, and nothing here is for display.

/** The last moment that a Date can hold; a report may name a later one. */
const LATEST_MS = 8_640_000_000_000_000;

/** Of `GET /api/v1/agents/{id}/events`; null where it is not understood. */
export function entryOfFrame({ type, seq, payload, detail } = {}) {
  if (!Number.isSafeInteger(seq) || payload === null || typeof payload !== "object") return null;
  const at = moment(payload.timestamp);
  const more = detail ?? {};
  if (type === "agent:status" && at !== null) return statusEntry(seq, at, payload.status, more);
  if (type === "agent:lifecycle" && at !== null) return lifecycleEntry(seq, at, payload.event, more);
  if (type === "session:activity" && at !== null) {
    return { seq, at, kind: "activity", sessionId: String(payload.sessionId), text: text(payload.lastMessage), state: text(more.state) };
  }
  // A removal that was listed tells no time: it has that of the entry before it, and `isAfter`.
  if (type === "agent:removed") return { seq, at, kind: "removed" };
  if (type === "session:removed") return { seq, at, kind: "session-removed", sessionId: String(payload.sessionId) };
  return null;
}

/** Of a change that the live fleet told, at the server's time `now`. */
export function entryOfChange(change, now) {
  const { kind, seq, after, removed } = change;
  if (kind === "lifecycle") return lifecycleEntry(seq, moment(change.timestamp) ?? now, change.event, change.detail ?? {});
  if (kind === "agent") {
    if (removed) return { seq, at: now, kind: "removed" };
    return statusEntry(seq, moment(after.timestamp) ?? now, after.status, after.detail);
  }
  if (removed) return { seq, at: now, kind: "session-removed", sessionId: change.sessionId };
  const { sessionId, lastMessage, timestamp, detail } = after;
  return { seq, at: moment(timestamp) ?? now, kind: "activity", sessionId, text: lastMessage, state: text(detail?.state) };
}

function statusEntry(seq, at, status, { reason, since, state, message, crashes }) {
  // `since` is by the server's clock, the time of the report by whoever sent it.
  return { seq, at, kind: "status", status: String(status), reason, since: moment(since) ?? at, state: text(state), message: text(message), crashes };
}

function lifecycleEntry(seq, at, event, { exitCode, signal, message, restarts }) {
  return { seq, at, kind: "lifecycle", event: String(event), exitCode, signal: text(signal), message: text(message), restarts };
}

function text(value) {
  return typeof value === "string" ? value : "";
}

function moment(value) {
  return Number.isFinite(value) && value >= 0 ? Math.min(value, LATEST_MS) : null;
}

/** Puts entries where they belong; what is there already, read or told, stays as it is. */
export function join(row, entries) {
  for (const entry of entries) {
    let place = row.length;
    while (place > 0 && row[place - 1].seq > entry.seq) place -= 1;
    const there = row[place - 1];
    if (there?.seq === entry.seq) {
      // A removed agent takes its sessions along under its own position.
      if (there.kind === "session-removed" && entry.kind === "removed") row[place - 1] = entry;
      continue;
    }
    if (entry.at === null) Object.assign(entry, { at: there?.at ?? row[place]?.at ?? 0, isAfter: true });
    row.splice(place, 0, entry);
  }
}

/** An older stretch before a row, in one step. */
export function prepend(row, entries) {
  const first = row[0]?.seq ?? Infinity;
  const older = [];
  join(older, entries.filter(({ seq }) => seq < first));
  row.unshift(...older);
  join(row, entries.filter(({ seq }) => seq >= first));
}
