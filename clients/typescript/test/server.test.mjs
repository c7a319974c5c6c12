// The client and the real server, over real sockets: every way to come back, and every end.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { api } from "../dist/index.js";
import { Proxy } from "./support/proxy.mjs";
import { randomFrom } from "./support/random.mjs";
import { Server, withServer } from "./support/server.mjs";
import { until } from "./support/wait.mjs";
import { held, seqOf, served, watcher } from "./support/watcher.mjs";

const live = (fleet) => until(fleet, () => fleet.state.name === "live", "live");
const at = (fleet, seq) => until(fleet, () => seqOf(fleet.cursor) >= seq && fleet.state.name === "live", `live at ${seq}`);
const statusOf = (agentId, status, message) => ({ kind: "status", agentId, status, message });

async function sameAsServed(fleet, server) {
  const read = await server.ask("GET", "fleet");
  await at(fleet, read.seq);
  assert.deepEqual(held(fleet), served(read));
}

describe("a server with one fleet", { concurrency: false }, () => {
  let server;
  before(async () => {
    server = await new Server({ "stream.replay_events": 20, "stream.tombstones": 5, "stream.ring_events": 10, "stream.heartbeat_ms": 1000 }).start();
    await server.batch([statusOf("a", "online"), statusOf("b", "error", "disk full"), { kind: "activity", agentId: "a", sessionId: "s", lastMessage: "npm test" }]);
  });
  after(() => server.end());

  it("is shown by a snapshot, then as it happens", async () => {
    const { fleet, told } = watcher(server);
    await live(fleet);
    assert.deepEqual([told.caughtUp[0].mode, told.caughtUp[0].first], ["snapshot", true]);
    assert.equal(fleet.agents.get("b").detail.message, "disk full");
    assert.equal(fleet.sessions.get("a").get("s").lastMessage, "npm test");
    const { seq } = await server.status("a", "error", { message: "out of memory" });
    await at(fleet, seq);
    const { kind, agentId, before, after, source } = told.changes.at(-1);
    assert.deepEqual([kind, agentId, before.status, after.status, source], ["agent", "a", "online", "error", "live"]);
    await sameAsServed(fleet, server);
    assert.ok(Math.abs(fleet.serverNow() - Date.now()) < 5000);
    fleet.close();
  });

  it("is caught up with by nothing, replay, delta and snapshot, as much as was missed", async () => {
    const proxy = await new Proxy(server.url).start();
    const { fleet, told } = watcher(server, { url: proxy.url });
    await live(fleet);
    // A copy may be a second old: nothing is to be on its way when the connection is cut.
    await at(fleet, (await server.status("a", "online", { message: "before" })).seq);
    const away = async (happen) => {
      proxy.isClosed = true;
      proxy.cut();
      await until(fleet, () => fleet.state.name === "stale", "stale");
      const seq = await happen();
      const count = told.caughtUp.length;
      proxy.isClosed = false;
      await until(fleet, () => told.caughtUp.length > count && fleet.state.name === "live" && seqOf(fleet.cursor) >= seq, "to be back");
      await sameAsServed(fleet, server);
      return told.caughtUp[count];
    };
    assert.deepEqual(await away(() => 0), { mode: "live", reason: "resumed", missed: 0, first: false, newHistory: false });
    const before = told.changes.length;
    const replay = await away(async () => (await server.batch(Array.from({ length: 12 }, (_, n) => statusOf("a", n % 2 ? "online" : "error", String(n))))));
    assert.deepEqual(replay, { mode: "replay", reason: "resumed", missed: 12, first: false, newHistory: false });
    assert.deepEqual(told.changes.slice(before).map((change) => change.after.detail.message), Array.from({ length: 12 }, (_, n) => String(n)));
    assert.ok(told.changes.slice(before).every((change) => change.source === "catch-up"));
    const delta = await away(async () => {
      await server.ask("DELETE", "agents/b");
      return server.batch(Array.from({ length: 30 }, (_, n) => statusOf("c", n % 2 ? "online" : "error", String(n))));
    });
    assert.deepEqual([delta.mode, delta.missed], ["delta", 31]);
    assert.deepEqual([...fleet.agents.keys()].sort(), ["a", "c"]);
    const snapshot = await away(async () => {
      for (let n = 0; n < 8; n += 1) {
        await server.status(`short-${n}`, "online");
        await server.ask("DELETE", `agents/short-${n}`);
      }
      return server.batch(Array.from({ length: 10 }, (_, n) => statusOf("c", n % 2 ? "online" : "error", String(n))));
    });
    assert.deepEqual([snapshot.mode, snapshot.reason, snapshot.missed], ["snapshot", "compacted", 26]);
    fleet.close();
    await proxy.end();
  });

  it("is shown as far as was asked, and asked for anew in place", async () => {
    const { fleet, told } = watcher(server, { agents: ["a"], types: ["agent:status"] });
    await live(fleet);
    assert.deepEqual([[...fleet.agents.keys()], fleet.sessionCount, fleet.hello.complete], [["a"], 0, false]);
    fleet.subscribe({ agents: ["nobody"] });
    fleet.subscribe({ agents: ["c"] });
    await until(fleet, () => fleet.agents.has("c") && !fleet.agents.has("a") && fleet.state.name === "live", "c alone");
    fleet.subscribe({});
    await until(fleet, () => fleet.agents.has("a") && fleet.sessionCount > 0, "everything");
    fleet.subscribe({ agents: [] });
    await until(fleet, () => fleet.agents.size === 0, "nothing");
    assert.equal(told.caughtUp.at(-1).reason, "interest_changed");
    assert.equal(told.states.some(({ name }) => name === "stale"), false, "all of it on one connection");
    fleet.close();
    for (const interest of [{ agents: [] }, { types: [] }]) {
      const none = watcher(server, interest);
      await until(none.fleet, () => none.told.caughtUp.length === 2, "the copy of nothing");
      assert.deepEqual([none.told.changes, none.fleet.state.name], [[], "live"]);
      none.fleet.close();
    }
  });

  it("moves the cursor also while everything is hidden, and a narrow replay ends", async () => {
    const proxy = await new Proxy(server.url).start();
    const { fleet, told } = watcher(server, { url: proxy.url, agents: ["a"] });
    await live(fleet);
    const { seq } = await server.status("hidden", "online", { message: String(Math.random()) });
    await at(fleet, seq);
    proxy.isClosed = true;
    proxy.cut();
    await server.status("a", "online", { message: "seen" });
    await server.batch(Array.from({ length: 5 }, (_, n) => statusOf("hidden", n % 2 ? "online" : "error", String(n))));
    proxy.isClosed = false;
    await until(fleet, () => told.caughtUp.length === 2 && fleet.state.name === "live", "the replay's end");
    assert.deepEqual([told.caughtUp[1].mode, told.caughtUp[1].missed], ["replay", 1]);
    fleet.close();
    await proxy.end();
  });

  it("is read over HTTP for every id that there may be, also those that an address takes for steps", async () => {
    const reads = api({ url: server.url });
    const token = await server.token();
    const ids = [".", "..", "...", ".a", "a@b:c", "-_.@:", "x".repeat(128)];
    await server.batch(ids.flatMap((agentId) => [
      { kind: "lifecycle", agentId, event: "start" },
      { kind: "activity", agentId, sessionId: "..", lastMessage: "here" },
      { kind: "lifecycle", agentId, event: "restart" },
    ]));
    for (const id of ids) {
      const { agent, sessions } = await reads.agent(token, id);
      assert.deepEqual([agent.payload.agentId, sessions.map(({ payload }) => payload.agentId)], [id, [id]]);
      const page = await reads.agentEvents(token, id, { limit: 2 });
      assert.deepEqual([page.events.map(({ payload }) => payload.agentId), page.restarts, typeof page.next, typeof page.head], [[id, id], 1, "string", "string"]);
      assert.ok(page.uptimeMs >= 0 && page.uptimeMs < 30_000, `${id}: ${page.uptimeMs}`);
      assert.equal((await reads.agentEvents(token, id, { after: page.next, types: ["session:activity"] })).events.length, 1);
    }
    for (const id of [".", ".."]) await server.batch([statusOf(id, "offline")]);
    assert.equal((await reads.agentEvents(token, "..")).uptimeMs, 0);
    const narrow = await server.token({ sub: "narrow", agents: "a" });
    await assert.rejects(reads.agentEvents(narrow, ".."), { status: 404, code: "not_found" });
    await assert.rejects(reads.agent(narrow, "."), { status: 404, code: "not_found" });
  });

  it("is read over HTTP with the same types", async () => {
    const reads = api({ url: server.url });
    const token = await server.token();
    const fleet = await reads.fleet(token);
    assert.equal((await reads.agent(token, "a")).agent.payload.agentId, "a");
    const page = await reads.events(token, { limit: 2, agents: ["a"] });
    assert.equal(typeof page.head, "string");
    assert.equal((await reads.agentEvents(token, "a")).events.length > 0, true);
    assert.equal(fleet.agents.length > 0, true);
    await assert.rejects(reads.agent(token, "nobody"), { status: 404, code: "not_found" });
    await assert.rejects(reads.connections(token), { status: 403, code: "forbidden_scope" });
    await assert.rejects(reads.fleet("nonsense"), { isUnknown: true });
    await assert.rejects(api({ url: "http://127.0.0.1:9" }).fleet(token), /does not answer/);
  });
});

