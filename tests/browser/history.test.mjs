// The past of one agent: read backwards from a server that lists from old to new only, joined with what happens live.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { entryOfChange, entryOfFrame, join } from "../../src/adapters/dashboard/assets/model/entries.js";
import { History, KEPT } from "../../src/adapters/dashboard/assets/model/history.js";

const status = (seq, word = "online", detail = {}) => ({
  type: "agent:status", seq, payload: { agentId: "a", status: word, timestamp: seq * 1000 }, detail: { reason: "reported", since: seq * 1000, ...detail },
});
const lifecycle = (seq, event, detail) => ({ type: "agent:lifecycle", seq, payload: { agentId: "a", event, timestamp: seq * 1000 }, detail });
const activity = (seq, text = `m${seq}`) => ({
  type: "session:activity", seq, payload: { agentId: "a", sessionId: "s", lastMessage: text, timestamp: seq * 1000 },
});
const range = (from, to, make) => Array.from({ length: to - from + 1 }, (_, index) => make(from + index));
const seqs = (entries) => entries.map(({ seq }) => seq);

/** As the server lists the events of one agent: it looks at 10,000 of them a page, whether they are asked for or not. */
class Server {
  epoch = "e1";
  heldAfter = 0;
  asked = [];
  uptimeMs = 0;

  constructor(events, head = events.at(-1)?.seq ?? 0) {
    Object.assign(this, { events, head });
  }

  read = async ({ after, types, limit = 100 }) => {
    this.asked.push({ after, types, limit });
    const [epoch, seq] = (after ?? `${this.epoch}:${this.heldAfter}`).split(":");
    if (epoch !== this.epoch || Number(seq) < this.heldAfter) throw refusal("cursor_expired", "gone");
    const later = this.events.filter((event) => event.seq > Number(seq) && event.seq > this.heldAfter);
    const page = [];
    let looked = 0;
    for (const event of later) {
      if (page.length >= limit || looked >= 10_000) break;
      looked += 1;
      if (types === undefined || types.includes(event.type) || event.type.endsWith("removed")) page.push(event);
    }
    const at = looked < later.length ? later[looked - 1].seq : this.head;
    const next = at < this.head ? `${this.epoch}:${at}` : null;
    return { events: page, next, head: `${this.epoch}:${this.head}`, uptimeMs: this.uptimeMs, restarts: 0 };
  };
}

function refusal(code, words) {
  return Object.assign(new Error(words), { code });
}

function historyOf(server, more = {}) {
  const given = { agentId: "a", read: server.read, redraw: () => {}, epochAndSeq: () => ({ epoch: server.epoch, seq: server.head }), now: () => 9_000_000 };
  return new History({ ...given, ...more });
}

async function loaded(server, more) {
  const history = historyOf(server, more);
  await history.reload();
  return history;
}

const live = { agentId: "a", source: "live" };
const agentOf = (word, rev) => ({ agentId: "a", status: word, timestamp: rev * 1000, rev, detail: { reason: "reported", since: rev * 1000 }, heardAt: rev * 1000 });
const said = (seq) => ({ ...live, kind: "session", seq, sessionId: "s", removed: false, after: { agentId: "a", sessionId: "s", lastMessage: `m${seq}`, timestamp: seq * 1000, detail: {} } });
const became = (seq, word, before) => ({ ...live, kind: "agent", seq, removed: false, before: before && agentOf(before, seq - 1), after: agentOf(word, seq) });
const lived = (seq, event, word) => ({ ...live, kind: "lifecycle", seq, event, timestamp: seq * 1000, detail: {}, before: agentOf(word, seq - 1), after: agentOf(word, seq) });

