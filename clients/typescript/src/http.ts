// One request over HTTP. Every failure leaves here as a Refusal (the server said no) or as Unreachable (nobody
// answered), so that callers never read a status.

import { TooLate, within, type Clock } from "./clock.js";
import { isObject } from "./frames.js";
import { asked } from "./policy.js";

const ANSWER_WITHIN_MS = 10_000;

export type Fetch = (input: URL | string, init?: RequestInit) => Promise<Response>;

/** The server answered, and said no. */
export class Refusal extends Error {
  readonly status: number;
  /** The word to branch on, empty where what answered was not the server. */
  readonly code: string;
  /** How long it asks to wait. */
  readonly retryMs: number;

  constructor(status: number, problem: Record<string, unknown>, retryMs: number) {
    super(text(problem["detail"]) || text(problem["title"]) || `The server answered ${status}.`);
    this.status = status;
    this.code = text(problem["code"]);
    this.retryMs = retryMs;
  }

  /** Who we are was not accepted. */
  get isUnknown(): boolean {
    return this.status === 401;
  }

  /** Asking again later may help. */
  get isTemporary(): boolean {
    return this.status === 408 || this.status === 429 || (this.status >= 500 && this.status !== 501);
  }
}

/** Nobody answered: the server is away, or the network is. */
export class Unreachable extends Error {}

export interface Request {
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  token?: string;
  /** Cookies go to a page's own server only. */
  withCookies?: boolean;
}

export interface Timed {
  readonly json: Record<string, unknown>;
  readonly at: number;
}

export class Http {
  readonly #base: URL;
  readonly #fetch: Fetch;
  readonly #clock: Clock;

  constructor(base: URL, fetcher: Fetch, clock: Clock) {
    this.#base = base;
    this.#fetch = fetcher;
    this.#clock = clock;
  }

  /** The JSON of the answer; an empty object where it has none. */
  async ask(request: Request): Promise<Record<string, unknown>> {
    return (await this.askTimed(request)).json;
  }

  /** The same, and what time it was at the server, to the second; here, where it does not say. */
  async askTimed({ method, path, body, token, withCookies = false }: Request): Promise<Timed> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    const abort = new AbortController();
    const init: RequestInit = { method, headers, cache: "no-store", redirect: "error", signal: abort.signal };
    init.credentials = withCookies ? "same-origin" : "omit";
    if (body !== undefined) init.body = JSON.stringify(body);
    const { response, words } = await this.#answer(new URL(path, this.#base), init, abort);
    const json = parse(words);
    if (!response.ok) throw new Refusal(response.status, json, retryAfterMs(response.headers.get("retry-after")));
    const date = Date.parse(response.headers.get("date") ?? "");
    return { json, at: Number.isNaN(date) ? this.#clock.now() : date };
  }

  async #answer(url: URL, init: RequestInit, abort: AbortController): Promise<{ response: Response; words: string }> {
    const fetcher = this.#fetch;
    const answered = async (): Promise<{ response: Response; words: string }> => {
      const response = await fetcher(url, init);
      return { response, words: await response.text() };
    };
    try {
      return await within(answered(), ANSWER_WITHIN_MS, "The server's answer", this.#clock);
    } catch (error) {
      if (error instanceof TooLate) abort.abort();
      throw new Unreachable("The server does not answer.", { cause: error });
    }
  }
}

function parse(words: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(words);
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}

function retryAfterMs(header: string | null): number {
  return header === null ? 0 : asked(Number(header) * 1000);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
