// The state as people are told it: what it is, as of when the fleet is as shown, and what time it is there.
import { why } from "./state.js";
/** A heartbeat that is late by so much is missed. */
const LATE_MS = 2_500;
/** Whoever was heard so lately is there, also after a wake-up. */
const JUST_HEARD_MS = 2_500;
export class Standing {
    #times;
    #tell;
    #state = { name: "connecting", staleSince: null, retryAt: null, why: null };
    /** What was heard last while it was live. */
    #lastLive = null;
    constructor(times, tell) {
        this.#times = times;
        this.#tell = tell;
    }
    get state() {
        return this.#state;
    }
    /** `isShown`: there is a fleet to see. */
    become(name, isShown, reason = null, retryAt = null) {
        if (this.#state.name === "live")
            this.#lastLive = this.#times.last;
        const staleSince = isShown && name !== "live" ? (this.#lastLive?.here ?? null) : null;
        this.#state = { name, staleSince, retryAt, why: reason };
        this.#tell(this.#state);
    }
    /** The server's time; while it is not live, that of its last word. */
    now() {
        return this.#state.staleSince === null || this.#lastLive === null ? this.#times.serverNow() : this.#lastLive.server;
    }
    /** Live until it was doubted; the next frame says whether it still is. */
    get isChecking() {
        return this.#state.name === "catching-up" && this.#state.why?.code === "checking";
    }
    /** A second is over. A server that should have been heard by now is not known to be there. */
    tick(heartbeatMs) {
        if (typeof heartbeatMs === "number")
            this.#doubt(heartbeatMs + LATE_MS);
    }
    /** Whoever was away does not know what happened meanwhile. */
    woke() {
        this.#doubt(JUST_HEARD_MS);
    }
    #doubt(silenceMaxMs) {
        if (this.#state.name !== "live" || (this.#times.silentMs ?? 0) <= silenceMaxMs)
            return;
        this.become("catching-up", true, why("checking", "It is not known whether the server is still there."));
    }
}