describe("the past of an agent", () => {
  it("is all there, oldest first, where there is little of it", async () => {
    const history = await loaded(new Server([lifecycle(1, "start"), status(2), activity(3), activity(4)]));
    assert.equal(history.state, "ready");
    assert.deepEqual([seqs(history.facts), seqs(history.activities)], [[1, 2], [3, 4]]);
    assert.deepEqual([history.hasEarlier, history.hasAllFacts, history.activitiesFloor], [false, true, 0]);
  });

  it("begins near the head of a long one, and does not list all that came before", async () => {
    const server = new Server([lifecycle(1, "start"), ...range(2, 60_000, (seq) => activity(seq))]);
    const history = await loaded(server);
    assert.equal(history.activities.at(-1).seq, 60_000);
    const activityReads = server.asked.filter(({ types }) => types[0] === "session:activity");
    assert.deepEqual([activityReads.length, activityReads[0].after], [1, "e1:59000"]);
    assert.equal(history.activities.length, 1_000);
    assert.equal(history.activitiesFloor, 59_000);
  });

  it("finds status and lifecycle under a heap of activities, in few reads", async () => {
    const events = range(1, 60_000, (seq) => (seq % 20_000 === 1 ? lifecycle(seq, "crash") : activity(seq)));
    const server = new Server(events);
    const history = await loaded(server);
    assert.deepEqual(seqs(history.facts), [1, 20_001, 40_001]);
    assert.ok(server.asked.length <= 25, `${server.asked.length} reads`);
  });

  it("reaches back in growing steps where other agents' events stand between", async () => {
    const server = new Server([status(5), activity(6), lifecycle(2_000_000, "stop")], 3_000_000);
    const history = await loaded(server);
    assert.deepEqual([seqs(history.facts), seqs(history.activities)], [[5, 2_000_000], [6]]);
    assert.ok(server.asked.length <= 14, `${server.asked.length} reads`);
  });

  it("asks how far the server is where the live fleet does not know yet", async () => {
    const server = new Server([status(1)]);
    const history = await loaded(server, { epochAndSeq: () => null });
    assert.equal(server.asked[0].limit, 1);
    assert.deepEqual(seqs(history.facts), [1]);
  });

  it("takes what the server still keeps where the rest was let go", async () => {
    const server = new Server([...range(1, 900, (seq) => activity(seq)), status(901)]);
    server.heldAfter = 880;
    const history = await loaded(server);
    assert.equal(history.state, "ready");
    assert.deepEqual([history.activities[0].seq, history.activities.length, history.hasEarlier], [881, 20, false]);
  });

  it("begins that stretch again where events are let go while it is read", async () => {
    const server = new Server(range(1, 3_000, (seq) => activity(seq)));
    const history = await loaded(server);
    assert.equal(history.activities[0].seq, 2_001);
    server.heldAfter = 1_899;
    await history.earlier();
    assert.deepEqual([history.state, history.activities[0].seq, history.activities.length], ["ready", 1_900, 1_101]);
    assert.equal(history.hasEarlier, false);
  });

  it("shows more with each asking, without a hole or a double", async () => {
    const history = await loaded(new Server(range(1, 2_400, (seq) => activity(seq))));
    assert.equal(history.hasEarlier, true);
    while (history.hasEarlier) await history.earlier();
    assert.deepEqual(seqs(history.activities), range(1, 2_400, (seq) => seq));
  });

  it("stops at its bound and says so", async () => {
    const history = await loaded(new Server(range(1, 9_000, (seq) => activity(seq))));
    for (let asked = 0; history.hasEarlier && asked < 20; asked += 1) await history.earlier();
    assert.equal(history.activities.length, KEPT.activities);
    assert.deepEqual([history.isFull, history.activities.at(-1).seq], [true, 9_000]);
    history.take(said(9_001));
    assert.deepEqual([history.activities.length, history.activities.at(-1).seq, history.activitiesFloor], [KEPT.activities, 9_001, 6_001]);
  });

  it("reaches back to a moment for status and lifecycle, and no further", async () => {
    const history = await loaded(new Server(range(1, 4_000, (seq) => status(seq, seq % 2 ? "online" : "offline"))));
    assert.equal(history.facts.length, 1_000);
    await history.reach(2_500_000);
    assert.ok(history.facts[0].at <= 2_500_000 && history.facts[0].seq > 1_000, String(history.facts[0].seq));
  });
});

describe("what happens live", () => {
  it("joins what is read, in order and once, whichever comes first", async () => {
    const server = new Server([status(1), activity(2), activity(3)]);
    const answers = [];
    const history = historyOf(server, { read: (query) => new Promise((resolve) => answers.push(() => resolve(server.read(query)))) });
    const done = history.reload();
    history.take(said(3));
    history.take(said(5));
    history.take(became(4, "error", "online"));
    history.take(said(5));
    while (history.state === "loading") {
      await new Promise(setImmediate);
      answers.shift()?.();
    }
    await done;
    assert.deepEqual([seqs(history.facts), seqs(history.activities)], [[1, 4], [2, 3, 5]]);
  });

  it("passes over other agents", async () => {
    const history = await loaded(new Server([status(1)]));
    history.take({ ...said(2), agentId: "b" });
    assert.equal(history.activities.length, 0);
  });

  it("begins again when an agent that was not known reports, and nothing is asked before", async () => {
    const server = new Server([]);
    let isKnown = false;
    const history = await loaded(server, { isKnown: () => isKnown });
    assert.deepEqual([history.state, history.isUnknown, server.asked.length], ["failed", true, 0]);
    isKnown = true;
    Object.assign(server, { events: [lifecycle(1, "start"), status(2)], head: 2 });
    history.take(became(2, "online"));
    while (history.state === "loading") await new Promise(setImmediate);
    assert.deepEqual([history.state, seqs(history.facts)], ["ready", [1, 2]]);
  });

  it("keeps what was shown when the agent is removed, its sessions too", async () => {
    const history = await loaded(new Server([status(1), activity(2)]));
    const session = { agentId: "a", sessionId: "s", lastMessage: "m2" };
    history.take({ ...live, kind: "session", seq: 3, sessionId: "s", removed: true, before: session, after: undefined });
    history.take({ ...live, kind: "agent", seq: 3, removed: true, before: agentOf("online", 1), after: undefined });
    assert.deepEqual([history.removed.agent.status, history.removed.sessions], ["online", [session]]);
    assert.deepEqual(history.facts.map(({ kind }) => kind), ["status", "removed"]);
    history.take(became(4, "online"));
    assert.equal(history.removed, null);
  });

  it("tells since when one process has been online", async () => {
    const server = new Server([status(1)]);
    server.uptimeMs = 60_000;
    const history = await loaded(server);
    assert.equal(history.onlineSince, 8_940_000);
    history.take(lived(2, "restart", "online"));
    assert.equal(history.onlineSince, 9_000_000);
    history.take(became(3, "error", "online"));
    assert.equal(history.onlineSince, null);
  });
});

