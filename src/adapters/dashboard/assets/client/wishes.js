// Changes of interest on a connection that stands: the last one wins, and no more than one a second is sent, which is
// as often as the server looks at them.
const EVERY_MS = 1_100;
export class Wishes {
    #send;
    #clock;
    #waiting = null;
    #cancel = null;
    constructor(send, clock) {
        this.#send = send;
        this.#clock = clock;
    }
    wish(interest) {
        if (this.#cancel !== null)
            this.#waiting = interest;
        else
            this.#speak(interest);
    }
    /** The connection is over; the next one is opened with the newest interest. */
    end() {
        this.#cancel?.();
        this.#cancel = null;
        this.#waiting = null;
    }
    #speak(interest) {
        this.#send(interest);
        this.#cancel = this.#clock.after(EVERY_MS, () => {
            this.#cancel = null;
            const next = this.#waiting;
            this.#waiting = null;
            if (next !== null)
                this.#speak(next);
        });
    }
}
