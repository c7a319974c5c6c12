// The way back after a connection's end: whether there is one, how long to wait, and how much of that is left, whatever
// becomes of the clock meanwhile.
import { steady } from "./clock.js";
import { afterEnding } from "./ending.js";
import { waitMs } from "./policy.js";
/** A connection that lived less than this counts as a failure: two sides that disagree would hammer each other. */
const LIVED_MS = 10_000;
export class Retry {
    #means;
    #act;
    #failures = 0;
    #wrongInARow = 0;
    #liveSince = null;
    #cancel = () => { };
    /** How long is waited, and since when. */
    #wait = { ms: 0, from: 0 };
    /** How long the server asked to stay away, and since when. */
    #asked = { ms: 0, from: 0 };
    constructor(means, act) {
        this.#means = means;
        this.#act = act;
    }
    /** The connection is caught up, or no longer is. */
    lives(isLive) {
        this.#liveSince = isLive ? this.#means.elapsed.now() : null;
    }
    /** What to do now that a connection ended; where it is to come back, that is waited for already. */
    after(ending, hasTokens) {
        const { elapsed, random, backoff } = this.#means;
        const hasLived = this.#liveSince !== null && elapsed.now() - this.#liveSince >= LIVED_MS;
        const step = afterEnding(ending, hasLived ? 0 : this.#wrongInARow, hasTokens);
        this.cancel();
        if (step.act !== "return")
            return step;
        this.#wrongInARow = step.wrongInARow;
        this.#failures = hasLived ? 0 : this.#failures + 1;
        this.asked(step.askedMs);
        this.in(waitMs(this.#failures, step.askedMs, random, backoff));
        return step;
    }
    in(ms) {
        const { clock } = this.#means;
        this.#cancel();
        this.#wait = { ms, from: steady(clock) };
        this.#cancel = clock.after(ms, this.#act);
    }
    /** Nothing is waited for any more. */
    cancel() {
        this.#cancel();
        this.#liveSince = null;
    }
    /** A person asks for it: as if nothing had been lost. */
    forget() {
        this.#failures = 0;
        this.#wrongInARow = 0;
    }
    /** The server asked to stay away for so long; 0 where it did not. */
    asked(ms) {
        this.#asked = { ms, from: this.#means.elapsed.now() };
    }
    /** As its timer goes: never more than is waited for. */
    get leftMs() {
        const { ms, from } = this.#wait;
        return Math.round(Math.min(ms, Math.max(0, from + ms - steady(this.#means.clock))));
    }
    /** What is left of what the server asked for; sleep counts. */
    get askedLeftMs() {
        const { ms, from } = this.#asked;
        return Math.max(0, from + ms - this.#means.elapsed.now());
    }
}
