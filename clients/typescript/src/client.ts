// The live fleet: connects, keeps it true, comes back after a loss, and says at each moment what can be believed.

import { Api } from "./api.js";
import type { Clock } from "./clock.js";
import { Connection, type Means } from "./connection.js";
import { Credentials } from "./credentials.js";
import { afterEnding, type Ending } from "./ending.js";
import { Feed, type CaughtUp } from "./feed.js";
import type { Agent, Change, Session } from "./fleet.js";
import type { Hello, Received } from "./frames.js";
import { Http } from "./http.js";
import { checked, interestQuery, isNothing, type Interest } from "./interest.js";
import { Listeners } from "./listeners.js";
import { settle, type Options, type Settled } from "./options.js";
import { waitMs } from "./policy.js";
import { why, type State } from "./state.js";
import { watchPage } from "./wake.js";

/** A connection that lived less than this counts as a failure: two sides that disagree would hammer each other. */
const LIVED_MS = 10_000;
/** Silence after which a replay with hidden events is over. */
const SETTLED_MS = 1_000;

export type Events = {
  /** One change; the fleet already holds all changes that came with it. */
  change: Change;
  state: State;
  "caught-up": CaughtUp;
  /** The cursor moved, also by a heartbeat: for whoever wants to keep it. */
  cursor: string | null;
};

export class LiveFleet {
  readonly #settled: Settled;
  readonly #means: Means;
  readonly #listeners: Listeners<Events>;
  readonly #feed = new Feed();
  readonly #unwatchPage: () => void;
  #interest: Interest;
  /** What the connection that stands was opened with, or was told; null where its address could not say it. */
  #told: Interest | null = null;
  #connection: Connection | null = null;
  #state: State = { name: "connecting", staleSince: null, retryAt: null, why: null };
  #hello: Hello | null = null;
  #clockOffsetMs = 0;
  #heardAt: number | null = null;
  #liveSince: number | null = null;
  #failures = 0;
  #wrongInARow = 0;
  #cancelRetry: () => void = () => {};
  /** How long the server asked to stay away, and since when. */
  #asked = { ms: 0, at: 0 };

  constructor(options: Options) {
    this.#settled = settle(options);
    const { base, fetcher, clock, socketClass, onError, interest } = this.#settled;
    const api = new Api(new Http(base, fetcher, clock));
    const credentials = new Credentials(options.token, options.ticket, api, clock);
    this.#means = { base, socketClass, clock, credentials };
    this.#listeners = new Listeners(onError);
    this.#interest = interest;
    this.#unwatchPage = watchPage({ wake: () => this.wake(), probe: () => this.probe(), rest: () => this.#rest() });
    // After the caller had the chance to listen.
    this.#cancelRetry = clock.after(0, () => this.#attempt());
  }

  get agents(): ReadonlyMap<string, Agent> {
    return this.#feed.fleet.agents;
  }

  /** agentId → sessionId → session. */
  get sessions(): ReadonlyMap<string, ReadonlyMap<string, Session>> {
    return this.#feed.fleet.sessions;
  }

  get sessionCount(): number {
    return this.#feed.fleet.sessionCount;
  }

  get state(): State {
    return this.#state;
  }

  /** How far the fleet is: `<epoch>:<seq>:<view>`. */
  get cursor(): string | null {
    return this.#feed.cursor;
  }

  /** What the server said of itself at the last connection. */
  get hello(): Hello | null {
    return this.#hello;
  }

  /** What time it is at the server, as far as its last `hello` told. */
  serverNow(): number {
    return this.#clock.now() + this.#clockOffsetMs;
  }

  /** The answer takes it back. A listener that throws disturbs nobody. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    return this.#listeners.on(name, listener);
  }

  /** Another interest, in place of the one before: absent means all. Throws a RangeError where the server would refuse. */
  subscribe(interest: Interest): void {
    this.#interest = checked(interest);
    this.#tellInterest();
  }

  /** Looks after the connection now: asks for a sign of life, or comes back without waiting longer. */
  wake(): void {
    if (this.#state.name === "stale") {
      // A clock that was set back must not make a second a day.
      const leftMs = this.#asked.ms - Math.max(0, this.#clock.now() - this.#asked.at);
      this.#cancelRetry();
      if (leftMs <= 0) this.#attempt();
      else this.#retryIn(leftMs);
    } else {
      this.probe();
    }
  }

  /** Asks for a sign of life; without one the connection is taken for lost 5 seconds later. */
  probe(): void {
    this.#connection?.probe();
  }

