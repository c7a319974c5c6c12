// Frames in, fleet and cursor out: each rule once, then histories at random, cut at random, against the fold that a
// server makes of them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Feed, readFrame } from "../dist/index.js";
import { History } from "./support/history.mjs";
import { randomFrom } from "./support/random.mjs";
import { activity, copied, end, heartbeat, hello, status } from "./support/virtual.mjs";

const VIEW = "0".repeat(16);
/** The server's time, unless a test says another. */
const NOW = 5000;
const takeAt = (now, feed, ...frames) => frames.map((frame) => feed.take(readFrame(JSON.stringify(frame)), now)).at(-1);
const take = (feed, ...frames) => takeAt(NOW, feed, ...frames);
const fed = (...frames) => {
  const feed = new Feed();
  take(feed, ...frames);
  return feed;
};
const start = () =>
  fed(hello(), status("a", "online", copied), activity("a", "s", "one", copied), status("b", "offline", copied), end(10, { agents: 2, sessions: 1 }));
const statuses = (feed) => Object.fromEntries([...feed.fleet.agents].map(([id, agent]) => [id, agent.status]));
const names = (changes) => changes.map((c) => `${c.kind} ${c.agentId}${c.sessionId ? `/${c.sessionId}` : ""}${c.removed ? " gone" : ""}`);

describe("a snapshot", () => {
  it("takes effect as a whole, and only then there is a cursor", () => {
    const feed = fed(hello(), status("a", "online", copied));
    assert.deepEqual([feed.cursor, feed.fleet.agents.size, feed.isCaughtUp], [null, 0, false]);
    const { changes, caughtUp } = take(feed, end(10, { agents: 1, sessions: 0 }));
    assert.deepEqual([feed.cursor, statuses(feed), feed.isCaughtUp], [`e1:10:${VIEW}`, { a: "online" }, true]);
    assert.deepEqual(names(changes), ["agent a"]);
    assert.deepEqual(caughtUp, { mode: "snapshot", reason: "new", missed: null, first: true, newHistory: false });
  });

  it("leaves the old fleet and cursor when it breaks off", () => {
    const feed = start();
    take(feed, hello({ epoch: "e2", reason: "epoch_changed", seq: 3 }), status("c", "online", copied));
    feed.begin();
    assert.deepEqual([feed.cursor, statuses(feed)], [`e1:10:${VIEW}`, { a: "online", b: "offline" }]);
    assert.equal(take(feed, end(3)).verdict, "ok", "nothing is believed before a hello");
    assert.equal(feed.cursor, `e1:10:${VIEW}`);
  });

  it("drops what it does not name, keeps the maps that others hold, and tells only what changed", () => {
    const feed = start();
    const { agents } = feed.fleet;
    const a = agents.get("a");
    take(feed, hello({ reason: "compacted", seq: 20 }), status("a", "online", copied), status("c", "error", copied));
    const { changes, caughtUp } = take(feed, end(20, { agents: 2, sessions: 0 }));
    assert.deepEqual(names(changes), ["session a/s gone", "agent b gone", "agent c"]);
    assert.equal(feed.fleet.agents, agents);
    assert.equal(agents.get("a"), a);
    assert.deepEqual([caughtUp.missed, caughtUp.first, caughtUp.newHistory], [10, false, false]);
    assert.equal(feed.fleet.sessionCount, 0);
  });

  it("in which a field is gone is a change", () => {
    const feed = fed(hello(), status("a", "online", { ...copied, detail: { reason: "start", since: 1, message: "hello" } }), end(10));
    take(feed, hello({ seq: 20 }), status("a", "online", { ...copied, detail: { reason: "start", since: 1 } }));
    assert.deepEqual(names(take(feed, end(20)).changes), ["agent a"]);
  });

  it("of another history says so", () => {
    const feed = start();
    take(feed, hello({ epoch: "e2", reason: "epoch_changed", seq: 3 }));
    const { caughtUp } = take(feed, end(3));
    assert.deepEqual([caughtUp.newHistory, caughtUp.missed, feed.cursor, feed.fleet.agents.size], [true, null, `e2:3:${VIEW}`, 0]);
  });

  it("that holds less than it counts is not believed", () => {
    for (const counts of [{ agents: 2, sessions: 0 }, { agents: 1, sessions: 1 }, { agents: 1, removed: 1 }]) {
      const feed = fed(hello(), status("a", "online", copied));
      assert.equal(take(feed, end(10, counts)).verdict, "lost", JSON.stringify(counts));
      assert.equal(feed.cursor, null);
    }
  });
});

