// When to look again after those who are shown as not heard: a heartbeat and a report that changes nothing are marks of
// life, and make no event. Looks soon after somebody new is in doubt, and more and more seldom while nothing changes. No DOM.

const FIRST_MS = 5_000;
/** Many pages that came back at once do not all ask at once. */
const SPREAD_MS = 10_000;
const LATEST_MS = 10 * 60_000;

export class Doubts {
  #monotonic;
  #random;
  #askAt = Infinity;
  #waitMs = FIRST_MS;
  #known = 0;

  /** `monotonic()` in milliseconds. */
  constructor({ monotonic, random = Math.random }) {
    this.#monotonic = monotonic;
    this.#random = random;
  }

  /** Now and then: `count` are shown as not heard. `look()` asks the server after them. */
  tick(count, look) {
    const now = this.#monotonic();
    if (count > this.#known) {
      this.#waitMs = FIRST_MS;
      this.#askAt = Math.min(this.#askAt, now + FIRST_MS + this.#random() * SPREAD_MS);
    }
    this.#known = count;
    if (count === 0) this.#askAt = Infinity;
    if (now < this.#askAt) return;
    this.#waitMs = Math.min(2 * this.#waitMs, LATEST_MS);
    this.#askAt = now + this.#waitMs;
    look();
  }
}
