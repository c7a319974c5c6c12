// The state as people are told it: what it is, as of when the fleet is as shown, and what time it is there.

import { why, type State, type Why } from "./state.js";
import type { Times, Word } from "./times.js";

/** A heartbeat that is late by so much is missed. */
const LATE_MS = 2_500;
/** Whoever was heard so lately is there, also after a wake-up. */
const JUST_HEARD_MS = 2_500;

export class Standing {
  readonly #times: Times;
  readonly #tell: (state: State) => void;
  #state: State = { name: "connecting", staleSince: null, retryAt: null, why: null };
  /** What was heard last while it was live. */
  #lastLive: Word | null = null;

  constructor(times: Times, tell: (state: State) => void) {
    this.#times = times;
    this.#tell = tell;
  }

  get state(): State {
    return this.#state;
  }

  /** `isShown`: there is a fleet to see. */
  become(name: State["name"], isShown: boolean, reason: Why | null = null, retryAt: number | null = null): void {
    if (this.#state.name === "live") this.#lastLive = this.#times.last;
    const staleSince = isShown && name !== "live" ? (this.#lastLive?.here ?? null) : null;
    this.#state = { name, staleSince, retryAt, why: reason };
    this.#tell(this.#state);
  }

  /** The server's time; while it is not live, that of its last word. */
  now(): number {
    return this.#state.staleSince === null || this.#lastLive === null ? this.#times.serverNow() : this.#lastLive.server;
  }

  /** Live until it was doubted; the next frame says whether it still is. */
  get isChecking(): boolean {
    return this.#state.name === "catching-up" && this.#state.why?.code === "checking";
  }

  /** A second is over. A server that should have been heard by now is not known to be there. */
  tick(heartbeatMs: unknown): void {
    if (typeof heartbeatMs === "number") this.#doubt(heartbeatMs + LATE_MS);
  }

  /** Whoever was away does not know what happened meanwhile. */
  woke(): void {
    this.#doubt(JUST_HEARD_MS);
  }

  #doubt(silenceMaxMs: number): void {
    if (this.#state.name !== "live" || (this.#times.silentMs ?? 0) <= silenceMaxMs) return;
    this.become("catching-up", true, why("checking", "It is not known whether the server is still there."));
  }
}