describe("a delta", () => {
  it("is applied with its removals at its end, and never before", () => {
    const feed = start();
    take(feed, { type: "resync", payload: { mode: "delta", reason: "slow_reader", from: 11, view: VIEW }, seq: 20 });
    take(feed, { type: "agent:removed", payload: { agentId: "b" }, ...copied }, { type: "session:removed", payload: { agentId: "a", sessionId: "s" }, ...copied });
    take(feed, status("c", "error", copied));
    assert.deepEqual([statuses(feed), feed.isCaughtUp], [{ a: "online", b: "offline" }, false]);
    const { changes, caughtUp } = take(feed, end(20, { agents: 1, sessions: 0, removed: 2 }));
    assert.deepEqual(statuses(feed), { a: "online", c: "error" });
    assert.deepEqual(names(changes), ["agent b gone", "session a/s gone", "agent c"]);
    assert.ok(changes.every((change) => change.source === "catch-up"));
    assert.equal(caughtUp.missed, 10);
  });

  it("may name sessions before their agent, or without it, and removals of what was never there", () => {
    const feed = start();
    take(feed, hello({ mode: "delta", reason: "resumed", seq: 20 }));
    take(feed, activity("z", "s", "hello", copied), { type: "agent:removed", payload: { agentId: "never" }, ...copied });
    take(feed, { type: "session:removed", payload: { agentId: "never", sessionId: "x" }, ...copied });
    assert.equal(take(feed, end(20, { agents: 0, sessions: 1, removed: 2 })).verdict, "ok");
    assert.equal(feed.fleet.sessions.get("z").get("s").lastMessage, "hello");
    assert.equal(feed.fleet.agents.has("z"), false);
  });

  it("without a copy to apply it to, or of another history, means to begin anew", () => {
    assert.equal(take(new Feed(), hello({ mode: "delta" })).verdict, "anew");
    const feed = start();
    assert.equal(take(feed, hello({ mode: "delta", epoch: "e2" })).verdict, "anew");
    assert.equal(feed.cursor, null);
    assert.deepEqual(statuses(feed), { a: "online", b: "offline" }, "what is shown stays until something better is there");
    take(feed, hello({ epoch: "e2" }));
    assert.equal(take(feed, end(3)).caughtUp.newHistory, true, "that it is another history is not forgotten");
  });
});

describe("replay and live", () => {
  it("are caught up at the position that hello named, and count what was missed", () => {
    const feed = start();
    assert.equal(take(feed, hello({ mode: "replay", reason: "resumed", seq: 12 })).caughtUp, undefined);
    assert.equal(take(feed, status("a", "error", { seq: 11 })).changes[0].source, "catch-up");
    assert.equal(feed.isCaughtUp, false);
    assert.deepEqual(take(feed, status("b", "online", { seq: 12 })).caughtUp, { mode: "replay", reason: "resumed", missed: 2, first: false, newHistory: false });
    assert.equal(take(feed, status("b", "error", { seq: 13 })).changes[0].source, "live");
    assert.equal(take(feed, hello({ mode: "live", reason: "resumed", seq: 12 })).caughtUp.missed, 0);
  });

  it("with hidden events are over by a heartbeat or by silence", () => {
    const hidden = { complete: false, mode: "replay", reason: "resumed", seq: 50 };
    const feed = start();
    take(feed, hello(hidden), status("a", "error", { seq: 12 }));
    assert.deepEqual([feed.isCaughtUp, feed.endsInSilence], [false, true]);
    assert.equal(take(feed, heartbeat(50)).caughtUp.missed, 1);
    const quiet = start();
    take(quiet, hello(hidden));
    assert.equal(quiet.settle().missed, 0);
    assert.equal(quiet.isCaughtUp, true);
  });

  it("of a history or view that is not ours mean to begin anew", () => {
    for (const over of [{ epoch: "e2" }, { view: "1".repeat(16) }, { mode: "time-travel" }, { mode: undefined }, { epoch: undefined }, { seq: "10" }]) {
      assert.equal(take(start(), hello({ mode: "live", ...over })).verdict, "anew", JSON.stringify(over));
    }
  });
});

