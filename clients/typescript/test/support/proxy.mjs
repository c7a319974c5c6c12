// A way to the server that can be cut: TCP on its own port, forwarded byte by byte.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Proxy {
  #server;
  #pairs = new Set();
  #target;
  cuts = 0;
  /** While true, whoever connects is cut off at once. */
  isClosed = false;

  constructor(url) {
    this.#target = new URL(url);
  }

  async start() {
    this.#server = createServer((socket) => this.#forward(socket));
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  /** Cuts everything, without a word. */
  cut() {
    for (const pair of this.#pairs) {
      this.cuts += 1;
      for (const socket of pair) socket.resetAndDestroy();
    }
  }

  /** Cuts after so many bytes more from the server: in the middle of a frame. */
  cutAfter(bytes) {
    for (const [, up] of this.#pairs) {
      let left = bytes;
      up.on("data", (data) => {
        left -= data.length;
        if (left <= 0) this.cut();
      });
    }
  }

  async end() {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #forward(socket) {
    if (this.isClosed) return socket.resetAndDestroy();
    const up = connect(Number(this.#target.port), this.#target.hostname);
    const pair = [socket, up];
    this.#pairs.add(pair);
    const over = () => {
      this.#pairs.delete(pair);
      for (const one of pair) one.destroy();
    };
    for (const one of pair) one.on("error", over).on("close", over).setNoDelay(true);
    socket.pipe(up);
    up.pipe(socket);
  }
}
