// One request over HTTP. Every failure leaves here as a Refusal (the server said no) or as Unreachable (nobody
// answered), so that callers never read a status.
import { TooLate, within } from "./clock.js";
import { isObject } from "./frames.js";
import { asked } from "./policy.js";
const ANSWER_WITHIN_MS = 10_000;
/** The server answered, and said no. */
export class Refusal extends Error {
    status;
    /** The word to branch on, empty where what answered was not the server. */
    code;
    /** How long it asks to wait. */
    retryMs;
    constructor(status, problem, retryMs) {
        super(text(problem["detail"]) || text(problem["title"]) || `The server answered ${status}.`);
        this.status = status;
        this.code = text(problem["code"]);
        this.retryMs = retryMs;
    }
    /** Who we are was not accepted. */
    get isUnknown() {
        return this.status === 401;
    }
    /** Asking again later may help. */
    get isTemporary() {
        return this.status === 408 || this.status === 429 || (this.status >= 500 && this.status !== 501);
    }
}
/** Nobody answered: the server is away, or the network is. */
export class Unreachable extends Error {
}
export class Http {
    #base;
    #fetch;
    #clock;
    constructor(base, fetcher, clock) {
        this.#base = base;
        this.#fetch = fetcher;
        this.#clock = clock;
    }
    /** The JSON of the answer; an empty object where it has none. */
    async ask(request) {
        return (await this.askTimed(request)).json;
    }
    /** The same, and what time it was at the server, to the second; here, where it does not say. */
    async askTimed({ method, path, body, token, withCookies = false }) {
        const headers = {};
        if (body !== undefined)
            headers["content-type"] = "application/json";
        if (token !== undefined)
            headers["authorization"] = `Bearer ${token}`;
        const abort = new AbortController();
        const init = { method, headers, cache: "no-store", redirect: "error", signal: abort.signal };
        init.credentials = withCookies ? "same-origin" : "omit";
        if (body !== undefined)
            init.body = JSON.stringify(body);
        const { response, words } = await this.#answer(new URL(path, this.#base), init, abort);
        const json = parse(words);
        if (!response.ok)
            throw new Refusal(response.status, json, retryAfterMs(response.headers.get("retry-after")));
        const date = Date.parse(response.headers.get("date") ?? "");
        return { json, at: Number.isNaN(date) ? this.#clock.now() : date };
    }
    async #answer(url, init, abort) {
        const fetcher = this.#fetch;
        const answered = async () => {
            const response = await fetcher(url, init);
            return { response, words: await response.text() };
        };
        try {
            return await within(answered(), ANSWER_WITHIN_MS, "The server's answer", this.#clock);
        }
        catch (error) {
            if (error instanceof TooLate)
                abort.abort();
            throw new Unreachable("The server does not answer.", { cause: error });
        }
    }
}
function parse(words) {
    try {
        const json = JSON.parse(words);
        return isObject(json) ? json : {};
    }
    catch {
        return {};
    }
}
function retryAfterMs(header) {
    return header === null ? 0 : asked(Number(header) * 1000);
}
function text(value) {
    return typeof value === "string" ? value : "";
}
