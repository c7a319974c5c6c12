// Who the page is: spends a one-time code, and holds the short-lived token, in memory only. Knows no socket.

import { Refusal, SignedOut } from "../client/index.js";

/** A token that ends sooner than this is not given out any more. */
const SPARE_MS = 60_000;

export class Tokens {
  #api;
  #clock;
  #onSignedIn;
  #code = null;
  #token = null;
  #endsAt = 0;
  #isOut = false;
  /** A sign-out on its way: what comes after it must not be ended by it. */
  #leaving = Promise.resolve();
  /** The last code was not taken: it was used before, or is too old. */
  wasCodeRefused = false;

  /**
   * `clock()` in milliseconds; it must go on while the computer sleeps, for a token does not wait. `onSignedIn` is told
   * when a code was taken.
   */
  constructor(api, { clock = Date.now, onSignedIn = () => {} } = {}) {
    this.#api = api;
    this.#clock = clock;
    this.#onSignedIn = onSignedIn;
  }

  /** A one-time code, to be spent when a token is next needed. */
  take(code) {
    this.#code = code;
    this.#isOut = false;
    this.wasCodeRefused = false;
  }

  /** The client's source of tokens. Fails with what the server says, or says that it is away; both may be asked again. */
  async get(isRefused) {
    if (this.#isOut) throw new SignedOut("This page signed out.");
    await this.#spendCode();
    if (!isRefused && this.#token !== null && this.#clock() < this.#endsAt - SPARE_MS) return this.#token;
    const asked = this.#clock();
    const { token, expiresInMs } = await this.#api.sessionToken();
    this.#token = token;
    this.#endsAt = asked + expiresInMs;
    return token;
  }

  /** Asks something with a token; one that the server no longer takes is replaced once. */
  async with(ask) {
    try {
      return await ask(await this.get(false));
    } catch (error) {
      if (!(error instanceof Refusal && error.isUnknown)) throw error;
      return ask(await this.get(true));
    }
  }

  /** Another tab signed in or out: whatever is known here may no longer be so. */
  forget() {
    this.#token = null;
    this.#isOut = false;
  }

  /** Ends the sign-in: here at once, and at the server if it can be told. */
  async signOut() {
    this.#token = null;
    this.#code = null;
    this.#isOut = true;
    this.wasCodeRefused = false;
    const told = this.#api.signOut();
    this.#leaving = told.catch(() => {});
    await told;
  }

  // A refused code is not the end: the browser may still be signed in from before.
  async #spendCode() {
    const code = this.#code;
    if (code === null) return;
    await this.#leaving;
    let wasRefused = false;
    try {
      await this.#api.signIn(code);
    } catch (error) {
      if (!(error instanceof Refusal) || error.isTemporary) throw error;
      wasRefused = true;
    }
    this.#token = null;
    // Another one may have come meanwhile.
    if (this.#code !== code) return this.#spendCode();
    this.#code = null;
    this.wasCodeRefused = wasRefused;
    if (!wasRefused) this.#onSignedIn();
  }
}