  /** Begins again after a sign-out or a stop, as for a person who signed in or asks for it. */
  reconnect(): void {
    if (this.#state.name === "closed") return;
    this.#disconnect();
    this.#failures = 0;
    this.#wrongInARow = 0;
    this.#attempt();
  }

  /** The end: nothing is told after it but the state. */
  close(): void {
    if (this.#state.name === "closed") return;
    this.#unwatchPage();
    this.#disconnect();
    this.#become({ name: "closed", staleSince: this.#staleSince(), retryAt: null, why: null });
  }

  get #clock(): Clock {
    return this.#settled.clock;
  }

  #attempt(): void {
    this.#feed.begin();
    const connection: Connection = new Connection(this.#means, {
      query: () => this.#query(),
      frame: (frame) => this.#take(frame, connection),
      tick: () => this.#tick(),
      ended: (ending) => this.#ended(ending),
    });
    this.#connection = connection;
    this.#become({ name: "connecting", staleSince: this.#staleSince(), retryAt: null, why: this.#state.why });
    // A listener may have closed or begun anew.
    if (this.#connection === connection) void connection.start();
  }

  #query(): URLSearchParams {
    this.#told = isNothing(this.#interest) ? null : this.#interest;
    const query = interestQuery(this.#interest);
    if (this.#feed.cursor !== null) query.set("after", this.#feed.cursor);
    return query;
  }

  #tellInterest(): void {
    const connection = this.#connection;
    if (connection === null || !connection.isGreeted || this.#told === this.#interest) return;
    this.#told = this.#interest;
    connection.subscribe(this.#interest);
  }

  #take(frame: Received, connection: Connection): void {
    this.#heardAt = this.#clock.now();
    if (frame.type === "hello") this.#greeted(frame.payload as unknown as Hello);
    const before = this.#feed.cursor;
    const { verdict, changes, begun, caughtUp } = this.#feed.take(frame);
    if (verdict !== "ok") return connection.distrust(verdict === "lost" ? "gap" : "anew");
    const isOurs = (): boolean => this.#connection === connection;
    if (begun !== undefined && caughtUp === undefined) {
      this.#liveSince = null;
      this.#become({ name: "catching-up", staleSince: this.#staleSince(), retryAt: null, why: this.#state.why });
    }
    for (const change of changes) if (isOurs()) this.#listeners.tell("change", change);
    if (isOurs() && this.#feed.cursor !== before) this.#listeners.tell("cursor", this.#feed.cursor);
    if (isOurs() && caughtUp !== undefined) this.#caughtUp(caughtUp, isOurs);
  }

  #greeted(hello: Hello): void {
    this.#hello = hello;
    if (typeof hello.serverTime === "number") this.#clockOffsetMs = hello.serverTime - this.#clock.now();
    this.#tellInterest();
  }

  #caughtUp(caughtUp: CaughtUp, isOurs: () => boolean): void {
    this.#liveSince = this.#clock.now();
    this.#listeners.tell("caught-up", caughtUp);
    if (isOurs()) this.#become({ name: "live", staleSince: null, retryAt: null, why: null });
  }

  #tick(): void {
    const connection = this.#connection;
    if (connection === null || !this.#feed.endsInSilence) return;
    if (this.#clock.now() - (this.#heardAt ?? 0) < SETTLED_MS) return;
    const caughtUp = this.#feed.settle();
    if (caughtUp !== undefined) this.#caughtUp(caughtUp, () => this.#connection === connection);
  }

  #ended(ending: Ending): void {
    const hasLived = this.#liveSince !== null && this.#clock.now() - this.#liveSince >= LIVED_MS;
    const { credentials } = this.#means;
    const step = afterEnding(ending, hasLived ? 0 : this.#wrongInARow, credentials.hasSource);
    this.#disconnect();
    if (step.act !== "return") {
      this.#become({ name: step.act, staleSince: this.#staleSince(), retryAt: null, why: step.reason });
      return;
    }
    if (step.newToken) credentials.ended();
    this.#wrongInARow = step.wrongInARow;
    this.#failures = hasLived ? 0 : this.#failures + 1;
    const { random, backoff } = this.#settled;
    const now = this.#clock.now();
    this.#asked = { ms: step.askedMs, at: now };
    const ms = waitMs(this.#failures, step.askedMs, random, backoff);
    this.#retryIn(ms);
    this.#become({ name: "stale", staleSince: this.#staleSince(), retryAt: now + ms, why: step.reason });
  }

  #retryIn(ms: number): void {
    this.#cancelRetry = this.#clock.after(ms, () => this.#attempt());
  }

  // Put aside for the back button; `pageshow` wakes it.
  #rest(): void {
    if (this.#connection === null) return;
    this.#disconnect();
    this.#asked = { ms: 0, at: 0 };
    this.#become({ name: "stale", staleSince: this.#staleSince(), retryAt: null, why: why("page_hidden", "The page was put aside.") });
  }

  #disconnect(): void {
    this.#cancelRetry();
    this.#connection?.drop();
    this.#connection = null;
    this.#liveSince = null;
  }

  /** As of when the fleet is as shown: the moment when the server was last heard while it was live. */
  #staleSince(): number | null {
    if (this.#feed.cursor === null && this.agents.size === 0) return null;
    return this.#state.name === "live" ? (this.#heardAt ?? this.#clock.now()) : this.#state.staleSince;
  }

  #become(state: State): void {
    this.#state = state;
    this.#listeners.tell("state", state);
  }
}

/** A live fleet, which connects by itself and comes back until `close()`. */
export function connect(options: Options): LiveFleet {
  return new LiveFleet(options);
}
