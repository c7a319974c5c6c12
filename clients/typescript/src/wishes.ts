// Changes of interest on a connection that stands: the last one wins, and no more than one a second is sent, which is
// as often as the server looks at them.

import type { Clock } from "./clock.js";
import type { Interest } from "./interest.js";

const EVERY_MS = 1_100;

export class Wishes {
  readonly #send: (interest: Interest) => void;
  readonly #clock: Clock;
  #waiting: Interest | null = null;
  #cancel: (() => void) | null = null;

  constructor(send: (interest: Interest) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  wish(interest: Interest): void {
    if (this.#cancel !== null) this.#waiting = interest;
    else this.#speak(interest);
  }

  /** The connection is over; the next one is opened with the newest interest. */
  end(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#waiting = null;
  }

  #speak(interest: Interest): void {
    this.#send(interest);
    this.#cancel = this.#clock.after(EVERY_MS, () => {
      this.#cancel = null;
      const next = this.#waiting;
      this.#waiting = null;
      if (next !== null) this.#speak(next);
    });
  }
}
