// Close codes over real sockets: a small server of our own ends each connection with the next code, and sees who comes
// back. The codes that may not stand on the wire are in client.test.mjs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import WebSocket, { WebSocketServer } from "ws";
import { connect } from "../dist/index.js";
import { until } from "./support/wait.mjs";
import { end, hello } from "./support/virtual.mjs";

const codes = Array.from({ length: 4000 }, (_, index) => 1000 + index).filter(
  (code) => code >= 3000 || (code <= 1014 && ![1004, 1005, 1006].includes(code)),
);

describe("a server that closes with each code there is", { concurrency: false }, () => {
  let http;
  let url;
  /** By what is asked for: who speaks to such a connection. */
  const speakers = new Map();
  before(async () => {
    http = createServer((_, response) => response.end('{"ticket":"t","expiresInMs":30000}'));
    const sockets = new WebSocketServer({ server: http });
    sockets.on("connection", (socket, { url }) => {
      socket.on("error", () => {});
      const query = new URL(url, "ws://x").searchParams;
      speakers.get(query.get("agents"))(socket, query);
    });
    await once(http.listen(0, "127.0.0.1"), "listening");
    url = `http://127.0.0.1:${http.address().port}`;
  });
  after(() => {
    http.closeAllConnections();
    http.close();
  });
  const watch = (more) => connect({ url, token: () => "t", WebSocket, backoff: { firstMs: 0, maxMs: 0 }, ...more });

  it(`is come back to with the cursor below 4500, and from there on not at all (${codes.length} codes)`, async () => {
    for (let from = 0; from < codes.length; from += 50) {
      await Promise.all(codes.slice(from, from + 50).map(obeys));
    }
  });

  async function obeys(code) {
    const met = [];
    const agents = [`code-${code}`];
    speakers.set(agents[0], (socket, query) => {
      met.push(query.get("after"));
      const first = met.length === 1;
      socket.send(JSON.stringify(hello(first ? {} : { mode: "live", reason: "resumed" })));
      if (first) socket.send(JSON.stringify(end(10)));
      if (first) socket.close(code, '{"code":"word"}');
    });
    const fleet = watch({ agents });
    const states = [];
    fleet.on("state", ({ name, why }) => states.push([name, why?.closeCode ?? null]));
    const isOver = () => (code < 4500 ? met.length === 2 && fleet.state.name === "live" : fleet.state.name === "stopped");
    await until(fleet, isOver, `the step after ${code}`);
    fleet.close();
    speakers.delete(agents[0]);
    assert.ok(states.some(([name, closeCode]) => closeCode === code && name === (code < 4500 ? "stale" : "stopped")), `${code}: ${JSON.stringify(states)}`);
    assert.deepEqual(met, code < 4500 ? [null, `e1:10:${"0".repeat(16)}`] : [null]);
  }

  it("that cuts the line without a word is come back to", async () => {
    let tries = 0;
    speakers.set(null, (socket) => {
      tries += 1;
      if (tries < 3) return socket.terminate();
      for (const frame of [hello(), end(10)]) socket.send(JSON.stringify(frame));
    });
    const fleet = watch({});
    await until(fleet, () => fleet.state.name === "live", "live");
    assert.equal(tries, 3);
    fleet.close();
  });
});
