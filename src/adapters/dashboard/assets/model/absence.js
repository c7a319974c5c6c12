// What is said of a loss of the connection while it lasts, and of its end for a while. No DOM.

import { backWords, lightOf, lostWords } from "./light.js";

const BACK_MS = 8_000;

export class Absence {
  #world;
  /** null while nothing was lost; then what is said when it is over, "" before that. */
  #back = null;

  /** `world` is `{draw(), later(ms, then)}`. */
  constructor(world) {
    this.#world = world;
  }

  /** For somebody else: nothing was lost. */
  clear() {
    this.#back = null;
  }

  began() {
    this.#back = { text: "" };
  }

  /** The client caught up; with the first copy of all there was nothing to come back to. */
  ended(caughtUp) {
    const wasLost = this.#back !== null;
    this.#back = null;
    if (!wasLost || caughtUp.first) return;
    const back = { text: backWords(caughtUp) };
    this.#back = back;
    this.#world.later(BACK_MS, () => {
      // Another loss, or its end, may have taken its place.
      if (this.#back === back) this.#back = null;
      this.#world.draw();
    });
  }

  /** `{kind: "lost" | "back", text}` or null, as the client stands. */
  toast({ state, retryInMs }, hasShown) {
    if (lightOf(state).kind === "lost") return { kind: "lost", text: lostWords(hasShown, retryInMs) };
    return state.name === "live" && this.#back?.text ? { kind: "back", text: this.#back.text } : null;
  }
}
