// The page's own rules without a browser: how frames become a fleet and a cursor, and what each close code leads to.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

const assets = new URL("../../src/adapters/dashboard/assets/", import.meta.url);
const { Feed } = await import(new URL("feed.js", assets));
const { afterClose, closeReason, retryDelayMs } = await import(new URL("policy.js", assets));
const { ago, duration, eventWords, reasonWords } = await import(new URL("words.js", assets));

const hello = (over) => ({ type: "hello", payload: { epoch: "e1", seq: 10, view: "v1", complete: true, mode: "snapshot", reason: "new", ...over } });
const status = (agentId, status, over) => ({ type: "agent:status", payload: { agentId, status, timestamp: 1000 }, ...over });
const activity = (agentId, sessionId, lastMessage, over) => ({
  type: "session:activity",
  payload: { agentId, sessionId, lastMessage, timestamp: 2000 },
  ...over,
});
const copied = { sync: true, rev: 5 };
const end = (seq) => ({ type: "sync:end", payload: {}, seq });

function fed(...frames) {
  const feed = new Feed();
  feed.results = frames.map((frame) => feed.take(frame).kind);
  return feed;
}
const start = () => fed(hello(), status("a", "online", copied), activity("a", "s", "one", copied), status("b", "offline", copied), end(10));
const statuses = (feed) => Object.fromEntries([...feed.fleet.agents].map(([id, agent]) => [id, agent.status]));

describe("the fold", () => {
  it("takes a snapshot as a whole, and has a cursor only then", () => {
    const feed = fed(hello(), status("a", "online", copied));
    assert.equal(feed.cursor, null);
    assert.equal(feed.fleet.agents.size, 0);
    assert.equal(feed.caughtUp, false);
    feed.take(end(10));
    assert.equal(feed.cursor, "e1:10:v1");
    assert.deepEqual(statuses(feed), { a: "online" });
    assert.equal(feed.caughtUp, true);
  });

  it("moves the cursor by events and heartbeats, once each", () => {
    const feed = start();
    assert.equal(feed.take(status("a", "error", { seq: 11 })).kind, "applied");
    assert.equal(feed.take(status("a", "online", { seq: 11 })).kind, "other");
    assert.equal(feed.take({ type: "heartbeat", payload: {}, seq: 11 }).kind, "heartbeat");
    assert.equal(feed.cursor, "e1:11:v1");
    assert.deepEqual(statuses(feed), { a: "error", b: "offline" });
  });

  it("sees a hole where nothing is hidden, and stays before it", () => {
    for (const beyond of [status("a", "error", { seq: 12 }), { type: "heartbeat", payload: {}, seq: 11 }]) {
      const feed = start();
      assert.equal(feed.take(beyond).kind, "gap");
      assert.equal(feed.cursor, "e1:10:v1");
      assert.deepEqual(statuses(feed), { a: "online", b: "offline" });
    }
  });

  it("expects holes where something is hidden", () => {
    const feed = fed(hello({ complete: false }), end(10));
    assert.equal(feed.take(status("a", "error", { seq: 12 })).kind, "applied");
    assert.equal(feed.take({ type: "heartbeat", payload: {}, seq: 40 }).kind, "heartbeat");
    assert.equal(feed.cursor, "e1:40:v1");
  });

  it("keeps the old state and cursor when a copy breaks off", () => {
    const feed = start();
    feed.take(hello({ epoch: "e2", reason: "epoch_changed", seq: 3 }));
    feed.take(status("c", "online", copied));
    assert.equal(feed.cursor, "e1:10:v1");
    assert.deepEqual(statuses(feed), { a: "online", b: "offline" });
  });

  it("drops what a snapshot of a new history does not hold, and says that it is new", () => {
    const feed = start();
    feed.take({ type: "agent:lifecycle", payload: { agentId: "a", event: "crash", timestamp: 1 }, seq: 11 });
    feed.take(hello({ epoch: "e2", reason: "epoch_changed", seq: 3 }));
    feed.take(status("a", "online", copied));
    const result = feed.take(end(3));
    assert.equal(result.newHistory, true);
    assert.deepEqual(statuses(feed), { a: "online" });
    assert.deepEqual(feed.fleet.agents.get("a").events, []);
    assert.equal(feed.cursor, "e2:3:v1");
    assert.equal(feed.fleet.sessionCount, 0);
  });

  it("applies a delta with its removals at its end", () => {
    const feed = start();
    feed.take({ type: "resync", payload: { mode: "delta", reason: "slow_reader", from: 11, view: "v1" }, seq: 20 });
    feed.take({ type: "agent:removed", payload: { agentId: "b" }, ...copied });
    feed.take({ type: "session:removed", payload: { agentId: "a", sessionId: "s" }, ...copied });
    feed.take(status("c", "error", copied));
    assert.equal(feed.cursor, "e1:10:v1");
    assert.deepEqual(statuses(feed), { a: "online", b: "offline" });
    assert.equal(feed.take(end(20)).newHistory, false);
    assert.deepEqual(statuses(feed), { a: "online", c: "error" });
    assert.equal(feed.fleet.sessionCount, 0);
    assert.equal(feed.cursor, "e1:20:v1");
  });

  it("takes the new view of a resync at its end", () => {
    const feed = start();
    feed.take({ type: "resync", payload: { mode: "snapshot", reason: "grant_changed", view: "v2", complete: false }, seq: 12 });
    assert.equal(feed.cursor, "e1:10:v1");
    feed.take(end(12));
    assert.equal(feed.cursor, "e1:12:v2");
    assert.equal(feed.take(status("a", "online", { seq: 15 })).kind, "applied");
  });

  it("has caught up with a replay at the seq that hello named", () => {
    const feed = start();
    feed.take(hello({ mode: "replay", reason: "resumed", seq: 12 }));
    assert.equal(feed.caughtUp, false);
    feed.take(status("a", "error", { seq: 11 }));
    assert.equal(feed.caughtUp, false);
    feed.take(status("b", "online", { seq: 12 }));
    assert.equal(feed.caughtUp, true);
    feed.take(hello({ mode: "live", reason: "resumed", seq: 12 }));
    assert.equal(feed.caughtUp, true);
  });

  it("takes a status that tells since when as whole", () => {
    const feed = fed(hello(), status("a", "online", { ...copied, detail: { since: 5, labels: { team: "x" }, restarts: 2 } }), end(10));
    feed.take(status("a", "online", { seq: 11, detail: { since: 5, reason: "reported", state: "idle" } }));
    assert.deepEqual(feed.fleet.agents.get("a").detail, { since: 5, reason: "reported", state: "idle" });
    assert.equal(feed.fleet.agents.get("a").since, 5);
  });

  it("takes labels and the count of restarts from a lifecycle event too", () => {
    const feed = start();
    const payload = { agentId: "a", event: "restart", timestamp: 7 };
    feed.take({ type: "agent:lifecycle", payload, seq: 11, detail: { restarts: 3, labels: { team: "y" } } });
    const { detail, events } = feed.fleet.agents.get("a");
    assert.deepEqual([detail.restarts, detail.labels, events.length], [3, { team: "y" }, 1]);
  });

  it("keeps labels and restarts that a short live status does not name, and clears its message", () => {
    const detail = { reason: "start", labels: { team: "x" }, restarts: 2, message: "hello", state: "working" };
    const feed = fed(hello(), status("a", "online", { ...copied, detail }), end(10));
    feed.take(status("a", "error", { seq: 11, detail: { reason: "crash" } }));
    assert.deepEqual(feed.fleet.agents.get("a").detail, { reason: "crash", labels: { team: "x" }, restarts: 2 });
  });

  it("takes a stale agent as heard when it speaks", () => {
    const feed = fed(hello(), status("a", "online", { ...copied, detail: { stale: true } }), activity("a", "s", "old", copied), end(10));
    assert.equal(feed.fleet.agents.get("a").detail.stale, true);
    feed.take(activity("a", "s", "new", { seq: 11 }));
    assert.equal(feed.fleet.agents.get("a").detail.stale, false);
  });

  it("ignores frames it does not know, and moves over those that are numbered", () => {
    const feed = start();
    feed.take({ type: "reported", payload: {} });
    feed.take({ type: "agent:mood", payload: { agentId: "a" }, seq: 11 });
    assert.equal(feed.cursor, "e1:11:v1");
  });
});

