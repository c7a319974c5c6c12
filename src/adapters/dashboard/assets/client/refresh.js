// A new token on the connection that stands, before the old one ends. Fails quietly: the connection then ends with
// 4401, and the client comes back with a new token or says that there is none.
import { SignedOut } from "./credentials.js";
/** Between tries. It doubles, so that a token that is refused never makes ten wrong frames a minute. */
const AGAIN_MS = 3_000;
/** After this long it is another token's end, and not the same one's again. */
const FORGET_MS = 60_000;
export class Refresh {
    #renew;
    #send;
    #clock;
    #cancel = null;
    #tries = 0;
    #triedAt = 0;
    /** "asking" for a token, "sent" it and waiting for the answer, or "waiting" to try again. */
    #doing = "nothing";
    #isOver = false;
    constructor(renew, send, clock) {
        this.#renew = renew;
        this.#send = send;
        this.#clock = clock;
    }
    /** The server said that the token ends. */
    expiring() {
        if (this.#doing === "nothing" || this.#doing === "sent")
            void this.#again();
    }
    /** The server took it. A source that gives tokens of a few seconds is still asked no faster than we wait. */
    taken() {
        if (this.#doing === "sent")
            this.#doing = "nothing";
    }
    /** The server did not understand or take something that we sent. */
    refused() {
        if (this.#doing === "sent")
            void this.#again();
    }
    /** The connection is over. */
    end() {
        this.#isOver = true;
        this.#cancel?.();
    }
    async #again() {
        if (Math.abs(this.#clock.now() - this.#triedAt) > FORGET_MS)
            this.#tries = 0;
        const waitMs = this.#tries === 0 ? 0 : AGAIN_MS * 2 ** Math.min(this.#tries - 1, 4);
        this.#tries += 1;
        this.#doing = "waiting";
        if (waitMs === 0)
            return this.#try();
        this.#cancel = this.#clock.after(waitMs, () => void this.#try());
    }
    async #try() {
        if (this.#isOver)
            return;
        this.#doing = "asking";
        this.#triedAt = this.#clock.now();
        try {
            const token = await this.#renew();
            if (this.#isOver)
                return;
            this.#doing = "sent";
            this.#send(token);
        }
        catch (error) {
            if (!this.#isOver && !(error instanceof SignedOut))
                void this.#again();
        }
    }
}