describe("positions", () => {
  it("that are old or came before are dropped", () => {
    const feed = start();
    take(feed, status("a", "error", { seq: 11 }));
    for (const seq of [11, 10, 1, 0]) assert.deepEqual(take(feed, status("a", "offline", { seq })).changes, []);
    assert.deepEqual([statuses(feed).a, feed.cursor], ["error", `e1:11:${VIEW}`]);
  });

  it("without holes are proof where nothing is hidden: a hole is a loss, and the cursor stays before it", () => {
    for (const beyond of [status("a", "error", { seq: 12 }), heartbeat(11)]) {
      const feed = start();
      assert.equal(take(feed, beyond).verdict, "lost");
      assert.deepEqual([feed.cursor, statuses(feed)], [`e1:10:${VIEW}`, { a: "online", b: "offline" }]);
    }
  });

  it("only rise where something is hidden", () => {
    const feed = fed(hello({ complete: false }), end(10));
    assert.equal(take(feed, status("a", "error", { seq: 12 })).verdict, "ok");
    assert.equal(take(feed, heartbeat(40)).verdict, "ok");
    take(feed, heartbeat(39));
    assert.equal(feed.cursor, `e1:40:${VIEW}`);
  });

  it("of frames that nobody knows are moved over, and what has none is ignored", () => {
    const feed = start();
    take(feed, { type: "agent:mood", payload: { agentId: "a" }, seq: 11 }, { type: "reported", payload: {} }, { type: "agent:status", seq: 12 });
    assert.equal(feed.cursor, `e1:12:${VIEW}`);
    take(feed, { type: "agent:status", payload: { agentId: "a", status: "error", timestamp: 1 } });
    assert.equal(statuses(feed).a, "online");
  });
});

describe("a resync", () => {
  it("brings its view and proof at its end", () => {
    const feed = start();
    take(feed, { type: "resync", payload: { mode: "snapshot", reason: "grant_changed", view: "1".repeat(16), complete: false }, seq: 12 });
    assert.equal(feed.cursor, `e1:10:${VIEW}`);
    take(feed, end(12));
    assert.equal(feed.cursor, `e1:12:${"1".repeat(16)}`);
    assert.equal(take(feed, status("a", "online", { seq: 15 })).verdict, "ok");
  });

  it("within a copy takes its place", () => {
    const feed = fed(hello(), status("a", "online", copied));
    take(feed, { type: "resync", payload: { mode: "snapshot", reason: "slow_reader" }, seq: 12 }, status("b", "online", copied), end(12, { agents: 1 }));
    assert.deepEqual([statuses(feed), feed.cursor], [{ b: "online" }, `e1:12:${VIEW}`]);
  });

  it("is not mixed with what happens meanwhile: the copy holds it, or it comes after", () => {
    const feed = start();
    take(feed, { type: "resync", payload: { mode: "delta", reason: "slow_reader", view: VIEW }, seq: 20 });
    assert.deepEqual(take(feed, status("a", "error", { seq: 11 })).changes, []);
    assert.deepEqual([statuses(feed).a, feed.cursor], ["online", `e1:10:${VIEW}`]);
    assert.equal(take(feed, end(20)).verdict, "ok");
  });

  it("of a mode that nobody knows means to begin anew", () => {
    assert.equal(take(start(), { type: "resync", payload: { mode: "sideways", reason: "x" }, seq: 12 }).verdict, "anew");
    assert.equal(take(start(), { type: "resync", payload: { mode: "live", reason: "x" }, seq: 12 }).verdict, "lost");
  });
});

describe("the fold", () => {
  it("takes a status as the whole of the agent", () => {
    const feed = fed(hello(), status("a", "online", { ...copied, detail: { reason: "start", since: 5, labels: { team: "x" }, restarts: 2 } }), end(10));
    take(feed, status("a", "online", { seq: 11, detail: { since: 5, reason: "reported", state: "idle" } }));
    assert.deepEqual(feed.fleet.agents.get("a").detail, { since: 5, reason: "reported", state: "idle" });
  });

  it("takes labels and restarts from a lifecycle event, and what the agent was stays as it was", () => {
    const feed = start();
    const before = feed.fleet.agents.get("a");
    const frame = { type: "agent:lifecycle", payload: { agentId: "a", event: "restart", timestamp: 7 }, seq: 11, detail: { restarts: 3, labels: {} } };
    const [change] = take(feed, frame).changes;
    assert.deepEqual([change.kind, change.event, change.before, change.after.detail.restarts, change.after.detail.labels], ["lifecycle", "restart", before, 3, {}]);
    assert.equal(before.detail.restarts, undefined);
  });

  it("takes a stale agent as heard when it speaks", () => {
    const feed = fed(hello(), status("a", "online", { ...copied, detail: { reason: "heard", since: 5, stale: true } }), activity("a", "s", "old", copied), end(10));
    assert.equal(feed.fleet.agents.get("a").detail.stale, true);
    take(feed, activity("a", "s", "new", { seq: 11 }));
    assert.deepEqual([feed.fleet.agents.get("a").detail.stale, feed.fleet.agents.get("a").heardAt], [undefined, NOW]);
  });

  it("has no trouble with ids and labels that are words of the language", () => {
    const ids = ["__proto__", "constructor", "toString"];
    const text = '{"type":"agent:status","payload":{"agentId":"__proto__","status":"online","timestamp":1},"sync":true,"rev":1,"detail":{"reason":"start","since":1,"labels":{"__proto__":"x"}}}';
    const feed = fed(hello(), ...ids.slice(1).map((id) => status(id, "online", copied)));
    feed.take(readFrame(text), NOW);
    take(feed, end(10, { agents: 3 }));
    assert.deepEqual([...feed.fleet.agents.keys()].sort(), ids.sort());
    assert.equal({}.x, undefined);
  });
});

