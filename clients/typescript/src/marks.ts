// Reads the marks of life that move without events: one read at a time, with the client's own token. Fails quietly.

import type { Api } from "./api.js";
import type { Credentials } from "./credentials.js";
import type { Fleet } from "./wire.js";

export class Marks {
  readonly #api: Api;
  readonly #credentials: Credentials;
  #reading: Promise<boolean> | null = null;

  constructor(api: Api, credentials: Credentials) {
    this.#api = api;
    this.#credentials = credentials;
  }

  /** Whether `take` took what was read. Who asks while a read is under way gets the answer of that one. */
  read(take: (copy: Fleet) => boolean): Promise<boolean> {
    if (!this.#credentials.hasToken) return Promise.resolve(false);
    this.#reading ??= this.#read(take).finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(take: (copy: Fleet) => boolean): Promise<boolean> {
    try {
      return take(await this.#credentials.with((token) => this.#api.fleet(token)));
    } catch {
      return false;
    }
  }
}
