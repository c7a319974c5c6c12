// What the page shows as a whole, without a browser: a client that only does as it is told, and a clock that stands.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

const assets = new URL("../../src/adapters/dashboard/assets/", import.meta.url);
const { Screen } = await import(new URL("model/screen.js", assets));
const { Lists } = await import(new URL("model/lists.js", assets));
const { readPlace } = await import(new URL("model/place.js", assets));

const LIVE = { name: "live", staleSince: null, retryAt: null, why: null };

class FakeFleet {
  agents = new Map();
  sessions = new Map();
  sessionCount = 0;
  state = { name: "connecting", staleSince: null, retryAt: null, why: null };
  cursor = "e1:5:v1";
  silentMs = 0;
  retryInMs = null;
  asked = { probes: 0, marks: 0 };
  isClosed = false;
  #listeners = {};

  on(name, listener) {
    (this.#listeners[name] ??= []).push(listener);
    return () => {};
  }

  tell(name, what) {
    if (name === "state") this.state = what;
    for (const listener of this.#listeners[name] ?? []) listener(what);
  }

  serverNow() {
    return Date.now() + 3_600_000;
  }

  now() {
    return this.serverNow();
  }

  probe() {
    this.asked.probes += 1;
  }

  async refreshMarks() {
    this.asked.marks += 1;
  }

  close() {
    this.isClosed = true;
  }

  wake() {}
}

/** What draws, waits and goes: each noted, nothing done. */
function fakeWorld() {
  const world = { drawn: 0, now: 0, timers: [], gone: [] };
  world.draw = () => (world.drawn += 1);
  world.later = (ms, then) => world.timers.push({ ms, then });
  world.told = 0;
  world.signedOut = () => (world.told += 1);
  world.monotonic = () => world.now;
  world.go = (hash, { replace }) => world.gone.push([hash, replace]);
  return world;
}

function setUp({ hash = "", signOut = async () => {}, agentEvents = async () => ({ events: [], next: null, head: "e1:5", uptimeMs: 0, restarts: 0 }) } = {}) {
  const fleets = [];
  const world = fakeWorld();
  const asked = [];
  const screen = new Screen({
    api: { agentEvents: async (token, agentId, query) => (asked.push(agentId), agentEvents(query)) },
    connect: () => fleets[fleets.push(new FakeFleet()) - 1],
    tokens: { wasCodeRefused: false, take() {}, signOut, with: (ask) => ask("token") },
    settings: {},
    notifier: { follow: () => () => {}, clear() {} },
    world,
    hash,
  });
  screen.begin();
  return { screen, fleets, world, asked, fleet: () => fleets.at(-1) };
}

const caughtUp = (over = {}) => ({ mode: "replay", reason: "resumed", missed: 0, first: false, newHistory: false, ...over });
function goLive({ screen, fleet }, what = caughtUp({ mode: "snapshot", reason: "new", missed: null, first: true })) {
  fleet().tell("caught-up", what);
  fleet().tell("state", LIVE);
  return screen;
}
const lose = ({ fleet }) => Object.assign(fleet(), { retryInMs: 3_500 }) && fleet().tell("state", { name: "stale", staleSince: Date.now() - 5_000, retryAt: Date.now() + 3_500, why: { code: "silent" } });

describe("a loss", () => {
  it("is told with when it tries again, and its end with how much was caught up, for a while", () => {
    const page = setUp();
    const { screen, world } = page;
    goLive(page);
    assert.equal(screen.toast, null);
    lose(page);
    assert.deepEqual(screen.toast, { kind: "lost", text: "Connection lost. Trying again in 4 s." });
    goLive(page, caughtUp({ missed: 12 }));
    assert.deepEqual(screen.toast, { kind: "back", text: "Back. Caught up on 12 events." });
    world.timers.at(-1).then();
    assert.equal(screen.toast, null);
  });

  it("that follows another is told again, and the timer of the first does not end it", () => {
    const page = setUp();
    goLive(page);
    lose(page);
    goLive(page, caughtUp({ missed: 1 }));
    const first = page.world.timers.at(-1);
    lose(page);
    goLive(page, caughtUp({ missed: 2 }));
    first.then();
    assert.equal(page.screen.toast.text, "Back. Caught up on 2 events.");
  });

  it("is no news at the first connection", () => {
    const page = setUp();
    page.fleet().tell("state", { name: "stale", staleSince: null, retryAt: Date.now() + 100, why: { code: "unreachable" } });
    assert.match(page.screen.toast.text, /^The server does not answer/);
    assert.equal(goLive(page).toast, null);
  });

  it("of the server's history is said until it is read", () => {
    const page = setUp();
    goLive(page);
    lose(page);
    const screen = goLive(page, caughtUp({ mode: "snapshot", reason: "epoch_changed", missed: null, newHistory: true }));
    assert.equal(screen.toast.text, "Back, with a new history.");
    assert.match(screen.notice, /^The server began a new history at /);
    screen.closeNotice();
    assert.equal(screen.notice, "");
  });
});

describe("a page that somebody looks at", () => {
  it("asks a line that says nothing whether it is there", () => {
    const page = setUp();
    goLive(page);
    const ask = (silentMs) => {
      page.fleet().silentMs = silentMs;
      page.screen.watch();
      return page.fleet().asked.probes;
    };
    assert.deepEqual([ask(null), ask(9_000), ask(11_000)], [0, 0, 1]);
  });

  it("asks after those who are shown as not heard, only while it is live", () => {
    const page = setUp();
    const { screen, world } = page;
    page.fleet().agents.set("a", { agentId: "a", status: "online", heardAt: 0, detail: { reason: "start", since: 0, stale: true } });
    goLive(page);
    screen.refresh();
    const looks = () => {
      for (let second = 0; second < 20; second += 1) {
        world.now += 1_000;
        screen.watch();
      }
      return page.fleet().asked.marks;
    };
    lose(page);
    assert.equal(looks(), 0);
    page.fleet().tell("state", LIVE);
    assert.ok(looks() > 0);
  });
});

describe("a lifecycle event", () => {
  const crash = { kind: "lifecycle", agentId: "a", seq: 6, source: "live", event: "crash", timestamp: 1, detail: { exitCode: 3 } };

  it("is remembered while every event is seen, and forgotten with a copy, which does not hold those between", () => {
    const page = setUp();
    goLive(page);
    page.fleet().tell("change", crash);
    assert.equal(page.screen.lifecycles.get("a").detail.exitCode, 3);
    goLive(page, caughtUp({ mode: "replay" }));
    assert.equal(page.screen.lifecycles.size, 1);
    goLive(page, caughtUp({ mode: "delta" }));
    assert.equal(page.screen.lifecycles.size, 0);
    page.fleet().tell("change", crash);
    page.fleet().tell("change", { kind: "agent", agentId: "a", removed: true });
    assert.equal(page.screen.lifecycles.size, 0);
  });
});

/** The answers here come at once: when all that is under way has gone on, nothing is left to read. */
async function isRead(history) {
  do await new Promise(setImmediate);
  while (history.isReading || history.state === "loading");
}

describe("an agent's past", () => {
  it("is read when it is looked at, and again only after a copy", async () => {
    const page = setUp({ hash: "#/agents/a" });
    page.fleet().agents.set("a", { agentId: "a", status: "online", heardAt: 0, detail: { reason: "start", since: 0 } });
    assert.equal(page.asked.length, 0);
    goLive(page);
    await isRead(page.screen.history);
    const first = page.asked.length;
    assert.ok(first > 0 && page.asked.every((agentId) => agentId === "a"));
    goLive(page, caughtUp({ mode: "replay", missed: 3 }));
    await isRead(page.screen.history);
    assert.equal(page.asked.length, first);
    goLive(page, caughtUp({ mode: "delta", missed: 3 }));
    await isRead(page.screen.history);
    assert.ok(page.asked.length > first);
  });

  it("is let go with the agent, and the way up leads to where it was opened", () => {
    const page = setUp({ hash: "#/?status=error" });
    const { screen, world } = page;
    goLive(page);
    screen.arrive("#/agents/a");
    assert.equal(screen.history.agentId, "a");
    screen.back();
    assert.deepEqual(world.gone.at(-1), ["#/?status=error", false]);
    screen.arrive("#/?status=error");
    assert.equal(screen.history, null);
  });
});

describe("a sign-out", () => {
  it("takes everything off the screen at once, before the server answers", async () => {
    let told;
    const page = setUp({ signOut: () => new Promise((resolve) => (told = resolve)) });
    const before = goLive(page).fleet;
    const done = page.screen.signOut();
    assert.ok(before.isClosed && page.screen.fleet !== before && !page.screen.hasShown);
    before.tell("state", LIVE);
    assert.equal(page.screen.light.kind, "wait");
    told();
    assert.equal(page.world.told, 0);
    await done;
    // The other tabs, once the cookie they share is gone.
    assert.deepEqual([page.screen.notice, page.world.told], ["", 1]);
  });

  it("that fails after somebody signed in again says nothing", async () => {
    let fail;
    const page = setUp({ signOut: () => new Promise((_, reject) => (fail = reject)) });
    goLive(page);
    const done = page.screen.signOut();
    page.screen.begin("code");
    fail(new Error("away"));
    await done;
    assert.equal(page.screen.notice, "");
  });

  it("that the server could not be told of says so", async () => {
    const page = setUp({ signOut: async () => Promise.reject(new Error("away")) });
    goLive(page);
    await page.screen.signOut();
    assert.match(page.screen.notice, /^Signed out here only/);
  });
});

describe("the lists", () => {
  it("are made at once for a person, else a few times a second, and drawn when they are due", () => {
    const world = fakeWorld();
    const lists = new Lists(world);
    const fleet = new FakeFleet();
    const agent = (agentId) => ({ agentId, status: "online", heardAt: 0, detail: { reason: "start", since: 0 } });
    const refresh = () => lists.refresh(fleet, readPlace("#/"), 0);
    const count = () => lists.agents.counts.all;
    refresh();
    fleet.agents.set("a", agent("a"));
    refresh();
    refresh();
    assert.deepEqual([count(), world.timers.length], [0, 1]);
    world.now = 200;
    const { drawn } = world;
    world.timers[0].then();
    assert.equal(world.drawn, drawn + 1);
    refresh();
    assert.equal(count(), 1);
    fleet.agents.set("b", agent("b"));
    lists.soon();
    refresh();
    assert.equal(count(), 2);
  });

  it("take a tenth of the time at most, however long one takes", () => {
    const world = fakeWorld();
    const lists = new Lists(world);
    world.told = 0;
  world.signedOut = () => (world.told += 1);
  world.monotonic = () => (world.now += 50);
    lists.refresh(new FakeFleet(), readPlace("#/"), 0);
    lists.refresh(new FakeFleet(), readPlace("#/"), 0);
    assert.equal(world.timers[0].ms, 450);
  });
});