describe("a server that ends", { concurrency: false }, () => {
  it("by a kill is come back to with nothing lost, and by a stop after what it asks for", async () => {
    await withServer({}, async (server) => {
      await server.status("a", "online");
      const { fleet, told } = watcher(server);
      await live(fleet);
      await server.kill();
      await until(fleet, () => fleet.state.name === "stale", "stale");
      assert.equal(fleet.agents.get("a").status, "online", "the old fleet stays to be seen");
      assert.equal(typeof fleet.state.staleSince, "number");
      await server.start();
      const { seq } = await server.status("a", "error");
      await at(fleet, seq);
      assert.equal(told.caughtUp.at(-1).newHistory, false);
      await server.stop();
      await until(fleet, () => told.states.some(({ why }) => why?.closeCode === 1012), "1012");
      await server.start();
      await live(fleet);
      await sameAsServed(fleet, server);
      fleet.close();
    });
  });

  it("by a kill is shown afterwards as one that has not heard anybody, as it says itself, until it has", async () => {
    await withServer({}, async (server) => {
      await server.batch([statusOf("free", "online"), statusOf("stopped", "offline"), { kind: "heartbeat", agentId: "leased", leaseMs: 3_600_000 }, { ...statusOf("brief", "online"), leaseMs: 1000 }]);
      const { fleet, told } = watcher(server);
      await live(fleet);
      await server.kill();
      await until(fleet, () => fleet.state.name === "stale", "stale");
      await server.start();
      await until(fleet, () => told.caughtUp.length === 2 && fleet.state.name === "live", "back");
      assert.equal(["live", "replay"].includes(told.caughtUp[1].mode), true, told.caughtUp[1].mode);
      await until(fleet, () => fleet.agents.get("brief").status === "offline", "the lease's end");
      const read = await server.ask("GET", "fleet");
      const said = Object.fromEntries(read.agents.map(({ payload, detail }) => [payload.agentId, detail.stale === true]));
      assert.deepEqual(Object.fromEntries([...fleet.agents].map(([id, { detail }]) => [id, detail.stale === true])), said);
      assert.deepEqual(said, { brief: true, free: true, leased: true, stopped: true });
      // A heartbeat that changes nothing makes no event: only a read tells.
      await server.ask("POST", "agents/leased/heartbeat", {});
      await untilTime(async () => (await fleet.refreshMarks()) && fleet.agents.get("leased").detail.stale === undefined, 10_000);
      assert.equal(fleet.agents.get("leased").detail.stale, undefined);
      await at(fleet, (await server.activity("free", "s", "back")).seq);
      assert.equal(fleet.agents.get("free").detail.stale, undefined);
      await server.status("free", "online", { message: "here" });
      const before = fleet.agents.get("free").heardAt;
      await server.status("free", "online", { message: "here" });
      await untilTime(async () => (await fleet.refreshMarks()) && fleet.agents.get("free").heardAt > before, 10_000);
      assert.ok(fleet.agents.get("free").heardAt > before);
      assert.ok(Math.abs(fleet.agents.get("free").heardAt - Date.now()) < 10_000);
      assert.deepEqual(told.errors, []);
      fleet.close();
    });
  });

  it("and begins another history says so", async () => {
    await withServer({}, async (server) => {
      await server.batch([statusOf("a", "online"), statusOf("b", "online")]);
      const { fleet, told } = watcher(server);
      await live(fleet);
      await server.kill();
      await server.forget();
      await server.start();
      await server.status("b", "error");
      await until(fleet, () => told.caughtUp.length === 2 && fleet.state.name === "live", "the new history");
      assert.deepEqual([told.caughtUp[1].reason, told.caughtUp[1].newHistory, told.caughtUp[1].missed], ["epoch_changed", true, null]);
      await until(fleet, () => fleet.agents.get("b")?.status === "error" && !fleet.agents.has("a"), "b alone");
      fleet.close();
    });
  });
});

