// Who we are: a token or a source of tokens, or a source of tickets. Tokens go into heads only; into an address goes a
// ticket, which is good once.
import { within } from "./clock.js";
import { Refusal } from "./http.js";
const SOURCE_WITHIN_MS = 30_000;
/** What a source throws when there will be no more: the client ends signed out instead of asking again. */
export class SignedOut extends Error {
}
export class Credentials {
    #token;
    #ticket;
    #api;
    #clock;
    #isRefused = false;
    constructor(token, ticket, api, clock) {
        this.#token = token;
        this.#ticket = ticket;
        this.#api = api;
        this.#clock = clock;
    }
    /** Is there anything to come back with once the token ended? */
    get hasSource() {
        return typeof this.#token === "function" || this.#ticket !== undefined;
    }
    /** Is there a token to read with? */
    get hasToken() {
        return this.#token !== undefined;
    }
    /** Can a connection that stands get a new token? */
    get canRefresh() {
        return typeof this.#token === "function";
    }
    /** The token that we have was not taken, or is at its end. */
    ended() {
        this.#isRefused = true;
    }
    /** A ticket for one connection. */
    async ticket() {
        if (this.#ticket !== undefined)
            return this.#from(this.#ticket, "ticket");
        const { ticket } = await this.with((token) => this.#api.ticket(token));
        if (typeof ticket !== "string" || ticket === "")
            throw new Error("The server's answer holds no ticket.");
        return ticket;
    }
    /** Asks something with a token; one that the server no longer takes is replaced once. */
    async with(ask) {
        const wasRefused = this.#isRefused;
        try {
            return await this.#asked(ask, wasRefused);
        }
        catch (error) {
            const isOld = error instanceof Refusal && error.isUnknown && error.code !== "token_revoked";
            if (!isOld || wasRefused || !this.canRefresh)
                throw error;
            return this.#asked(ask, true);
        }
    }
    /** A token to go on with, in place of the one that ends. */
    renewed() {
        return this.#get(true);
    }
    async #asked(ask, isRefused) {
        const answer = await ask(await this.#get(isRefused));
        this.#isRefused = false;
        return answer;
    }
    async #get(isRefused) {
        const token = this.#token;
        if (typeof token === "function")
            return this.#from(() => token(isRefused), "token");
        if (token === undefined)
            throw new SignedOut("There is no token.");
        return token;
    }
    async #from(source, what) {
        const asked = Promise.resolve().then(source);
        const word = await within(asked, SOURCE_WITHIN_MS, `The source of a ${what}`, this.#clock);
        if (typeof word !== "string" || word === "")
            throw new TypeError(`The source of a ${what} gave none.`);
        return word;
    }
}