describe("histories at random, cut at random", () => {
  const seeds = Number(process.env.CLIENT_SEEDS ?? 400);
  it(`fold to what the server's fold is, with each event told once (${seeds} of them)`, () => {
    const seen = {};
    for (let seed = 1; seed <= seeds; seed += 1) walk(seed, seen);
    for (const mode of ["snapshot", "delta", "replay", "live"]) assert.ok(seen[mode] > 20, `${mode}: ${JSON.stringify(seen)}`);
  });
});

/** A history that goes on while a client connects, is cut at any frame, and comes back. */
function walk(seed, seen) {
  const random = randomFrom(seed);
  const history = new History(random, { complete: random() < 0.7 });
  const feed = new Feed();
  const told = [];
  for (let connection = 0; connection < 8; connection += 1) {
    if (random() < 0.6) history.happen(Math.floor(random() * 12));
    if (random() < 0.2) history.restart();
    if (random() < 0.3) history.happen(Math.floor(random() * 6));
    if (random() < 0.05) history.begin();
    feed.begin();
    const frames = history.stream(feed.cursor, () => history.happen(Math.floor(random() * 3)));
    seen[frames[0].payload.mode] = (seen[frames[0].payload.mode] ?? 0) + 1;
    const isLast = connection === 7;
    const cut = isLast || random() < 0.3 ? frames.length : Math.floor(random() * frames.length);
    for (const frame of frames.slice(0, cut)) {
      const { verdict, changes } = feed.take(readFrame(JSON.stringify(frame)), NOW);
      assert.equal(verdict, "ok", `seed ${seed}: ${JSON.stringify(frame)}`);
      if (frame.seq !== undefined && frame.type !== "sync:end" && changes.length > 0) told.push(`${history.epoch}:${frame.seq}`);
      // A frame that comes twice changes nothing.
      if (frame.seq !== undefined && frame.sync !== true) assert.deepEqual(feed.take(readFrame(JSON.stringify(frame)), NOW).changes, []);
    }
  }
  assert.equal(new Set(told).size, told.length, `seed ${seed}: an event was told twice`);
  assert.equal(feed.cursor, history.cursor, `seed ${seed}`);
  // That an agent was heard may stand only in a session that is gone again: then a read tells it. The other way is a lie.
  const certain = [...feed.fleet.agents.values()].filter(({ detail }) => detail.stale !== true).map(({ agentId }) => agentId);
  const { epoch, agents } = history.read();
  assert.deepEqual(agents.filter(({ payload, detail }) => detail.stale === true && certain.includes(payload.agentId)), [], `seed ${seed}`);
  assert.notEqual(feed.remark(epoch, agents), null);
  assert.deepEqual(picture(feed.fleet), history.picture(), `seed ${seed}`);
  const count = [...feed.fleet.sessions.values()].reduce((sum, sessions) => sum + sessions.size, 0);
  assert.equal(feed.fleet.sessionCount, count);
}

function picture({ agents, sessions }) {
  return {
    agents: [...agents.values()].map(({ agentId, status, rev, detail }) => ({ agentId, status, rev, detail })).sort(byId),
    sessions: [...sessions.values()].flatMap((of) => [...of.values()]).map(({ agentId, sessionId, lastMessage, rev }) => ({ agentId, sessionId, lastMessage, rev })).sort(byId),
  };
}

function byId(a, b) {
  return `${a.agentId}/${a.sessionId ?? ""}` < `${b.agentId}/${b.sessionId ?? ""}` ? -1 : 1;
}