describe("a read that goes wrong", () => {
  it("is said in words, and can be tried again", async () => {
    const server = new Server([status(1)]);
    let isAway = true;
    const history = await loaded(server, { read: (query) => (isAway ? Promise.reject(new Error("The server does not answer.")) : server.read(query)) });
    assert.deepEqual([history.state, history.why], ["failed", "The history could not be read: The server does not answer."]);
    isAway = false;
    await history.retry();
    assert.deepEqual([history.state, history.why, seqs(history.facts)], ["ready", "", [1]]);
  });

  it("of an agent that the server does not know leaves nothing to try again", async () => {
    const history = await loaded(new Server([]), { read: () => Promise.reject(refusal("not_found", "there is no such agent")) });
    assert.deepEqual([history.state, history.isUnknown, history.why], ["failed", true, "The server keeps no history of this agent."]);
  });

  it("ends though the server never answers", async () => {
    const history = await loaded(new Server([]), { read: () => new Promise(() => {}), answerWithinMs: 5 });
    assert.deepEqual([history.state, history.why], ["failed", "The history could not be read: the server did not answer in time."]);
  });

  it("is dropped where its answer comes after a stop, or after another beginning", async () => {
    const server = new Server([status(1)]);
    const late = [];
    const history = historyOf(server, { read: (query) => new Promise((resolve) => late.push(() => resolve(server.read(query)))) });
    const first = history.reload();
    await new Promise(setImmediate);
    history.stop();
    late.shift()();
    await first;
    assert.deepEqual([history.state, history.facts.length], ["idle", 0]);

    const second = history.reload();
    await new Promise(setImmediate);
    const third = history.reload();
    late.shift()();
    await second;
    assert.equal(history.state, "loading");
    while (history.state === "loading") {
      await new Promise(setImmediate);
      late.shift()?.();
    }
    await third;
    assert.deepEqual([history.state, seqs(history.facts)], ["ready", [1]]);
  });

  it("leaves what was shown in its place until a new beginning is there", async () => {
    const server = new Server([status(1)]);
    const history = await loaded(server);
    const again = history.reload();
    assert.deepEqual(seqs(history.facts), [1]);
    Object.assign(server, { epoch: "e2", events: [status(1), status(2)], head: 2 });
    await again;
    assert.equal(history.facts.length, 2);
  });

  it("says so where the server began a new history meanwhile", async () => {
    const history = await loaded(new Server([status(1)]), { epochAndSeq: () => ({ epoch: "old", seq: 1 }) });
    assert.equal(history.state, "failed");
    assert.match(history.why, /began a new history/);
  });
});

describe("an entry", () => {
  it("is made of what is understood, and of nothing else", () => {
    for (const odd of [undefined, {}, { type: "agent:mood", seq: 1, payload: {} }, { ...status(1), seq: "1" }, { ...status(1), payload: null }, { ...status(1), payload: {} }]) {
      assert.equal(entryOfFrame(odd), null);
    }
  });

  it("holds a time that a date can hold, whatever a report named", () => {
    const entry = entryOfFrame({ ...activity(1), payload: { ...activity(1).payload, timestamp: 2 ** 53 - 1 } });
    assert.doesNotThrow(() => new Date(entry.at).toISOString());
  });

  it("is the same, read or told", () => {
    assert.deepEqual(entryOfChange(said(7), 0), entryOfFrame(activity(7)));
    assert.deepEqual(entryOfChange(became(7, "error", "online"), 0), entryOfFrame(status(7, "error")));
    assert.deepEqual(entryOfChange({ ...lived(7, "crash", "error"), detail: { exitCode: 3 } }, 0), entryOfFrame(lifecycle(7, "crash", { exitCode: 3 })));
  });

  it("of a removal that was listed has the time of the one before it", () => {
    const row = [];
    join(row, [status(1), { type: "agent:removed", seq: 2, payload: { agentId: "a" } }].map(entryOfFrame));
    assert.deepEqual([row[1].at, row[1].isAfter], [1_000, true]);
  });
});
