// When to ask whether what is shown is still so. A line that is silent may be dead. And a heartbeat and a report that
// changes nothing make no event, though they are marks of life: those who are shown as not heard are looked after, soon
// after somebody new is among them, and more and more seldom while nothing changes. No DOM.

/** A line that says nothing for so long is asked whether it is there: two heartbeats are long for who waits for news. */
const QUIET_MS = 10_000;
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

  /** Now and then, while somebody looks at the page: `count` agents are shown as not heard. */
  tick(fleet, count) {
    if (fleet.silentMs > QUIET_MS) fleet.probe();
    if (fleet.state.name === "live") this.#tick(count, () => fleet.refreshMarks());
  }

  #tick(count, look) {
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
