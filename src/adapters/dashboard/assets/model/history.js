// The known past of one agent, oldest first: read backwards from the head, joined with what happens live, and bounded.
// No DOM; what is shown of it is decided by the views.

import { parseCursor } from "../client/index.js";
import { entryOfChange, join } from "./entries.js";
import { bound, descend, isFull, positionOf, strand } from "./strand.js";

export { KEPT } from "./strand.js";

/** How many are looked for at first, and with each asking for more. */
const STEP = { facts: 200, activities: 300 };
const ANSWER_WITHIN_MS = 15_000;
const LOST_SESSIONS_KEPT = 100;

export class History {
  /** idle | loading | ready | failed. */
  state = "idle";
  /** Why it failed, in words. */
  why = "";
  /** The server knows no agent of this id. */
  isUnknown = false;
  /** Something is being read, while what is there is shown. */
  isReading = false;
  /** Counts up with every change, for whoever draws from it. */
  version = 0;
  /** Since when one process has been online, by the server's word; null while none is. */
  onlineSince = null;
  /** The agent, and its sessions, as they were when it was removed. */
  removed = null;
  #given;
  #shown = strands();
  /** What a beginning anew has found so far, beside what is shown. */
  #coming = null;
  /** An answer that comes in a later turn than it was asked in is dropped. */
  #turn = 0;
  #epoch = "";
  #again = () => this.reload();
  #reachTo = Infinity;
  #lost = new Map();

  /**
   * `read(query)` lists events of the agent. `epochAndSeq()` is how far the live fleet is, `{epoch, seq}`, or null while
   * nobody knows. `now()` is the server's time. Nothing is asked about an agent that is not known: `isKnown()`.
   */
  constructor({ agentId, read, redraw, epochAndSeq, isKnown = () => true, now = Date.now, answerWithinMs = ANSWER_WITHIN_MS }) {
    this.agentId = agentId;
    this.#given = { read, redraw, epochAndSeq, isKnown, now, answerWithinMs };
  }

  /** Lifecycle, status and removals. */
  get facts() {
    return this.#shown.facts.entries;
  }

  get activities() {
    return this.#shown.activities.entries;
  }

  /** At positions up to this one activities may be missing. */
  get activitiesFloor() {
    const { isWhole, floor } = this.#shown.activities;
    return isWhole ? 0 : floor;
  }

  /** Nothing that the server keeps of status and lifecycle is missing. */
  get hasAllFacts() {
    return this.#shown.facts.isWhole;
  }

