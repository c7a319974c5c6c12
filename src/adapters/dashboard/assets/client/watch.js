// Is the server still there? Judged by when frames were received and by time that this program was awake for. Pure: it
// is told what time it is, and answers what to do.
/** How often to ask. */
export const TICK_MS = 1_000;
/** How long a server may take to say `hello`, and to answer a `ping`. */
const HELLO_WITHIN_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
/** Silence that ends a connection, in heartbeats. */
const HEARTBEATS_MISSED_MAX = 2;
/**
 * More than this never counts between two looks at the clock: the program was asleep or throttled for the rest, or the
 * clock was set, and frames that came meanwhile may still be waiting to be read.
 */
const CREDIT_MAX_MS = 2_500;
export class Watch {
    #heartbeatMs = 0;
    #silenceMaxMs = HELLO_WITHIN_MS;
    /** When time was last counted. */
    #mark;
    #heardAt;
    #silentMs = 0;
    /** How long a ping is without an answer; below 0 where none is. */
    #unansweredMs = -1;
    /** A socket was opened. */
    constructor(now) {
        this.#mark = now;
        this.#heardAt = now;
    }
    /** A frame came, whatever it was. */
    heard(now) {
        this.#mark = now;
        this.#heardAt = now;
        this.#silentMs = 0;
        this.#unansweredMs = -1;
    }
    /** The server said how often it speaks. */
    greeted(heartbeatMs) {
        this.#heartbeatMs = heartbeatMs;
        this.#silenceMaxMs = HEARTBEATS_MISSED_MAX * heartbeatMs;
    }
    /** A ping went out. */
    probed() {
        if (!this.isProbed)
            this.#unansweredMs = 0;
    }
    /** Is a ping without an answer? */
    get isProbed() {
        return this.#unansweredMs >= 0;
    }
    /** A second is over, or what the machine made of it. */
    tick(now) {
        const passed = now - this.#mark;
        this.#mark = now;
        // A clock that was set back says nothing about how long it was.
        const counted = Math.min(Math.max(0, passed), CREDIT_MAX_MS);
        this.#silentMs += counted;
        if (this.isProbed)
            this.#unansweredMs += counted;
        if (this.#silentMs >= this.#silenceMaxMs || this.#unansweredMs >= PONG_WITHIN_MS)
            return "dead";
        const jumped = passed > CREDIT_MAX_MS;
        const overdue = this.#heartbeatMs > 0 && now - this.#heardAt > this.#heartbeatMs;
        return jumped && overdue && !this.isProbed ? "probe" : "alive";
    }
}
