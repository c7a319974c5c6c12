// Who we are: a token or a source of tokens, or a source of tickets. Tokens go into heads only; into an address goes a
// ticket, which is good once.

import type { Api } from "./api.js";
import { within, type Clock } from "./clock.js";
import { Refusal } from "./http.js";

const SOURCE_WITHIN_MS = 30_000;

/** Asked each time a token is needed. `isRefused`: the last one was not taken, or is about to end. */
export type TokenSource = (isRefused: boolean) => string | Promise<string>;
export type TicketSource = () => string | Promise<string>;

/** What a source throws when there will be no more: the client ends signed out instead of asking again. */
export class SignedOut extends Error {}

export class Credentials {
  readonly #token: string | TokenSource | undefined;
  readonly #ticket: TicketSource | undefined;
  readonly #api: Api;
  readonly #clock: Clock;
  #isRefused = false;

  constructor(token: string | TokenSource | undefined, ticket: TicketSource | undefined, api: Api, clock: Clock) {
    this.#token = token;
    this.#ticket = ticket;
    this.#api = api;
    this.#clock = clock;
  }

  /** Is there anything to come back with once the token ended? */
  get hasSource(): boolean {
    return typeof this.#token === "function" || this.#ticket !== undefined;
  }

  /** Is there a token to read with? */
  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  /** Can a connection that stands get a new token? */
  get canRefresh(): boolean {
    return typeof this.#token === "function";
  }

  /** The token that we have was not taken, or is at its end. */
  ended(): void {
    this.#isRefused = true;
  }

  /** A ticket for one connection. */
  async ticket(): Promise<string> {
    if (this.#ticket !== undefined) return this.#from(this.#ticket, "ticket");
    const { ticket } = await this.with((token) => this.#api.ticket(token));
    if (typeof ticket !== "string" || ticket === "") throw new Error("The server's answer holds no ticket.");
    return ticket;
  }

  /** Asks something with a token; one that the server no longer takes is replaced once. */
  async with<Answer>(ask: (token: string) => Promise<Answer>): Promise<Answer> {
    const wasRefused = this.#isRefused;
    try {
      return await this.#asked(ask, wasRefused);
    } catch (error) {
      const isOld = error instanceof Refusal && error.isUnknown && error.code !== "token_revoked";
      if (!isOld || wasRefused || !this.canRefresh) throw error;
      return this.#asked(ask, true);
    }
  }

  /** A token to go on with, in place of the one that ends. */
  renewed(): Promise<string> {
    return this.#get(true);
  }

  async #asked<Answer>(ask: (token: string) => Promise<Answer>, isRefused: boolean): Promise<Answer> {
    const answer = await ask(await this.#get(isRefused));
    this.#isRefused = false;
    return answer;
  }

  async #get(isRefused: boolean): Promise<string> {
    const token = this.#token;
    if (typeof token === "function") return this.#from(() => token(isRefused), "token");
    if (token === undefined) throw new SignedOut("There is no token.");
    return token;
  }

  async #from(source: () => string | Promise<string>, what: string): Promise<string> {
    const asked = Promise.resolve().then(source);
    const word = await within(asked, SOURCE_WITHIN_MS, `The source of a ${what}`, this.#clock);
    if (typeof word !== "string" || word === "") throw new TypeError(`The source of a ${what} gave none.`);
    return word;
  }
}