describe("a token at the real server", { concurrency: false }, () => {
  let server;
  before(async () => (server = await new Server({ "auth.leeway_ms": 0 }).start()));
  after(() => server.end());

  it("is refreshed in place: the connection outlives the first one", async () => {
    const asked = [];
    const token = (isRefused) => {
      asked.push(isRefused);
      return server.token({ ttl: asked.length === 1 ? "31s" : "1h" });
    };
    const { fleet, told } = watcher(server, { token });
    await live(fleet);
    const { connectionId } = fleet.hello;
    await untilTime(() => asked.length === 2, 10_000);
    assert.deepEqual(asked, [false, true]);
    // The first would end 31 s after it was made: the connection is still the same one then.
    await untilTime(() => false, 33_000);
    assert.equal(fleet.state.name, "live");
    assert.equal(fleet.hello.connectionId, connectionId);
    assert.equal(told.states.filter(({ name }) => name === "connecting").length, 1);
    fleet.close();
  });

  it("that ends is signed out without a source, and replaced with one", async () => {
    const alone = watcher(server, { token: await server.token({ ttl: "2s" }) });
    let count = 0;
    const source = watcher(server, { token: () => server.token({ ttl: (count += 1) === 1 ? "2s" : "1h", sub: "other" }), ticket: undefined });
    await until(alone.fleet, () => alone.fleet.state.name === "signed-out", "signed out");
    assert.equal(alone.fleet.state.why.closeCode, 4401);
    await until(source.fleet, () => count > 1 && source.fleet.state.name === "live", "another token");
    alone.fleet.close();
    source.fleet.close();
  });

  it("that is revoked stops, and so does a connection that an admin closes", async () => {
    const revoked = watcher(server, { token: () => server.token({ sub: "mallory" }) });
    const closed = watcher(server, { token: () => server.token({ sub: "bob" }) });
    await live(revoked.fleet);
    await live(closed.fleet);
    await server.ask("POST", "revocations", { userId: "mallory" });
    await server.ask("DELETE", `connections/${closed.fleet.hello.connectionId}`);
    await until(revoked.fleet, () => revoked.fleet.state.name === "stopped", "stopped");
    await until(closed.fleet, () => closed.fleet.state.name === "stopped", "stopped");
    assert.deepEqual([revoked.fleet.state.why.closeCode, revoked.fleet.state.why.code], [4501, "token_revoked"]);
    assert.equal(closed.fleet.state.why.closeCode, 4503);
    revoked.fleet.reconnect();
    await until(revoked.fleet, () => revoked.fleet.state.name === "stopped" && revoked.fleet.state.why.closeCode === null, "still stopped");
    revoked.fleet.close();
    closed.fleet.close();
  });

  it("without the scope or with nonsense in it is told apart", async () => {
    const nonsense = watcher(server, { token: "nonsense" });
    await until(nonsense.fleet, () => nonsense.fleet.state.name === "signed-out", "signed out");
    const narrow = watcher(server, { token: () => server.token({ agents: "x-*", sub: "narrow" }) });
    await live(narrow.fleet);
    assert.equal(narrow.fleet.hello.complete, false);
    nonsense.fleet.close();
    narrow.fleet.close();
  });
});

