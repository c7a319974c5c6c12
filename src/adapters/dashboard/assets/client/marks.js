// Reads the marks of life that move without events: one read at a time, with the client's own token. Fails quietly.
export class Marks {
    #api;
    #credentials;
    #reading = null;
    constructor(api, credentials) {
        this.#api = api;
        this.#credentials = credentials;
    }
    /** Whether `take` took what was read. Who asks while a read is under way gets the answer of that one. */
    read(take) {
        if (!this.#credentials.hasToken)
            return Promise.resolve(false);
        this.#reading ??= this.#read(take).finally(() => (this.#reading = null));
        return this.#reading;
    }
    async #read(take) {
        try {
            return take(await this.#credentials.with((token) => this.#api.fleet(token)));
        }
        catch {
            return false;
        }
    }
}