  get hasEarlier() {
    return Object.values(this.#shown).some((each) => each.floor < Infinity && !each.isWhole && !isFull(each));
  }

  /** The bound is reached: what is older is at the server only. */
  get isFull() {
    return Object.values(this.#shown).some((each) => !each.isWhole && isFull(each));
  }

  start() {
    if (this.state === "idle") this.reload();
  }

  /** Begins anew; what is shown stays until the answer is there. */
  reload() {
    this.state = "loading";
    this.#coming = strands();
    if (this.facts.length + this.activities.length === 0) this.#shown = this.#coming;
    return this.#work(() => this.reload(), this.#load(this.#turn + 1, this.#coming));
  }

  /** Further back, until the bound. */
  earlier() {
    if (this.isReading || this.state === "idle") return;
    const goals = { facts: this.facts.length + STEP.facts, activities: this.activities.length + STEP.activities };
    const isEnough = ({ name, entries }) => entries.length >= goals[name];
    return this.#work(() => this.earlier(), this.#descend(this.#turn + 1, this.#shown, isEnough));
  }

  /** Status and lifecycle back to this moment, as far as there are any. */
  reach(at) {
    this.#reachTo = at;
    const isEnough = ({ name, entries }) => name !== "facts" || entries[0]?.at <= at;
    const { facts } = this.#shown;
    if (this.state !== "ready" || this.isReading || facts.isWhole || isFull(facts) || isEnough(facts)) return;
    return this.#work(() => this.reach(at), this.#descend(this.#turn + 1, this.#shown, isEnough));
  }

  retry() {
    return this.#again();
  }

  /** One change that the live fleet told; those of other agents are passed over. */
  take(change) {
    if (change.agentId !== this.agentId) return;
    const entry = entryOfChange(change, this.#given.now());
    const name = change.kind === "session" && !change.removed ? "activities" : "facts";
    for (const all of new Set([this.#shown, this.#coming ?? this.#shown])) {
      join(all[name].entries, [entry]);
      bound(all[name]);
    }
    this.#noteOnline(change);
    this.#noteRemoval(change);
    if (this.isUnknown && change.after !== undefined) this.reload();
    this.#changed();
  }

  /** What is on its way is dropped; nothing is read any more until `reload()`. */
  stop() {
    this.#turn += 1;
    this.#coming = null;
    this.isReading = false;
    if (this.state === "loading") this.state = "idle";
  }

  // Reading begins in a later tick than this one, in the turn that this one opens.
  async #work(again, reading) {
    const turn = (this.#turn += 1);
    const coming = this.state === "loading" ? this.#coming : null;
    this.#coming = coming;
    this.#again = again;
    this.isReading = true;
    this.why = "";
    this.#changed();
    const failed = await reading.then(
      () => null,
      (error) => error,
    );
    if (turn !== this.#turn) return;
    this.#coming = null;
    this.isReading = false;
    this.isUnknown = failed?.code === "not_found";
    this.state = failed === null ? "ready" : "failed";
    if (failed === null && coming !== null) this.#shown = coming;
    if (this.isUnknown) this.why = "The server keeps no history of this agent.";
    else if (failed !== null) this.why = `The history could not be read: ${failed.message}`;
    this.#changed();
    if (failed === null) this.reach(this.#reachTo);
  }

  async #load(turn, coming) {
    await undefined;
    if (!this.#given.isKnown()) throw Object.assign(new Error("no such agent."), { code: "not_found" });
    const position = this.#given.epochAndSeq() ?? positionOf((await this.#ask(turn, { limit: 1 })).head);
    this.#epoch = position.epoch;
    for (const each of Object.values(coming)) each.floor = position.seq;
    await this.#descend(turn, coming, ({ name, entries }) => entries.length >= STEP[name]);
  }

  async #descend(turn, all, isEnough) {
    await undefined;
    const how = { epoch: this.#epoch, ask: (query) => this.#ask(turn, query), isEnough, changed: () => this.#changed() };
    for (const each of Object.values(all)) await descend(each, how);
  }

  async #ask(turn, query) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("the server did not answer in time.")), this.#given.answerWithinMs);
    });
    try {
      const answer = await Promise.race([this.#given.read(query), late]);
      if (turn !== this.#turn) throw new Error("nobody waits for this answer.");
      if (Number.isFinite(answer.uptimeMs)) this.onlineSince = answer.uptimeMs > 0 ? this.#given.now() - answer.uptimeMs : null;
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  // A start or restart is a new process, also where the status stays.
  #noteOnline({ kind, source, timestamp, event, before, after }) {
    if (kind === "session" || after === undefined) return;
    const isNew = kind === "lifecycle" ? event === "start" || event === "restart" : before?.status !== "online";
    if (after.status !== "online") this.onlineSince = null;
    else if (isNew) this.onlineSince = source === "live" ? this.#given.now() : (timestamp ?? after.detail.since);
  }

  #noteRemoval({ kind, removed, before, after, sessionId }) {
    if (kind === "session" && removed) {
      this.#lost.set(sessionId, before);
      if (this.#lost.size > LOST_SESSIONS_KEPT) this.#lost.delete(this.#lost.keys().next().value);
    } else if (kind === "agent") {
      this.removed = removed ? { agent: before, sessions: [...this.#lost.values()] } : null;
      if (after !== undefined && before === undefined) this.#lost.clear();
    }
  }

  #changed() {
    this.version += 1;
    this.#given.redraw();
  }
}

/** Of an agent in a live fleet: its time, and how far it is. */
export function historyIn(fleet, { agentId, read, redraw }) {
  const epochAndSeq = () => (fleet.cursor === null ? null : parseCursor(fleet.cursor));
  return new History({ agentId, read, redraw, epochAndSeq, isKnown: () => fleet.agents.has(agentId), now: () => fleet.now() });
}

function strands() {
  return { facts: strand("facts"), activities: strand("activities") };
}
