// A line that is cut at random for a minute (ten with CLIENT_LONG=1): no event is lost, and none is told twice.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Proxy } from "./support/proxy.mjs";
import { randomFrom } from "./support/random.mjs";
import { withServer } from "./support/server.mjs";
import { until } from "./support/wait.mjs";
import { held, seqOf, served, watcher } from "./support/watcher.mjs";

const seconds = process.env.CLIENT_LONG ? 600 : 60;
const seed = Number(process.env.CLIENT_SEED ?? Date.now() % 1_000_000);

describe("a line that is cut", () => {
  it(`at random for ${seconds} s loses and repeats no event`, { timeout: (seconds + 60) * 1000 }, async (t) => {
    t.diagnostic(`CLIENT_SEED=${seed}`);
    const settings = { "limits.reports_per_second": 100_000, "limits.reports_burst": 100_000, "limits.refused_handshakes_per_second": 100_000 };
    await withServer(settings, async (server) => {
      const random = randomFrom(seed);
      const proxy = await new Proxy(server.url).start();
      const first = await server.status("agent-0", "online", { message: "0" });
      const { fleet, told } = watcher(server, { url: proxy.url });
      await until(fleet, () => fleet.state.name === "live", "live");
      const begun = seqOf(fleet.cursor);
      assert.equal(begun, first.seq);
      const stop = performance.now() + seconds * 1000;
      let last = begun;
      let number = 0;
      while (performance.now() < stop) {
        const reports = Array.from({ length: 1 + Math.floor(random() * 40) }, () => {
          number += 1;
          const agentId = `agent-${Math.floor(random() * 20)}`;
          if (number % 3 === 0) return { kind: "activity", agentId, sessionId: "s", lastMessage: String(number) };
          return { kind: "status", agentId, status: random() < 0.5 ? "online" : "error", message: String(number) };
        });
        last = Math.max(last, await server.batch(reports));
        const chance = random();
        if (chance < 0.04) proxy.cut();
        else if (chance < 0.08) proxy.cutAfter(Math.floor(random() * 5000));
        else if (chance < 0.1) proxy.isClosed = !proxy.isClosed;
        // A client that never gets anywhere would prove nothing.
        if (random() < 0.05) {
          proxy.isClosed = false;
          const target = last;
          await until(fleet, () => seqOf(fleet.cursor) >= target && fleet.state.name === "live", "to be back");
        }
      }
      proxy.isClosed = false;
      await until(fleet, () => seqOf(fleet.cursor) >= last && fleet.state.name === "live", "to be back at the end");
      const seqs = told.changes.filter(({ seq }) => seq > begun).map(({ seq }) => seq);
      const modes = {};
      for (const { mode } of told.caughtUp) modes[mode] = (modes[mode] ?? 0) + 1;
      t.diagnostic(`${seqs.length} events, ${proxy.cuts} cuts, ${JSON.stringify(modes)}`);
      assert.deepEqual(Object.keys(modes).filter((mode) => !["snapshot", "live", "replay"].includes(mode)), []);
      assert.equal(seqs.length, last - begun, "as many as there were");
      seqs.forEach((seq, index) => assert.equal(seq, begun + 1 + index, "each in its place, once"));
      assert.ok(proxy.cuts > seconds / 10, `${proxy.cuts} cuts`);
      assert.deepEqual(held(fleet), served(await server.ask("GET", "fleet")));
      assert.deepEqual(told.errors, []);
      fleet.close();
      await proxy.end();
    });
  });
});
