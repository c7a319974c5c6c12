// A world without time of its own: a clock that only tests move, sockets that only tests speak through, and a server
// that gives tickets.

import { connect } from "../../dist/index.js";

/** Lets everything happen that needs no time. */
export async function settled() {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
}

export class VirtualClock {
  #now = 1_795_460_400_000;
  #skew = 0;
  #slept = 0;
  #timers = new Set();
  /** The shortest step between two timers: a browser throttles those of a tab in the background to a minute. */
  throttleMs = 0;

  now() {
    return this.#now + this.#skew;
  }

  monotonic() {
    return this.#now - this.#slept;
  }

  get sleptMs() {
    return this.#slept;
  }

  after(ms, act) {
    const timer = { at: this.#now + Math.max(ms, this.throttleMs), act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending() {
    return this.#timers.size;
  }

  /** Somebody sets the clock; timers do not notice. */
  set(byMs) {
    this.#skew += byMs;
  }

  /** The machine sleeps: time passes, and no timer runs until it is over. Most steady clocks stand still too. */
  sleep(ms, { isSteadyAwake = false } = {}) {
    this.#now += ms;
    if (!isSteadyAwake) this.#slept += ms;
    for (const timer of this.#timers) timer.at = Math.max(timer.at, this.#now);
  }

  async advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      let next = null;
      for (const timer of this.#timers) if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
      if (next === null) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
    this.#now = end;
    await settled();
  }
}

/** A class of sockets, all of which stand in `made`. */
export function socketClass() {
  return class FakeSocket {
    static made = [];
    static get last() {
      return this.made.at(-1);
    }
    readyState = 0;
    sent = [];
    onopen = null;
    onmessage = null;
    onclose = null;
    onerror = null;

    constructor(url) {
      this.url = new URL(url);
      this.constructor.made.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.readyState = 3;
    }

    // What the other side does.
    say(...frames) {
      this.readyState = 1;
      for (const frame of frames) this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
    }

    end(code, reason = "") {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }

    of(type) {
      return this.sent.filter((frame) => frame.type === type);
    }
  };
}

export function ticketServer() {
  const server = async (url, init) => {
    const token = init.headers.authorization.slice("Bearer ".length);
    if (url.pathname.endsWith("/fleet")) return server.fleet(token);
    server.tokens.push(token);
    return server.answer(init);
  };
  server.tokens = [];
  server.fleet = () => Response.json({}, { status: 404 });
  server.answer = () => Response.json({ ticket: `t${server.tokens.length}`, expiresInMs: 30_000 });
  return server;
}

/** A client in such a world, and all that it told. */
export function world(options = {}) {
  const clock = new VirtualClock();
  const Socket = socketClass();
  const fetch = ticketServer();
  const errors = [];
  const fleet = connect({
    url: "http://server.test/",
    token: () => "token",
    WebSocket: Socket,
    fetch,
    clock,
    random: () => 0.5,
    onError: (error) => errors.push(error),
    ...options,
  });
  const told = { states: [], changes: [], caughtUp: [], errors };
  fleet.on("state", (state) => told.states.push(state));
  fleet.on("change", (change) => told.changes.push(change));
  fleet.on("caught-up", (caughtUp) => told.caughtUp.push(caughtUp));
  return { clock, Socket, fetch, fleet, told };
}

/** The same, connected, with these agents. */
export async function liveWorld(options = {}, agents = ["a", "b"]) {
  const made = world(options);
  await made.clock.advance(0);
  made.Socket.last.say(hello(), ...agents.map((id) => status(id, "online", copied)), end(10, { agents: agents.length, sessions: 0 }));
  return made;
}

export const copied = { sync: true, rev: 5 };
export const hello = (over) => ({
  type: "hello",
  payload: { protocol: 1, epoch: "e1", seq: 10, view: "0".repeat(16), complete: true, mode: "snapshot", reason: "new", heartbeatMs: 30_000, ...over },
});
export const status = (agentId, status, over) => ({
  type: "agent:status",
  payload: { agentId, status, timestamp: 1000 },
  detail: { reason: "reported", since: 1000 },
  ...over,
});
export const activity = (agentId, sessionId, lastMessage, over) => ({
  type: "session:activity",
  payload: { agentId, sessionId, lastMessage, timestamp: 2000 },
  ...over,
});
export const end = (seq, payload = {}) => ({ type: "sync:end", payload, seq });
export const heartbeat = (seq) => ({ type: "heartbeat", payload: { timestamp: 0 }, seq });
