// When the lists are made anew: at once where a person asked, else some times a second at most, and never so that they take
// more than a tenth of the time. No DOM.

import { Roster } from "./roster.js";
import { SessionRoster } from "./session_roster.js";

const EVERY_MS = 200;
const SHARE = 0.1;

export class Lists {
  agents = new Roster();
  sessions = new SessionRoster();
  #world;
  #isHeld = false;
  #isReleased = false;
  #madeAt = -Infinity;
  #againMs = 0;
  #isWaiting = false;

  /** `world` is `{draw(), later(ms, then), monotonic()}`. */
  constructor(world) {
    this.#world = world;
  }

  /** For somebody else: nothing of before is known. */
  clear() {
    this.agents = new Roster();
    this.sessions = new SessionRoster();
    this.soon();
  }

  /** One change of the client's. */
  take(change) {
    this.agents.take(change);
    this.sessions.take(change);
  }

  /** While held they stand still, and count what waits. */
  hold(isHeld) {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    this.soon();
  }

  /** What waits is shown once, also while they are held. */
  release() {
    this.#isReleased = true;
    this.soon();
  }

  /** With the next drawing. */
  soon() {
    this.#madeAt = -Infinity;
    this.#world.draw();
  }

  /** Brings them to what there is, unless that was just done: then soon, and draws again. */
  refresh(fleet, place, now) {
    const began = this.#world.monotonic();
    const leftMs = this.#againMs - (began - this.#madeAt);
    if (leftMs > 0) {
      this.#drawIn(leftMs);
      return;
    }
    const isHeld = this.#isHeld && !this.#isReleased;
    this.#isReleased = false;
    this.agents.refresh(fleet.agents, place, now, isHeld);
    if (place.name === "sessions") this.sessions.refresh(fleet, place, isHeld);
    this.#madeAt = this.#world.monotonic();
    this.#againMs = Math.max(EVERY_MS, (this.#madeAt - began) / SHARE);
  }

  #drawIn(ms) {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#world.later(ms, () => {
      this.#isWaiting = false;
      this.#world.draw();
    });
  }
}
