// Time as an argument: what the client takes it from, so that tests can let hours pass in a moment.

/** A clock and its timers. `now` may jump, forwards or back: nothing here trusts it alone. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `act` once, after that many milliseconds or later; the answer takes it back. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** What somebody else promised did not come in time. */
export class TooLate extends Error {}

/** The promise, or `TooLate`: nothing that others promise is waited for without an end. */
export function within<T>(promise: Promise<T>, ms: number, what: string, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new TooLate(`${what} took over ${ms / 1000} seconds.`)));
    promise.then(resolve, reject).finally(cancel);
  });
}
