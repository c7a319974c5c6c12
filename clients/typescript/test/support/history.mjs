// A server's side of the stream, small enough to be seen to be right: events with positions, the fold of them, and
// what a client with a cursor is sent. Written after docs/PROTOCOL.md and not after the client.

const AGENTS = ["a", "b", "c", "d"];
const SESSIONS = ["s", "t"];
/** Of a client that may not see everything: this agent is hidden. */
const HIDDEN = "d";

export class History {
  #random;
  #events = [];
  #number = 0;
  #complete;
  #startedAt = 999;
  /** Nobody was heard since but by what came after this position. */
  #restartedAfter = 0;
  epoch = "";

  constructor(random, { complete }) {
    this.#random = random;
    this.#complete = complete;
    this.begin();
  }

  /** Another history. */
  begin() {
    this.#number += 1;
    this.epoch = `e${this.#number}`;
    this.#events = [];
    this.restart();
  }

  /** The server ends and comes back: whoever was heard before is stale until heard again. */
  restart() {
    this.#startedAt = 999 + this.#events.length;
    this.#restartedAfter = this.#events.length;
  }

  get view() {
    return (this.#complete ? "a" : "b").repeat(16);
  }

  get cursor() {
    return `${this.epoch}:${this.#events.length}:${this.view}`;
  }

  happen(times) {
    for (let time = 0; time < times; time += 1) this.#append(this.#make());
  }

  /** The frames of one connection; `meanwhile` is called in between, so that live events follow. */
  stream(cursor, meanwhile) {
    const [epoch, position] = (cursor ?? "").split(":");
    const after = Number(position);
    const head = this.#events.length;
    const hello = (mode, reason) => {
      const payload = { protocol: 1, epoch: this.epoch, seq: head, view: this.view, complete: this.#complete, mode, reason, heartbeatMs: 30_000, serverStartedAt: this.#startedAt };
      return { type: "hello", payload };
    };
    let frames;
    let next = head;
    if (cursor === null || epoch !== this.epoch) frames = [hello("snapshot", cursor === null ? "new" : "epoch_changed"), ...this.#snapshot(head)];
    else if (this.#random() < 0.3) frames = [hello("delta", "resumed"), ...this.#delta(after, head)];
    else {
      frames = [hello(after === head ? "live" : "replay", "resumed")];
      next = after;
    }
    for (let round = 0; round < 3; round += 1) {
      meanwhile();
      for (; next < this.#events.length; next += 1) if (this.#shows(this.#events[next])) frames.push(this.#events[next]);
      if (this.#random() < 0.5 || round === 2) frames.push({ type: "heartbeat", payload: { timestamp: 0 }, seq: next });
    }
    return frames;
  }

  /** A read of the whole fleet. */
  read() {
    return { epoch: this.epoch, agents: this.#fold(this.#events.length).agents };
  }

  picture() {
    const { agents, sessions } = this.#fold(this.#events.length);
    return {
      agents: agents.map(({ payload, rev, detail }) => ({ agentId: payload.agentId, status: payload.status, rev, detail })),
      sessions: sessions.map(({ payload: { agentId, sessionId, lastMessage }, rev }) => ({ agentId, sessionId, lastMessage, rev })),
    };
  }

  #make() {
    const agentId = this.#any(AGENTS);
    const timestamp = 1000 + this.#events.length;
    const status = () => ({
      type: "agent:status",
      payload: { agentId, status: this.#any(["online", "offline", "error"]), timestamp },
      detail: { reason: "reported", since: timestamp, labels: { n: String(timestamp) }, restarts: 0 },
    });
    const { agents, sessions } = this.#fold(this.#events.length, true);
    if (!agents.some((agent) => agent.payload.agentId === agentId)) return status();
    const chance = this.#random();
    if (chance < 0.3) return status();
    if (chance < 0.45) {
      const detail = { restarts: timestamp, ...(this.#random() < 0.5 && { labels: {} }) };
      return { type: "agent:lifecycle", payload: { agentId, event: "restart", timestamp }, detail };
    }
    if (chance < 0.55) return { type: "agent:removed", payload: { agentId } };
    const own = sessions.filter((session) => session.payload.agentId === agentId);
    if (chance < 0.65 && own.length > 0) return { type: "session:removed", payload: { agentId, sessionId: this.#any(own).payload.sessionId } };
    return { type: "session:activity", payload: { agentId, sessionId: this.#any(SESSIONS), lastMessage: `m${timestamp}`, timestamp } };
  }

  #append(event) {
    this.#events.push({ ...event, seq: this.#events.length + 1 });
  }

  #shows({ payload }) {
    return this.#complete || payload.agentId !== HIDDEN;
  }

  /** Agents and sessions at a position, as frames of a copy. */
  #fold(at, everything = false) {
    const agents = new Map();
    const sessions = new Map();
    const heardAfter = new Map();
    for (const { type, payload, seq, detail } of this.#events.slice(0, at)) {
      const { agentId, sessionId } = payload;
      if (!type.endsWith(":removed")) heardAfter.set(agentId, seq);
      const agent = agents.get(agentId);
      if (type === "agent:status") agents.set(agentId, { type, payload, sync: true, rev: seq, detail });
      else if (type === "agent:lifecycle") agents.set(agentId, { ...agent, rev: seq, detail: { ...agent.detail, ...detail } });
      else if (type === "session:activity") sessions.set(`${agentId}/${sessionId}`, { type, payload, sync: true, rev: seq });
      else if (type === "session:removed") sessions.delete(`${agentId}/${sessionId}`);
      else {
        agents.delete(agentId);
        for (const key of [...sessions.keys()]) if (key.startsWith(`${agentId}/`)) sessions.delete(key);
      }
    }
    for (const [agentId, agent] of agents) {
      if (heardAfter.get(agentId) <= this.#restartedAfter) agents.set(agentId, { ...agent, detail: { ...agent.detail, stale: true } });
    }
    const shown = (frames) => [...frames].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, frame]) => frame).filter((frame) => everything || this.#shows(frame));
    return { agents: shown(agents), sessions: shown(sessions) };
  }

  #snapshot(at) {
    const { agents, sessions } = this.#fold(at);
    return [...agents, ...sessions, { type: "sync:end", payload: { agents: agents.length, sessions: sessions.length }, seq: at }];
  }

  #delta(after, at) {
    const { agents, sessions } = this.#fold(at);
    const gone = this.#events.slice(after, at).filter(({ type }) => type.endsWith(":removed")).filter((event) => this.#shows(event));
    const removals = gone.map(({ type, payload, seq }) => ({ type, payload, sync: true, rev: seq }));
    const changed = [...agents, ...sessions].filter(({ rev }) => rev > after);
    const counts = { agents: 0, sessions: 0, removed: removals.length };
    for (const { type } of changed) counts[type === "agent:status" ? "agents" : "sessions"] += 1;
    return [...[...changed, ...removals].sort((a, b) => a.rev - b.rev), { type: "sync:end", payload: counts, seq: at }];
  }

  #any(list) {
    return list[Math.floor(this.#random() * list.length)];
  }
}
