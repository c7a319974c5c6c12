// A large fleet and many changes a second, through the door that agents use. It is bounded in time and in count, and
// knows what the fleet must look like afterwards. Chance comes from a seed, so that a run can be had again.
//
// The server's own clock says when an agent was heard; a report cannot set it back. So agents without a lease are here,
// but none that was last heard hours ago.

import { setTimeout as pause } from "node:timers/promises";

const BATCH_MAX = 500;
const TICK_MS = 50;
const ANSWER_MS = 20_000;
/** From the third crash or restart in five minutes on, the server holds an agent to be in a crash loop. */
const TROUBLES_MAX = 2;
const HOUR_MS = 3_600_000;

const TEAMS = ["platform", "search", "payments", "docs", "mobile", "data", "security", "growth"];
const REGIONS = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1"];
const MODELS = ["large-4", "small-4", "code-3"];
const JOBS = ["build", "review", "triage", "index", "deploy", "test", "migrate", "translate", "crawl", "report"];
const DOING = [
  "cargo build --release: 212 of 380 crates",
  "Reading src/domain/lease.rs: the renewal after a restart looks right",
  "18 of 64 passed, none failed",
  "Rewrote the section on retries; two links left to check",
  "Importing batch 41 of 60",
  "Comparing 1,204 rows with the copy of last night",
  "Waiting for an answer: ship the note on timeouts now or with 2.9?",
  "Took 12 tickets off the queue, three need a person",
];
const BROKE = ["out of memory", "the disk is full", "no answer from the model for 60 s", "assertion failed: left == right"];
const CRASHES = [{ exitCode: 137, signal: "SIGKILL" }, { exitCode: 1 }, { exitCode: 101 }, { signal: "SIGSEGV" }, { exitCode: 0 }];

export class Load {
  #chance;
  #at = 0;

  /** @param {{url: string, token: string, agents?: number, seed?: number}} of a token that may report on every agent. */
  constructor({ url, token, agents = 5_000, seed = 7 }) {
    this.url = url;
    this.token = token;
    this.#chance = mulberry32(seed);
    /** What the fleet must be: agentId → {status, state, message, troubles, sessions: Map of id → {lastMessage, state}}. */
    this.fleet = new Map();
    const idOf = (index) => `${JOBS[index % JOBS.length]}-${this.#one(REGIONS).slice(0, 2)}-${String(index).padStart(4, "0")}`;
    this.ids = Array.from({ length: agents }, (_, index) => idOf(index));
    /** Reports that the server took, and the first and last event that came of them. */
    this.taken = 0;
    this.refused = [];
    this.firstSeq = 0;
    this.lastSeq = 0;
    this.slowestAnswerMs = 0;
  }