describe("a fleet at random", { concurrency: false }, () => {
  it("is at every rest what the server's own fold is, for three clients that saw different parts of it", async () => {
    await withServer({ "stream.replay_events": 60, "stream.ring_events": 64, "limits.reports_per_second": 100_000, "limits.reports_burst": 100_000 }, async (server) => {
      const random = randomFrom(42);
      const any = (list) => list[Math.floor(random() * list.length)];
      const agents = ["a", "b", "c", "d", "e"];
      const report = () => {
        const agentId = any(agents);
        const chance = random();
        if (chance < 0.3) return { ...statusOf(agentId, any(["online", "offline", "error"]), any(["x", "y"])), labels: { n: any(["1", "2"]) } };
        if (chance < 0.6) return { kind: "lifecycle", agentId, event: any(["start", "stop", "restart", "crash"]), ...(random() < 0.3 && { labels: {} }) };
        return { kind: "activity", agentId, sessionId: any(["s", "t"]), lastMessage: `m${random()}` };
      };
      const proxy = await new Proxy(server.url).start();
      const always = watcher(server);
      const often = watcher(server, { url: proxy.url });
      for (let round = 0; round < 25; round += 1) {
        if (random() < 0.3) proxy.cutAfter(Math.floor(random() * 2000));
        await server.batch(Array.from({ length: 1 + Math.floor(random() * 80) }, report));
        if (random() < 0.4) await server.ask("DELETE", `agents/${any(agents)}`).catch((error) => assert.match(error.message, /404/));
        if (random() < 0.3) proxy.cut();
        await sameAsServed(always.fleet, server);
        await sameAsServed(often.fleet, server);
      }
      const late = watcher(server);
      await sameAsServed(late.fleet, server);
      assert.ok(proxy.cuts > 3);
      for (const { fleet, told } of [always, often, late]) {
        assert.deepEqual(told.errors, []);
        fleet.close();
      }
      await proxy.end();
    });
  });
});

/** Until then, or until it holds: for what only time shows. */
async function untilTime(holds, ms) {
  const until = performance.now() + ms;
  while (!(await holds()) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
}
