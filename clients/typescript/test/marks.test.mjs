// Marks of life that move without events: read when somebody asks for them, and never backwards.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { activity, copied, end, hello, liveWorld, settled, status, world } from "./support/virtual.mjs";

const detail = (over) => ({ reason: "reported", since: 1000, ...over });
const agent = (id, over, rev = 5) => status(id, "online", { sync: true, rev, detail: detail(over) });
const copy = (agents, over) => Response.json({ epoch: "e1", seq: 10, view: "0".repeat(16), agents, sessions: [], ...over });
const problem = (status) => Response.json({ code: "invalid_token", detail: "No." }, { status });

/** A live client, agents with these details, and a server that was last heard of them as of a read. */
async function marked(details, options = {}) {
  const made = world(options);
  await made.clock.advance(0);
  const agents = Object.entries(details).map(([id, over]) => agent(id, over));
  made.Socket.last.say(hello({ serverTime: 9000, serverStartedAt: 100 }), ...agents, end(10, { agents: agents.length, sessions: 0 }));
  made.told.changes.length = 0;
  return made;
}

describe("marks of life", () => {
  it("are taken over for agents that are as they were read, and told where something changed", async () => {
    const made = await marked({ quiet: { unleased: true, lastSeenAt: 2000 }, stale: { stale: true, lastSeenAt: 50 }, same: {}, other: { unleased: true } });
    const { fleet, fetch, told } = made;
    fetch.fleet = () => copy([
      agent("quiet", { unleased: true, lastSeenAt: 8000 }),
      agent("stale", {}),
      agent("same", {}),
      agent("other", { lastSeenAt: 8000 }, 6),
      agent("hidden", {}),
    ]);
    const before = fleet.agents.get("quiet");
    assert.equal(await fleet.refreshMarks(), true);
    assert.deepEqual(told.changes.map(({ kind, agentId, source, seq, removed }) => [kind, agentId, source, seq, removed]), [
      ["agent", "quiet", "catch-up", 5, false],
      ["agent", "stale", "catch-up", 5, false],
    ]);
    assert.deepEqual([told.changes[0].before, before.heardAt], [before, 2000]);
    assert.deepEqual([fleet.agents.get("quiet").heardAt, fleet.agents.get("quiet").detail.lastSeenAt], [8000, 8000]);
    assert.deepEqual(fleet.agents.get("stale").detail, detail({}));
    assert.equal(fleet.agents.has("hidden"), false, "nobody is gained by it");
    assert.equal(await fleet.refreshMarks(), true);
    assert.equal(told.changes.length, 2);
    fleet.close();
  });

  it("never go back: not when an agent was heard, nor that it was", async () => {
    const { fleet, fetch, Socket } = await marked({ a: { stale: true, lastSeenAt: 50 }, b: { unleased: true, lastSeenAt: 3000 } });
    Socket.last.say(activity("a", "s", "here", { seq: 11 }), activity("b", "s", "here", { seq: 12 }));
    const { heardAt } = fleet.agents.get("b");
    fetch.fleet = () => copy([agent("a", { stale: true, lastSeenAt: 50 }), agent("b", { unleased: true, lastSeenAt: 2000 })]);
    await fleet.refreshMarks();
    assert.equal(fleet.agents.get("a").detail.stale, undefined);
    assert.deepEqual([fleet.agents.get("b").heardAt, fleet.agents.get("b").detail.lastSeenAt], [heardAt, 3000]);
    fleet.close();
  });

  it("correct what was believed of a sender's clock alone", async () => {
    const { clock, fleet, fetch, Socket } = await marked({ ahead: {}, sure: {} });
    Socket.last.end(1006);
    await clock.advance(2500);
    const late = (id, seq) => ({ ...status(id, "online", { seq, detail: detail({}) }), payload: { agentId: id, status: "online", timestamp: 99_000 } });
    Socket.last.say(hello({ mode: "replay", reason: "resumed", seq: 12, serverTime: 12_000, serverStartedAt: 11_000 }), late("ahead", 11), late("sure", 12));
    assert.equal(fleet.agents.get("ahead").detail.stale, undefined);
    Socket.last.say(activity("sure", "s", "here", { seq: 13 }));
    fetch.fleet = () => copy([agent("ahead", { stale: true, lastSeenAt: 8000 }, 11), agent("sure", { stale: true, lastSeenAt: 8000 }, 12)]);
    assert.equal(await fleet.refreshMarks(), true);
    assert.deepEqual([fleet.agents.get("ahead").detail.stale, fleet.agents.get("sure").detail.stale], [true, undefined]);
    fleet.close();
  });

  it("are read once at a time, with the client's own token", async () => {
    const tokens = [];
    const { fleet, fetch } = await marked({ a: {} }, { token: (isRefused) => (isRefused ? "second" : "first") });
    let answer;
    fetch.fleet = (token) => tokens.push(token) && new Promise((resolve) => (answer = resolve));
    const both = [fleet.refreshMarks(), fleet.refreshMarks()];
    await settled();
    answer(problem(401));
    await settled();
    answer(copy([]));
    assert.deepEqual([await Promise.all(both), tokens], [[true, true], ["first", "second"]]);
    fleet.close();
  });

  it("that cannot be read are none, and nothing else comes of it", async () => {
    const tickets = await marked({ a: {} }, { token: undefined, ticket: () => "mine" });
    tickets.fetch.fleet = assert.fail;
    assert.equal(await tickets.fleet.refreshMarks(), false);
    tickets.fleet.close();
    const early = world();
    assert.equal(await early.fleet.refreshMarks(), false);
    early.fleet.close();
    assert.equal(await early.fleet.refreshMarks(), false);
    const { clock, fleet, fetch, told } = await marked({ a: {} });
    for (const answer of [problem(401), problem(403), problem(500), new Response("?"), copy([], { epoch: "e2" }), copy(null)]) {
      fetch.fleet = () => answer.clone();
      assert.equal(await fleet.refreshMarks(), false);
    }
    fetch.fleet = () => copy([null, 7, {}, { payload: {}, detail: {} }, { payload: { agentId: "a" }, rev: 5, detail: { lastSeenAt: "now", stale: 1 } }]);
    assert.equal(await fleet.refreshMarks(), true);
    assert.deepEqual(told.changes, []);
    fetch.fleet = () => new Promise(() => {});
    const hung = fleet.refreshMarks();
    await clock.advance(11_000);
    assert.deepEqual([await hung, fleet.state.name, told.errors], [false, "live", []]);
    fleet.close();
  });

  it("that come after a loss, another connection or the end are dropped", async () => {
    const leave = [
      async ({ Socket }) => Socket.last.end(1006),
      async ({ Socket, clock }) => {
        Socket.last.end(1006);
        await clock.advance(2500);
        Socket.last.say(hello({ mode: "live", reason: "resumed" }));
      },
      async ({ fleet }) => fleet.close(),
    ];
    for (const away of leave) {
      const made = await marked({ a: { unleased: true, lastSeenAt: 2000 } });
      let answer;
      made.fetch.fleet = () => new Promise((resolve) => (answer = resolve));
      const read = made.fleet.refreshMarks();
      await settled();
      await away(made);
      answer(copy([agent("a", { unleased: true, lastSeenAt: 8000 })]));
      assert.equal(await read, false);
      assert.deepEqual([made.told.changes, made.fleet.agents.get("a").heardAt], [[], 2000]);
      made.fleet.close();
    }
  });

  it("of 5,000 agents are compared in a moment", async () => {
    const ids = Array.from({ length: 5000 }, (_, index) => `agent-${index}`);
    const { fleet, fetch, told } = await liveWorld({}, ids);
    told.changes.length = 0;
    fetch.fleet = () => copy(ids.map((id) => status(id, "online", copied)));
    const began = performance.now();
    assert.equal(await fleet.refreshMarks(), true);
    assert.deepEqual(told.changes, []);
    assert.ok(performance.now() - began < 2000);
    fleet.close();
  });
});