  /** Makes the fleet: every agent started, most with a lease and sessions, some waiting, in error, stopped or crashed. */
  async fill() {
    const waiting = [];
    for (const agentId of this.ids) waiting.push(...this.#birth(agentId));
    for (let at = 0; at < waiting.length; at += BATCH_MAX) await this.#send(waiting.slice(at, at + BATCH_MAX));
  }

  /** Changes at the given rate until the time is over, or sooner where the signal says so. Answers what was done. */
  async run({ ms, perSecond = 200, signal }) {
    const began = performance.now();
    const [taken, seq] = [this.taken, this.lastSeq];
    const most = Math.ceil((ms / 1_000) * perSecond);
    let made = 0;
    let answers = Promise.resolve();
    while (made < most && signal?.aborted !== true) {
      const passed = performance.now() - began;
      const due = Math.min(most, Math.floor((passed / 1_000) * perSecond)) - made;
      if (passed > 2 * ms) break;
      if (due > 0) {
        const items = Array.from({ length: Math.min(due, BATCH_MAX) }, () => this.#change());
        made += items.length;
        // One batch after the other: a server that lags must see them in order.
        await answers;
        answers = this.#send(items);
      }
      await pause(TICK_MS);
    }
    await answers;
    const tookMs = Math.round(performance.now() - began);
    return { made, tookMs, taken: this.taken - taken, events: this.lastSeq - seq };
  }

  /** How many agents the page must count, by the names of its counters. Nobody is stale without a restart. */
  counts() {
    const agents = [...this.fleet.values()];
    const having = (status) => agents.filter((agent) => agent.status === status).length;
    return {
      all: agents.length,
      online: having("online"),
      error: having("error"),
      offline: having("offline"),
      sessions: agents.reduce((sum, agent) => sum + agent.sessions.size, 0),
    };
  }

  #birth(agentId) {
    const index = this.#at++;
    const labels = { team: this.#one(TEAMS), region: this.#one(REGIONS), host: `node-${index % 120}`, model: this.#one(MODELS) };
    const lease = index % 9 === 0 ? {} : { leaseMs: HOUR_MS };
    this.fleet.set(agentId, { status: "offline", troubles: 0, sessions: new Map() });
    const items = [this.#lifecycle(agentId, { event: "start", labels, ...lease })];
    for (let session = 0; session < this.#below(5); session += 1) items.push(this.#activity(agentId, `run-${session + 1}`));
    const fate = this.#below(100);
    if (fate < 4) items.push(this.#lifecycle(agentId, { event: "crash", message: this.#one(BROKE), ...this.#one(CRASHES) }));
    else if (fate < 12) items.push(this.#lifecycle(agentId, { event: "stop", message: "Done for today" }));
    else if (fate < 15) items.push(this.#status(agentId, "error", { message: this.#one(BROKE) }));
    else if (fate < 90) items.push(this.#status(agentId, "online", { state: this.#state(), message: this.#one(DOING) }));
    return items;
  }

  /** One change of some agent; always one that the server makes an event of. */
  #change() {
    const agentId = this.#one(this.ids);
    const agent = this.fleet.get(agentId);
    const kind = this.#below(100);
    if (agent.status === "offline") return this.#lifecycle(agentId, { event: "start", leaseMs: HOUR_MS });
    if (kind < 50) return this.#activity(agentId, `run-${1 + this.#below(4)}`);
    if (kind < 85 || agent.troubles >= TROUBLES_MAX) {
      const status = kind % 10 === 0 ? "error" : "online";
      return this.#status(agentId, status, { state: this.#state(), message: `${this.#one(DOING)} (${this.#at++})` });
    }
    if (agent.status === "error") return this.#lifecycle(agentId, { event: "restart", message: "Its supervisor started it again", leaseMs: HOUR_MS });
    if (kind < 93) return this.#lifecycle(agentId, { event: "crash", message: this.#one(BROKE), ...this.#one(CRASHES) });
    return this.#lifecycle(agentId, { event: "stop", message: "Done for today" });
  }

  #status(agentId, status, { state, message }) {
    this.fleet.get(agentId).status = status;
    return { item: { kind: "status", agentId, status, state, message }, apply: (agent) => Object.assign(agent, { state, message }) };
  }

  #lifecycle(agentId, { event, ...rest }) {
    const agent = this.fleet.get(agentId);
    if (event === "crash" || event === "restart") agent.troubles += 1;
    const status = { start: "online", restart: "online", stop: "offline", crash: "error" }[event];
    // Known before the answer: a second crash of what is down already would change nothing.
    agent.status = status;
    const { message } = rest;
    return { item: { kind: "lifecycle", agentId, event, ...rest }, apply: () => Object.assign(agent, { message, state: undefined }) };
  }

  #activity(agentId, sessionId) {
    const said = { lastMessage: `${this.#one(DOING)} (${this.#at++})`, state: this.#state() };
    const item = { kind: "activity", agentId, sessionId, ...said };
    return { item, apply: (agent) => agent.sessions.set(sessionId, said) };
  }

  async #send(changes) {
    const began = performance.now();
    const response = await fetch(`${this.url}/api/v1/reports`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: JSON.stringify(changes.map(({ item }) => item)),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) throw new Error(`a batch was refused: ${response.status} ${await response.text()}`);
    const { results } = await response.json();
    this.slowestAnswerMs = Math.max(this.slowestAnswerMs, performance.now() - began);
    results.forEach((result, index) => this.#answered(changes[index], result));
  }

  #answered({ item, apply }, result) {
    if (result.applied !== true) {
      this.refused.push({ item, result });
      return;
    }
    apply(this.fleet.get(item.agentId));
    this.taken += 1;
    if (this.firstSeq === 0) this.firstSeq = result.seq;
    this.lastSeq = result.seq;
  }

  #state() {
    const kind = this.#below(10);
    return kind < 6 ? "working" : kind < 8 ? "waiting" : "idle";
  }

  #one(list) {
    return list[this.#below(list.length)];
  }

  #below(limit) {
    return Math.floor(this.#chance() * limit);
  }
}

/** A small generator of chance with a seed. */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
