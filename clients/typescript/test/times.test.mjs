// What time it is at the server, and how long a wait still is, while clocks are set and machines sleep.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hello, liveWorld, heartbeat, status, world, end } from "./support/virtual.mjs";

const HOUR = 3_600_000;
const AHEAD = 90_000;
const beat = (timestamp) => ({ ...heartbeat(10), payload: { timestamp } });

/** A live client whose server's clock is 90 s ahead of the clock here. */
async function aheadWorld() {
  const made = world();
  await made.clock.advance(0);
  const serverTime = () => made.clock.monotonic() + made.clock.sleptMs + AHEAD;
  made.Socket.last.say(hello({ serverTime: serverTime() }), end(10));
  return { ...made, serverTime };
}

describe("the server's time", () => {
  it("is not moved by a clock that is set here", async () => {
    for (const byMs of [HOUR, -HOUR]) {
      const { clock, fleet, serverTime } = await aheadWorld();
      await clock.advance(500);
      clock.set(byMs);
      assert.deepEqual([fleet.serverNow(), fleet.now()], [serverTime(), serverTime()]);
      fleet.close();
    }
  });

  it("is right again with the first heartbeat after a sleep, whether the steady clock slept too or not", async () => {
    for (const isSteadyAwake of [true, false]) {
      const { clock, fleet, Socket, serverTime } = await aheadWorld();
      clock.sleep(50_000, { isSteadyAwake });
      Socket.last.say(beat(serverTime()));
      assert.equal(fleet.serverNow(), serverTime());
      fleet.close();
    }
  });

  it("is by the least late of the last heartbeats, and follows a server whose clock was set back", async () => {
    const { clock, fleet, Socket, serverTime } = await aheadWorld();
    for (const lateMs of [400, 20_000, 5]) {
      await clock.advance(1000);
      Socket.last.say(beat(serverTime() - lateMs));
      assert.equal(fleet.serverNow(), serverTime());
    }
    for (let times = 0; times < 20; times += 1) {
      await clock.advance(1000);
      Socket.last.say(beat(serverTime() - HOUR));
    }
    assert.equal(fleet.serverNow(), serverTime() - HOUR);
    fleet.close();
  });

  it("stands still at the last word while it is not live", async () => {
    const { clock, fleet, Socket, serverTime } = await aheadWorld();
    await clock.advance(10_000);
    Socket.last.say({ type: "pong", payload: {} });
    const lastWord = serverTime();
    await clock.advance(5000);
    assert.equal(fleet.now(), lastWord + 5000);
    Socket.last.end(1006);
    for (const byMs of [0, HOUR, -3 * HOUR]) {
      clock.set(byMs);
      assert.equal(fleet.now(), lastWord);
    }
    await clock.advance(2500);
    Socket.last.say(hello({ mode: "replay", reason: "resumed", seq: 11, serverTime: serverTime() }));
    assert.equal(fleet.now(), lastWord, "and while it catches up");
    Socket.last.say(status("a", "online", { seq: 11 }));
    assert.equal(fleet.now(), serverTime());
    fleet.close();
    const never = world();
    assert.equal(never.fleet.now(), never.clock.now());
    never.fleet.close();
  });

  it("is that of the last connection's server, and may be any that the protocol has", async () => {
    for (const serverTime of [0, 2 ** 53 - 1]) {
      const { clock, fleet, Socket } = await aheadWorld();
      Socket.last.end(1006);
      await clock.advance(2500);
      Socket.last.say(hello({ mode: "live", reason: "resumed", serverTime, serverStartedAt: serverTime }));
      assert.equal(fleet.serverNow(), serverTime);
      Socket.last.say(beat(2 ** 53 - 1), beat(0), { type: "auth:expiring", payload: { exp: 2 ** 53 - 1 } });
      assert.ok(Number.isFinite(fleet.now()) && Number.isFinite(fleet.silentMs));
      fleet.close();
    }
  });

  it("is taken from the clock alone where there is no steady one", async () => {
    const { fleet, clock } = await liveWorld();
    const { now, after } = clock;
    fleet.close();
    const simple = world({ clock: { now: now.bind(clock), after: after.bind(clock) } });
    await clock.advance(0);
    simple.Socket.last.say(hello({ serverTime: clock.now() + AHEAD }), end(10));
    await clock.advance(1000);
    assert.equal(simple.fleet.serverNow(), clock.now() + AHEAD);
    simple.fleet.close();
  });
});

describe("an agent that speaks", () => {
  it("was heard now by the server's clock, whatever its own and ours are", async () => {
    const { clock, fleet, Socket, serverTime } = await aheadWorld();
    clock.set(HOUR);
    Socket.last.say({ ...status("a", "online", { seq: 11 }), payload: { agentId: "a", status: "online", timestamp: serverTime() + 5 * HOUR } });
    assert.equal(fleet.agents.get("a").heardAt, serverTime());
    fleet.close();
  });
});

describe("the wait for the next try", () => {
  it("counts down as its timer does, and a clock that is set does not matter", async () => {
    for (const byMs of [0, HOUR, -HOUR]) {
      const { clock, fleet, Socket } = await aheadWorld();
      assert.equal(fleet.retryInMs, null);
      Socket.last.end(1006);
      assert.equal(fleet.retryInMs, 2500);
      await clock.advance(1000);
      clock.set(byMs);
      assert.equal(fleet.retryInMs, 1500);
      await clock.advance(1500);
      assert.deepEqual([fleet.state.name, fleet.retryInMs], ["connecting", null]);
      fleet.close();
    }
  });

  it("is after a wake-up what is left of what the server asked for", async () => {
    const { clock, fleet, Socket } = await aheadWorld();
    Socket.last.end(1012, '{"code":"restart","retryMs":7000}');
    assert.equal(fleet.retryInMs, 9500);
    await clock.advance(3000);
    fleet.wake();
    assert.deepEqual([fleet.retryInMs, fleet.state.retryAt - clock.now()], [4000, 4000]);
    fleet.close();
    assert.equal(fleet.retryInMs, null);
  });
});
