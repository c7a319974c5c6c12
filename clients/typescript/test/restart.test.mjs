// What is known of agents after a restart of their server, and by whose clock they were heard.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Feed, readFrame } from "../dist/index.js";
import { activity, copied, end, hello, status } from "./support/virtual.mjs";

const HOUR = 3_600_000;
const take = (now, feed, ...frames) => frames.map((frame) => feed.take(readFrame(JSON.stringify(frame)), now)).at(-1);
const stale = (feed) => [...feed.fleet.agents.values()].filter(({ detail }) => detail.stale === true).map(({ agentId }) => agentId);
const heard = (feed, id) => feed.fleet.agents.get(id).heardAt;
const said = (agentId, timestamp, over) => ({ ...status(agentId, "online", over), payload: { agentId, status: "online", timestamp } });
const at = (startedAt, over) => hello({ serverStartedAt: startedAt, ...over });
const back = (startedAt, mode, seq) => at(startedAt, { mode, reason: "resumed", seq });

/** Three agents of a server that started at 100; it is 1,000 there. */
function three() {
  const feed = new Feed();
  const agents = [said("a", 500, copied), status("stopped", "offline", copied), said("c", 600, copied)];
  take(1000, feed, at(100), ...agents, end(10, { agents: 3 }));
  return feed;
}

describe("after a restart of the server", () => {
  it("a resumed fleet is stale as a whole, the stopped too, and each agent is told as caught up with", () => {
    const feed = three();
    const before = feed.fleet.agents.get("a");
    const { changes, caughtUp } = take(2100, feed, back(2000, "live", 10));
    assert.deepEqual(stale(feed), ["a", "stopped", "c"]);
    assert.deepEqual(changes.map(({ agentId, source, seq, removed }) => [agentId, source, seq, removed]), ["a", "stopped", "c"].map((id) => [id, "catch-up", 5, false]));
    assert.equal(changes[0].before, before);
    assert.equal(before.detail.stale, undefined, "what was taken out stays as it was");
    assert.equal(caughtUp.missed, 0);
    assert.deepEqual(take(2200, feed, back(2000, "live", 10)).changes, [], "the same start is not another one");
  });

  it("another connection to the same server, or to one that says no start or an earlier one, makes nobody stale", () => {
    for (const startedAt of [100, 50, undefined, "soon"]) {
      const feed = three();
      assert.deepEqual(take(2100, feed, back(startedAt, "live", 10)).changes, []);
      assert.deepEqual(stale(feed), []);
    }
  });

  it("live events clear it, also of an agent whose clock is an hour behind", () => {
    const feed = three();
    take(2100, feed, back(2000, "live", 10));
    take(2200, feed, said("a", 2200 - HOUR, { seq: 11 }), activity("c", "s", "hello", { seq: 12 }));
    assert.deepEqual(stale(feed), ["stopped"]);
    take(2300, feed, { type: "agent:lifecycle", payload: { agentId: "stopped", event: "start", timestamp: 1 }, seq: 13 });
    assert.deepEqual(stale(feed), []);
  });

  it("that the server still does not hear an agent is no word of the agent", () => {
    const feed = three();
    take(2100, feed, back(2000, "live", 10));
    take(9000, feed, { ...status("a", "offline", { seq: 11 }), detail: { reason: "not_heard_since_restart", since: 9000, lastSeenAt: 700 } });
    assert.deepEqual([stale(feed), heard(feed, "a")], [["a", "stopped", "c"], 700]);
  });

  it("events of a replay clear it only where they were heard since", () => {
    const feed = three();
    take(2100, feed, back(2000, "replay", 15));
    take(2100, feed, said("a", 1500, { seq: 11 }), activity("c", "s", "hello", { seq: 12 }));
    take(2100, feed, said("new", 1600, { seq: 13 }), said("late", 2050, { seq: 14 }));
    assert.deepEqual(stale(feed), ["a", "stopped", "c", "new"], "the activity is of 2000 and not after it");
  });

  it("in a replay the server's word counts for more than the sender's", () => {
    const feed = three();
    take(2100, feed, back(2000, "replay", 12));
    const detail = (lastSeenAt) => ({ reason: "reported", since: 1, unleased: true, lastSeenAt });
    take(2100, feed, { ...said("a", 2050, { seq: 11 }), detail: detail(1500) }, { ...said("c", 500, { seq: 12 }), detail: detail(2060) });
    assert.deepEqual([stale(feed), heard(feed, "a"), heard(feed, "c")], [["a", "stopped"], 1500, 2060]);
  });

  it("a replay that was cut goes on as it began", () => {
    const feed = three();
    take(2100, feed, back(2000, "replay", 12), said("a", 1500, { seq: 11 }));
    feed.begin();
    take(2300, feed, back(2000, "replay", 13), said("new", 1600, { seq: 12 }), said("old clock", 1700, { seq: 13 }));
    assert.deepEqual(stale(feed), ["a", "stopped", "c", "new"], "the last one came after the restart was known");
  });

  it("a delta says nothing of who is not in it, and what it says stands", () => {
    const feed = three();
    const { changes } = take(2100, feed, back(2000, "delta", 20), said("a", 1500, copied), { type: "agent:removed", payload: { agentId: "c" }, ...copied }, end(20));
    assert.deepEqual(stale(feed), ["stopped"]);
    assert.deepEqual(changes.map(({ agentId }) => agentId), ["stopped", "a", "c"]);
  });

  it("a session in a delta tells that its agent was heard, where the delta does not say it itself", () => {
    const feed = three();
    const [told, spoke] = [status("a", "online", { ...copied, detail: { reason: "start", since: 1, stale: true } }), (id) => activity(id, "s", "x", copied)];
    const late = (id) => ({ ...spoke(id), payload: { ...spoke(id).payload, timestamp: 2050 } });
    take(2100, feed, back(2000, "delta", 20), told, late("a"), late("c"), { ...late("stopped"), payload: { ...late("stopped").payload, timestamp: 1500 } }, end(20));
    assert.deepEqual([stale(feed), heard(feed, "c")], [["a", "stopped"], 2050]);
    take(2200, feed, back(2000, "delta", 30), late("stopped"), end(30));
    assert.deepEqual(stale(feed), ["a"]);
  });

  it("a copy that broke off does not hide it", () => {
    const feed = three();
    take(2100, feed, at(2000, { seq: 20 }), said("a", 1500, copied));
    feed.begin();
    take(2200, feed, back(2000, "live", 10));
    assert.deepEqual(stale(feed), ["a", "stopped", "c"]);
  });

  it("a whole copy says it itself, and of a new history by a clock that was set back too", () => {
    const feed = three();
    take(60, feed, at(50, { epoch: "e2", seq: 3 }), said("a", 40, { ...copied, detail: { reason: "start", since: 40, stale: true } }), said("b", 55, copied), end(3));
    assert.deepEqual(stale(feed), ["a"]);
    take(80, feed, at(70, { epoch: "e2", mode: "live", seq: 3 }));
    assert.deepEqual(stale(feed), ["a", "b"]);
  });
});

