// The picture of an agent's past: what is drawn of which history, and that nothing is drawn that is not known.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { axisOf } from "../../src/adapters/dashboard/assets/model/axis.js";
import { timeline } from "../../src/adapters/dashboard/assets/model/timeline.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = new Date(2026, 5, 10, 14, 0, 0).getTime();
let seq = 0;
const status = (ago, word, more = {}) => ({ seq: (seq += 1), kind: "status", status: word, at: NOW - ago, since: NOW - ago, reason: "reported", ...more });
const event = (ago, word, more = {}) => ({ seq: (seq += 1), kind: "lifecycle", event: word, at: NOW - ago, message: "", ...more });
const said = (ago) => ({ seq: (seq += 1), kind: "activity", at: NOW - ago });
const agentOf = (word, ago, more = {}) => ({ status: word, rev: seq, timestamp: NOW - ago, detail: { since: NOW - ago, reason: "reported", ...more } });
const picture = (given) => timeline({ facts: [], activities: [], rangeMs: HOUR, now: NOW, pixels: 600, ...given });
const minutes = (bands) => bands.map(({ status, from, to }) => [status, (from - NOW) / MINUTE, (to - NOW) / MINUTE]);

describe("the bands", () => {
  it("follow each other without holes, from end to end of the range", () => {
    const facts = [status(50 * MINUTE, "online"), status(20 * MINUTE, "error", { reason: "crash" }), status(10 * MINUTE, "offline")];
    const { bands } = picture({ facts, agent: agentOf("offline", 10 * MINUTE) });
    assert.deepEqual(minutes(bands), [["unknown", -60, -50], ["online", -50, -20], ["error", -20, -10], ["offline", -10, 0]]);
    assert.equal(bands[2].reason, "crash");
  });

  it("say that nothing is known of an agent that was unknown before", () => {
    assert.deepEqual(minutes(picture({}).bands), [["unknown", -60, 0]]);
  });

  it("know a status since it began, though only a later event of it was read", () => {
    const facts = [status(5 * MINUTE, "online", { since: NOW - 40 * MINUTE, state: "working" })];
    assert.deepEqual(minutes(picture({ facts, agent: agentOf("online", 40 * MINUTE) }).bands), [["unknown", -60, -40], ["online", -40, 0]]);
  });

  it("take the agent as it is now where its history is not read", () => {
    assert.deepEqual(minutes(picture({ agent: agentOf("error", 30 * MINUTE) }).bands), [["unknown", -60, -30], ["error", -30, 0]]);
  });

  it("begin before the range where a status does, and say so", () => {
    const { bands } = picture({ facts: [status(3 * HOUR, "online")], agent: agentOf("online", 3 * HOUR), rangeMs: 15 * MINUTE });
    assert.deepEqual([minutes(bands), bands[0].began], [[["online", -15, 0]], NOW - 3 * HOUR]);
  });

  it("tell waiting from working, by when it was reported", () => {
    const since = NOW - 30 * MINUTE;
    const facts = [status(30 * MINUTE, "online"), status(20 * MINUTE, "online", { since, state: "waiting" }), status(5 * MINUTE, "online", { since, state: "working" })];
    assert.deepEqual(minutes(picture({ facts, agent: agentOf("online", 30 * MINUTE) }).bands).slice(1), [["online", -30, -20], ["waiting", -20, -5], ["online", -5, 0]]);
  });

  it("show a crash loop apart from the error before it", () => {
    const facts = [status(9 * MINUTE, "error", { reason: "crash" }), status(6 * MINUTE, "error", { reason: "crash_loop", since: NOW - 9 * MINUTE }), status(3 * MINUTE, "error", { reason: "crash_loop", since: NOW - 9 * MINUTE })];
    const { bands } = picture({ facts, agent: agentOf("error", 9 * MINUTE, { reason: "crash_loop" }), rangeMs: 10 * MINUTE });
    assert.deepEqual(bands.map(({ status: word, isLoop, from }) => [word, isLoop ?? false, (from - NOW) / MINUTE]), [["unknown", false, -10], ["error", false, -9], ["error", true, -6]]);
  });

  it("end in the unknown where an agent was not heard since the server restarted", () => {
    const facts = [status(40 * MINUTE, "online")];
    const { bands } = picture({ facts, agent: agentOf("online", 40 * MINUTE), doubtFrom: NOW - 10 * MINUTE });
    assert.deepEqual(minutes(bands).slice(1), [["online", -40, -10], ["unknown", -10, 0]]);
    assert.equal(bands.at(-1).reason, "stale");
  });

  it("end where the agent was removed", () => {
    const facts = [status(40 * MINUTE, "online"), { seq: (seq += 1), kind: "removed", at: NOW - 10 * MINUTE }];
    assert.deepEqual(minutes(picture({ facts }).bands).slice(1), [["online", -40, -10], ["unknown", -10, 0]]);
  });

  it("never run backwards, whatever a report's clock says", () => {
    const facts = [status(30 * MINUTE, "online", { at: 0 }), status(20 * MINUTE, "offline", { at: NOW + HOUR, since: NOW + HOUR }), status(10 * MINUTE, "error", { since: 0 })];
    const { bands } = picture({ facts, agent: agentOf("error", 10 * MINUTE) });
    for (const [index, { from, to }] of bands.entries()) assert.ok(from < to && from === (bands[index - 1]?.to ?? NOW - HOUR) && to <= NOW);
  });

  it("are one where they are under a pixel, the worst of them, and say how many", () => {
    const facts = Array.from({ length: 1_000 }, (_, index) => status(30 * MINUTE - index * 10, index % 2 ? "error" : "online"));
    const { bands } = picture({ facts, agent: agentOf("error", 30 * MINUTE - 9_990), rangeMs: 24 * HOUR });
    assert.ok(bands.length <= 4, String(bands.length));
    assert.deepEqual([bands[1].status, bands[1].count], ["error", 999]);
  });

  it("say in all how long each status was had", () => {
    const facts = [status(50 * MINUTE, "online"), status(20 * MINUTE, "offline")];
    const { totals } = picture({ facts, agent: agentOf("offline", 20 * MINUTE) });
    assert.deepEqual(totals.map(({ status: word, ms }) => [word, ms / MINUTE]), [["online", 30], ["offline", 20], ["unknown", 10]]);
  });
});

