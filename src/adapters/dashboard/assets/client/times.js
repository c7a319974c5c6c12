// What time it is at the server, when it was last heard, and for how long it has been silent.
import { steady } from "./clock.js";
/** Words of the server that are compared: with its heartbeats, those of the last ten minutes. */
const WORDS_MAX = 20;
export class Times {
    #clock;
    #elapsed;
    /** How far the server's clock is ahead of our steady one, by each of its last words. */
    #ahead = [];
    #last = null;
    #heardAt = 0;
    constructor(clock, elapsed) {
        this.#clock = clock;
        this.#elapsed = elapsed;
    }
    /** Another connection, maybe to another machine: what the last one said counts no more. */
    greeted(serverTime) {
        if (typeof serverTime !== "number")
            return;
        this.#ahead = [];
        this.told(serverTime);
    }
    /** The server said what time it was. Such a word may be late, and is never early. */
    told(serverTime) {
        if (typeof serverTime !== "number")
            return;
        this.#ahead.push(serverTime - steady(this.#clock));
        if (this.#ahead.length > WORDS_MAX)
            this.#ahead.shift();
    }
    /** A frame came. */
    heard() {
        this.#last = { here: this.#clock.now(), server: this.serverNow() };
        this.#heardAt = this.#elapsed.now();
    }
    /** By the least late of the server's last words, and by a clock here that nobody sets. */
    serverNow() {
        return this.#ahead.length === 0 ? this.#clock.now() : Math.round(Math.max(...this.#ahead) + steady(this.#clock));
    }
    /** When the server last said something. */
    get last() {
        return this.#last;
    }
    /** For how long it has said nothing; a machine that sleeps hears nothing either. */
    get silentMs() {
        return this.#last === null ? null : Math.round(this.#elapsed.now() - this.#heardAt);
    }
}