describe("when an agent was heard", () => {
  it("is the server's time for what comes live, whatever the sender's clock says", () => {
    const feed = three();
    take(10 * HOUR, feed, said("a", 15 * HOUR, { seq: 11 }), said("c", 9 * HOUR, { seq: 12 }), activity("stopped", "s", "x", { seq: 13 }));
    assert.deepEqual(["a", "c", "stopped"].map((id) => heard(feed, id)), [10 * HOUR, 10 * HOUR, 10 * HOUR]);
    assert.equal(feed.fleet.agents.get("a").timestamp, 15 * HOUR, "for display it stays");
  });

  it("is what the server says of it where it says so", () => {
    const feed = three();
    const silent = { reason: "lease_expired", since: 5000, lastSeenAt: 3000 };
    take(5000, feed, { ...status("a", "offline", { seq: 11 }), detail: silent });
    assert.equal(heard(feed, "a"), 3000);
  });

  it("is for copies and replays the server's word, else the sender's, and never later than now", () => {
    const feed = new Feed();
    const detail = { reason: "reported", since: 1, lastSeenAt: 700 };
    take(1000, feed, at(100), said("ahead", 9000, copied), said("behind", 10, copied), { ...said("told", 9000, copied), detail }, end(10));
    assert.deepEqual(["ahead", "behind", "told"].map((id) => heard(feed, id)), [1000, 10, 700]);
    take(2000, feed, back(100, "replay", 13), said("behind", 9000, { seq: 11 }), said("told", 1500, { seq: 12 }), said("ahead", 5, { seq: 13 }));
    assert.deepEqual(["ahead", "behind", "told"].map((id) => heard(feed, id)), [1000, 2000, 1500], "and never goes back");
  });

  it("may be any time that the protocol has", () => {
    const last = 2 ** 53 - 1;
    const feed = three();
    take(last, feed, back(last - 1, "replay", 12), said("a", last, { seq: 11 }), said("c", 0, { seq: 12 }), said("b", last, { seq: 13 }));
    assert.deepEqual([stale(feed), heard(feed, "a"), heard(feed, "b")], [["stopped", "c"], last, last]);
  });
});