describe("the marks", () => {
  it("stand where something happened, with what it was", () => {
    const facts = [event(50 * MINUTE, "start"), event(20 * MINUTE, "crash", { exitCode: 137, signal: "SIGKILL", message: "oom" })];
    const { marks } = picture({ facts });
    assert.deepEqual(marks.map(({ at, event: word, exitCode, signal, message, count }) => [(at - NOW) / MINUTE, word, exitCode, signal, message, count]), [[-50, "start", undefined, undefined, "", 1], [-20, "crash", 137, "SIGKILL", "oom", 1]]);
  });

  it("are one where they would cover each other, the gravest, and tell how many of each", () => {
    const loop = Array.from({ length: 200 }, (_, index) => event(5 * MINUTE - index * 1_000, index % 2 ? "restart" : "crash", { exitCode: index }));
    const { marks } = picture({ facts: loop, rangeMs: 24 * HOUR });
    assert.deepEqual(marks.map(({ event: word, count, tally, exitCode }) => [word, count, tally, exitCode]), [["crash", 200, { crash: 100, restart: 100 }, 198]]);
  });

  it("are as many as there is room for at most", () => {
    const facts = Array.from({ length: 2_000 }, (_, index) => event(HOUR - index * 1_700, "restart"));
    assert.ok(picture({ facts }).marks.length <= 600 / 14 + 1);
  });

  it("of a clock that runs ahead stand at the end", () => {
    assert.equal(picture({ facts: [event(-HOUR, "stop")] }).marks[0].at, NOW);
  });
});

describe("the activity", () => {
  it("is counted in bins that stay where they are as time goes on", () => {
    const activities = [said(30 * MINUTE), said(30 * MINUTE - 10), said(MINUTE)];
    const before = picture({ activities }).activity;
    const after = picture({ activities, now: NOW + 7_000 }).activity;
    assert.deepEqual(before.map(({ count }) => count), [2, 1]);
    assert.deepEqual(before.map(({ from }) => from), after.map(({ from }) => from));
  });

  it("is not known before the first that was read, where there may be more", () => {
    assert.equal(picture({ activities: [said(10 * MINUTE)], activitiesFloor: 5 }).activityFrom, NOW - 10 * MINUTE);
    assert.equal(picture({ activities: [said(10 * MINUTE)], activitiesFloor: 0 }).activityFrom, NOW - HOUR);
    assert.equal(picture({ activities: [], activitiesFloor: Infinity }).activityFrom, NOW);
  });
});

describe("the range", () => {
  it("of all that is known begins with the first that is", () => {
    const facts = [status(30 * HOUR, "online")];
    assert.equal(picture({ facts, agent: agentOf("online", 30 * HOUR), rangeMs: Infinity }).from, NOW - 30 * HOUR);
    assert.equal(picture({ rangeMs: Infinity }).from, NOW - MINUTE);
  });

  it("ends now, so it stands still while time does", () => {
    assert.equal(picture({}).to, NOW);
    assert.deepEqual(picture({}), picture({}));
  });
});

describe("the axis", () => {
  const labels = (from, to, pixels = 600) => axisOf(from, to, pixels).map(({ label }) => label);

  it("has round times", () => {
    assert.deepEqual(axisOf(NOW - HOUR, NOW, 600).map(({ at }) => (at - NOW) / MINUTE), [-60, -50, -40, -30, -20, -10, 0]);
    assert.deepEqual(axisOf(NOW - 15 * MINUTE, NOW, 300).map(({ at }) => (at - NOW) / MINUTE), [-15, -10, -5, 0]);
  });

  it("names the days that it crosses", () => {
    const days = axisOf(NOW - 24 * HOUR, NOW, 600).filter(({ isDay }) => isDay);
    assert.deepEqual(days.map(({ at }) => at), [new Date(2026, 5, 10).getTime()]);
    const weeks = axisOf(NOW - 21 * 24 * HOUR, NOW, 600);
    assert.ok(weeks.length >= 5 && weeks.every(({ at, isDay }) => isDay && new Date(at).getHours() === 0));
  });

  it("is short, however long the range or narrow the screen", () => {
    for (const span of [1, 1_000, MINUTE, HOUR, 24 * HOUR, 365 * 24 * HOUR, NOW]) {
      for (const pixels of [0, 240, 800, 4_000]) assert.ok(axisOf(NOW - span, NOW, pixels).length <= 48, `${span} on ${pixels}`);
    }
    assert.ok(labels(NOW - 24 * HOUR, NOW, 320).length <= 5);
  });
});
