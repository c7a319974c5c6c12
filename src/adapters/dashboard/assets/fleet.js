// The fold: agents and sessions as the frames say they are, and which of them changed since the screen last looked.
// No DOM, no clock. Keys the server adds later are ignored; keys it leaves out have the meaning given at `status`.

const EVENTS_KEPT = 4;

/** "online", "offline", "error"; a word this page does not know is shown as it is, in grey. */
export class Fleet {
  /** agentId -> agent, whose `sessions` is sessionId -> session. */
  agents = new Map();
  sessionCount = 0;
  /** agentIds whose row must be drawn anew. */
  changed = new Set();
  /** Agents came or went: the order must be made anew. */
  membersChanged = false;

  /** One frame: of the live stream, of a replay, or of a delta. */
  apply(frame) {
    const payload = frame.payload ?? {};
    const { agentId } = payload;
    if (typeof agentId !== "string") return;
    switch (frame.type) {
      case "agent:status":
        this.#status(agentId, payload, frame);
        break;
      case "agent:lifecycle":
        this.#lifecycle(agentId, payload, frame.detail ?? {});
        break;
      case "session:activity":
        this.#activity(agentId, payload, frame.detail ?? {}, frame.sync === true);
        break;
      case "agent:removed":
        this.#remove(agentId);
        return;
      case "session:removed":
        this.#removeSession(agentId, payload.sessionId);
        break;
      default:
        return;
    }
    this.changed.add(agentId);
  }

  /** A whole copy: what is absent from it is gone. Lifecycle events seen before are not in copies; keep them if asked. */
  replaceWith(frames, { keepHistory = false } = {}) {
    const before = this.agents;
    this.agents = new Map();
    this.sessionCount = 0;
    for (const frame of frames) this.apply(frame);
    for (const [agentId, agent] of before) {
      const now = this.agents.get(agentId);
      if (now === undefined) this.changed.add(agentId);
      else if (keepHistory) now.events = agent.events;
    }
    this.membersChanged = true;
  }

  /** How many agents have each status. */
  counts() {
    const counts = { online: 0, error: 0, offline: 0 };
    for (const { status } of this.agents.values()) if (Object.hasOwn(counts, status)) counts[status] += 1;
    return counts;
  }

  #agent(agentId) {
    let agent = this.agents.get(agentId);
    if (agent === undefined) {
      agent = { agentId, status: "unknown", since: 0, detail: {}, sessions: new Map(), events: [] };
      this.agents.set(agentId, agent);
      this.membersChanged = true;
    }
    return agent;
  }

  // A detail that tells `since` is whole: what is absent from it is none. One that does not, as in the contract's
  // shortest example, is read like a report: absent labels and restarts stay, an absent message or state is none.
  #status(agentId, payload, { detail = {}, sync = false }) {
    const agent = this.#agent(agentId);
    const whole = sync || detail.since !== undefined;
    const since = detail.since ?? (agent.status === payload.status && agent.since > 0 ? agent.since : payload.timestamp);
    const kept = whole ? {} : { labels: agent.detail.labels, restarts: agent.detail.restarts };
    agent.detail = { ...kept, ...detail };
    agent.status = payload.status;
    agent.since = since;
    agent.heardAt = Math.max(agent.heardAt ?? 0, detail.lastSeenAt ?? payload.timestamp);
  }

  #lifecycle(agentId, payload, detail) {
    const agent = this.#agent(agentId);
    const { event, timestamp } = payload;
    const { exitCode, signal, message, labels, restarts } = detail;
    agent.events = [...agent.events, { event, timestamp, exitCode, signal, message }].slice(-EVENTS_KEPT);
    // A restart of what is online makes no status event: its labels and count come here alone.
    agent.detail = { ...agent.detail, labels: labels ?? agent.detail.labels, restarts: restarts ?? agent.detail.restarts };
    this.#heard(agent, timestamp);
  }

  #activity(agentId, payload, detail, isCopy) {
    const agent = this.#agent(agentId);
    const { sessionId, lastMessage, timestamp } = payload;
    if (!agent.sessions.has(sessionId)) this.sessionCount += 1;
    agent.sessions.set(sessionId, { sessionId, lastMessage, timestamp, state: detail.state, truncated: detail.truncated === true });
    if (!isCopy) this.#heard(agent, timestamp);
  }

  // Whoever speaks is no longer "not heard since the restart".
  #heard(agent, timestamp) {
    agent.heardAt = Math.max(agent.heardAt ?? 0, timestamp);
    if (agent.detail.stale) agent.detail = { ...agent.detail, stale: false };
  }

  #remove(agentId) {
    const agent = this.agents.get(agentId);
    if (agent === undefined) return;
    this.sessionCount -= agent.sessions.size;
    this.agents.delete(agentId);
    this.changed.add(agentId);
    this.membersChanged = true;
  }

  #removeSession(agentId, sessionId) {
    if (this.agents.get(agentId)?.sessions.delete(sessionId)) this.sessionCount -= 1;
  }
}
