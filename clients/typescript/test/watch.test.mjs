// Is the server still there? Seconds of a clock that the test moves.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Watch } from "../dist/index.js";

/** Looks every `stepMs` for so long; answers at which times it said what. */
function looked(watch, from, forMs, stepMs = 1000) {
  const said = { probe: [], dead: [] };
  for (let at = from + stepMs; at <= from + forMs; at += stepMs) {
    const verdict = watch.tick(at);
    if (verdict === "probe") watch.probed();
    if (verdict !== "alive") said[verdict].push(at - from);
    if (verdict === "dead") break;
  }
  return said;
}

const greeted = () => {
  const watch = new Watch(0);
  watch.heard(0);
  watch.greeted(30_000);
  return watch;
};

describe("the watch", () => {
  it("waits ten seconds for a hello", () => {
    assert.deepEqual(looked(new Watch(0), 0, 60_000), { probe: [], dead: [10_000] });
  });

  it("gives up after two heartbeats of silence, and not before", () => {
    assert.deepEqual(looked(greeted(), 0, 120_000), { probe: [], dead: [60_000] });
    const watch = greeted();
    looked(watch, 0, 59_000);
    watch.heard(59_500);
    assert.deepEqual(looked(watch, 59_500, 59_000), { probe: [], dead: [] });
  });

  it("asks after a sleep before it gives up, and gives up 5 s after asking", () => {
    const watch = greeted();
    assert.equal(watch.tick(1000), "alive");
    assert.equal(watch.tick(3_600_000), "probe");
    watch.probed();
    assert.deepEqual(looked(watch, 3_600_000, 60_000), { probe: [], dead: [5000] });
  });

  it("is content with whatever comes after a sleep", () => {
    const watch = greeted();
    assert.equal(watch.tick(3_600_000), "probe");
    watch.probed();
    watch.tick(3_601_000);
    watch.heard(3_601_500);
    assert.deepEqual(looked(watch, 3_601_500, 59_000), { probe: [], dead: [] });
  });

  it("does not take throttled timers for a dead server: a minute between looks, frames in between", () => {
    const watch = greeted();
    for (let minute = 1; minute <= 60; minute += 1) {
      watch.heard(minute * 60_000 - 35_000);
      watch.heard(minute * 60_000 - 5_000);
      assert.equal(watch.tick(minute * 60_000), "alive", `minute ${minute}`);
    }
  });

  it("finds a dead server also with throttled timers", () => {
    const { probe, dead } = looked(greeted(), 0, 600_000, 60_000);
    assert.deepEqual([probe, dead], [[60_000], [180_000]]);
  });

  it("does not go blind when the clock is set back, nor give up when it is set forward", () => {
    const back = greeted();
    back.tick(1000);
    assert.equal(back.tick(-86_400_000), "alive");
    assert.deepEqual(looked(back, -86_400_000, 120_000).dead, [59_000]);
    const forward = greeted();
    assert.equal(forward.tick(86_400_000), "probe");
  });
});
