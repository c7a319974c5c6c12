// A server's clock that can be put back, so that an hour passes in a moment: libfaketime, which asks a file how far.

import { access, rename, writeFile } from "node:fs/promises";

const LIBRARIES = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`);

export class PastClock {
  #file;

  constructor(file) {
    this.#file = file;
  }

  /** What the server's environment needs for it. */
  async env() {
    return {
      LD_PRELOAD: await faketime(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      // Leases and timers go on as they do.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** So many minutes ago is now. */
  async minutesAgo(minutes) {
    await writeFile(`${this.#file}.new`, `-${Math.round(minutes * 60)}s\n`);
    await rename(`${this.#file}.new`, this.#file);
  }
}

async function faketime() {
  for (const library of LIBRARIES) {
    const isThere = await access(library).then(
      () => true,
      () => false,
    );
    if (isThere) return library;
  }
  throw new Error("libfaketime is not there: install the package `faketime`");
}