describe("the way back", () => {
  it("tries again below 4500 and stops from there on", () => {
    for (const code of [1000, 1001, 1006, 1011, 1012, 1013, 4408, 4410, 4429]) assert.equal(afterClose(code, "").stop, undefined, code);
    for (const code of [4500, 4501, 4503, 4599]) assert.ok(afterClose(code, "").stop.text, code);
    assert.equal(afterClose(4401, "").newToken, true);
    assert.equal(afterClose(4501, "").stop.needsLink, true);
  });

  it("stops after three protocol closes in a row, however often the line just breaks", () => {
    assert.equal(afterClose(1002, "", 1).wrongInARow, 2);
    assert.ok(afterClose(1009, "", 2).stop);
    assert.equal(afterClose(1006, "", 2).wrongInARow, 0);
  });

  it("reads the reason, and waits as long as it asks", () => {
    assert.deepEqual(closeReason('{"code":"draining","retryMs":1500}'), { code: "draining", retryMs: 1500 });
    assert.deepEqual(closeReason("going"), { code: "", retryMs: 0 });
    assert.equal(afterClose(1012, '{"code":"draining","retryMs":1500}').retryMs, 1500);
  });

  it("spreads its tries over a limit that doubles up to 30 s", () => {
    const latest = (tries, asked) => retryDelayMs(tries, asked, () => 1);
    assert.deepEqual([0, 1, 2, 4, 5, 50].map((tries) => latest(tries)), [1000, 2000, 4000, 16000, 30000, 30000]);
    assert.equal(retryDelayMs(3, 0, () => 0), 0);
    assert.equal(latest(0, 1500), 2500);
  });
});

describe("the words", () => {
  it("tell durations, ages, reasons and events", () => {
    assert.deepEqual([0, 59_999, 60_000, 3_599_000, 7_800_000, 90_000_000].map(duration), ["0s", "59s", "1m 00s", "59m 59s", "2h 10m", "1d 1h"]);
    assert.equal(duration(-5), "0s");
    assert.deepEqual([0, 12_000, 365_000].map(ago), ["now", "12s ago", "6m ago"]);
    assert.equal(reasonWords("lease_expired"), "not heard in time");
    assert.equal(reasonWords("some_new_reason"), "some new reason");
    assert.equal(reasonWords(undefined), "");
    assert.equal(eventWords({ event: "crash", exitCode: 0 }), "Crashed, exit code 0");
    assert.equal(eventWords({ event: "stop" }), "Stopped");
  });
});
