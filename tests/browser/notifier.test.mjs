// When the page notifies, with the client's own fold before it, a desktop that only writes down, and a clock of its own.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

const assets = new URL("../../src/adapters/dashboard/assets/", import.meta.url);
const { Feed } = await import(new URL("client/feed.js", assets));
const { Desktop } = await import(new URL("model/desktop.js", assets));
const { KINDS, plain } = await import(new URL("model/needs.js", assets));
const { Notifier } = await import(new URL("model/notifier.js", assets));
const { Settings } = await import(new URL("model/settings.js", assets));

class VirtualClock {
  time = 50_000;
  timers = new Set();
  now = () => this.time;
  after = (ms, act) => {
    const timer = { at: this.time + ms, act };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  };
  pass(ms) {
    const until = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = next.at;
      next.act();
    }
    this.time = until;
  }
}

/** What `new Notification` makes, written down. */
function fakeDesktop({ permission = "granted", answer = "granted", throws = false } = {}) {
  const shown = [];
  class FakeNotification {
    static permission = permission;
    static asked = 0;
    static async requestPermission() {
      FakeNotification.asked += 1;
      FakeNotification.permission = answer;
      return answer;
    }
    constructor(title, options) {
      if (throws) throw new TypeError("Illegal constructor");
      Object.assign(this, { title, ...options, isClosed: false });
      shown.push(this);
    }
    close() {
      this.isClosed = true;
      this.onclose();
    }
  }
  return { FakeNotification, shown };
}

/** A page that watches agents a, b and c, all online and live, and is not in front. */
class Page {
  clock = new VirtualClock();
  feed = new Feed();
  listeners = {};
  inFront = false;
  opened = [];
  focused = 0;
  redrawn = 0;
  seq = 10;

  constructor({ first = ["a", "b", "c"].map((agentId) => status(agentId, "online")), isSecure = true, notify = true, ...desktop } = {}) {
    const { FakeNotification, shown } = fakeDesktop(desktop);
    this.Notification = FakeNotification;
    this.shown = shown;
    const redraw = () => (this.redrawn += 1);
    this.settings = new Settings({ storage: null, root: { dataset: {} }, redraw });
    this.settings.setNotify(notify);
    this.notifier = new Notifier({
      settings: this.settings,
      clock: this.clock,
      isInFront: () => this.inFront,
      desktop: new Desktop({
        Notification: FakeNotification,
        isSecure,
        redraw,
        focus: () => (this.focused += 1),
        onOpen: (agentId) => this.opened.push(agentId),
      }),
    });
    const { fleet } = this.feed;
    const on = (name, listener) => {
      this.listeners[name] = listener;
      return () => delete this.listeners[name];
    };
    this.unfollow = this.notifier.follow({ agents: fleet.agents, sessions: fleet.sessions, on });
    this.copy("snapshot", first, { reason: "new" });
  }

  take(frame) {
    const { changes, caughtUp, verdict } = this.feed.take(frame, 0);
    assert.equal(verdict, "ok");
    for (const change of changes) this.listeners.change?.(change);
    if (caughtUp !== undefined) this.listeners["caught-up"]?.(caughtUp);
  }

  /** Events, as they happen. */
  live(...frames) {
    for (const frame of frames.flat()) this.take({ ...frame, seq: (this.seq += 1) });
  }

  /** A new connection, and what it brings of what was missed. */
  copy(mode, frames, { reason = "resumed", epoch = "e1" } = {}) {
    const to = (this.seq += frames.length);
    this.take({ type: "hello", payload: { epoch, seq: to, view: "v1", complete: true, mode, reason } });
    if (mode === "replay") {
      const from = to - frames.length;
      frames.forEach((frame, index) => this.take({ ...frame, seq: from + index + 1 }));
    } else {
      for (const frame of frames) this.take({ ...frame, sync: true, rev: to });
      this.take({ type: "sync:end", payload: {}, seq: to });
    }
  }

  /** Lets what was noted come to be shown. */
  told(ms = 10_000) {
    this.clock.pass(ms);
    return this.shown.map(({ title, body }) => (body === "" ? title : `${title} | ${body}`));
  }
}

const status = (agentId, word, detail = {}) => ({
  type: "agent:status",
  payload: { agentId, status: word, timestamp: 1_000 },
  detail: { reason: "reported", since: 1_000, ...detail },
});
const lifecycle = (agentId, event, detail = {}) => ({ type: "agent:lifecycle", payload: { agentId, event, timestamp: 1_000 }, detail });
const activity = (agentId, sessionId, lastMessage, state) => ({
  type: "session:activity",
  payload: { agentId, sessionId, lastMessage, timestamp: 1_000 },
  detail: state === undefined ? {} : { state },
});
const crash = (agentId, detail = {}) => [lifecycle(agentId, "crash", detail), status(agentId, "error", { reason: "crash" })];
const loop = (agentId, crashes = 3) => [lifecycle(agentId, "crash"), status(agentId, "error", { reason: "crash_loop", crashes })];
const start = (agentId) => [lifecycle(agentId, "start"), status(agentId, "online", { reason: "start" })];
const waits = (agentId, message) => status(agentId, "online", { state: "waiting", message });
const works = (agentId) => status(agentId, "online", { state: "working" });

const TOLD = [
  ["a crash with its exit code", [crash("a", { exitCode: 137 })], ["a crashed | Exit code 137"]],
  ["a crash with its signal and message", [crash("a", { exitCode: -1, signal: "SIGKILL", message: "out of memory" })], ["a crashed | Exit code -1, SIGKILL\nout of memory"]],
  ["a crash of which no more is known", [crash("a")], ["a crashed"]],
  ["a crash whose event is hidden", [status("a", "error", { reason: "crash", message: "gone" })], ["a crashed | gone"]],
  ["a crash of what had crashed before", [crash("a"), lifecycle("a", "crash", { exitCode: 2 })], ["a crashed | Exit code 2"]],
  ["an error with its message", [status("a", "error", { message: "Disk full" })], ["a reports an error | Disk full"]],
  ["an error once, whatever else it says", [status("a", "error", { message: "one" }), status("a", "error", { message: "two" })], ["a reports an error | two"]],
  ["a crash loop, not its single crashes", [crash("a"), start("a"), crash("a"), start("a"), loop("a")], ["a keeps crashing | 3 crashes or restarts within 5 minutes"]],
  ["an agent that waits, and for what", [waits("a", "Allow npm test?")], ["a waits for you | Allow npm test?"]],
  ["a session that waits, and for what", [activity("a", "s", "Allow it?", "waiting")], ["a waits for you | Allow it?"]],
  ["an agent and its session that wait as one", [waits("a", "Waiting"), activity("a", "s", "Allow it?", "waiting")], ["a waits for you | Allow it?"]],
  ["an agent unknown before", [status("new", "error", { message: "No key" })], ["new reports an error | No key"]],
  ["the worse of two", [waits("a", "Allow?"), crash("a", { exitCode: 1 })], ["a crashed | Exit code 1"]],
  ["the worse of two, whichever came first", [crash("a", { exitCode: 1 }), activity("a", "s", "Allow?", "waiting")], ["a crashed | Exit code 1"]],
  ["one session while another was answered", [activity("a", "s", "One?", "waiting"), activity("a", "t", "Two?", "waiting"), activity("a", "t", "ok")], ["a waits for you | One?"]],
  ["a wait that took the place of an error", [status("a", "error"), waits("a", "Allow?")], ["a waits for you | Allow?"]],
  ["nothing of a stop", [[lifecycle("a", "stop"), status("a", "offline", { reason: "stop" })]], []],
  ["nothing of a lease that ran out", [status("a", "offline", { reason: "lease_expired" })], []],
  ["nothing of work", [works("a"), activity("a", "s", "npm test", "working"), lifecycle("a", "restart", { restarts: 2 })], []],
  ["nothing of a session whose agent is gone", [status("a", "offline"), activity("b", "s", "Done"), activity("a", "s", "Allow?", "waiting")], []],
];

const UNDONE = [
  ["an error", [status("a", "error")], [status("a", "online")]],
  ["a crash", [crash("a")], [start("a")]],
  ["a wait of an agent", [waits("a", "?")], [works("a")]],
  ["a wait of a session", [activity("a", "s", "?", "waiting")], [activity("a", "s", "ok", "working")]],
  ["what was removed", [status("a", "error")], [{ type: "agent:removed", payload: { agentId: "a" } }]],
  ["a session that was removed", [activity("a", "s", "?", "waiting")], [{ type: "session:removed", payload: { agentId: "a", sessionId: "s" } }]],
];

const AWAY = "While you were away: ";
const BOTH = ["replay", "delta"];

describe("a notification", () => {
  for (const [what, frames, expected] of TOLD) {
    it(`tells ${what}`, () => {
      const page = new Page();
      page.live(...frames);
      assert.deepEqual(page.told(), expected);
    });
  }

  for (const [what, frames, after] of UNDONE) {
    it(`drops ${what} when it is undone within two seconds, not later`, () => {
      const quick = new Page();
      quick.live(...frames);
      quick.clock.pass(1_999);
      quick.live(...after);
      assert.deepEqual(quick.told(), []);
      const slow = new Page();
      slow.live(...frames);
      slow.clock.pass(2_000);
      slow.live(...after);
      assert.equal(slow.told().length, 1);
    });
  }

  it("comes after two seconds, counted anew when it was undone in between", () => {
    const page = new Page();
    page.live(crash("a"));
    page.clock.pass(1_000);
    page.live(start("a"));
    page.clock.pass(500);
    page.live(crash("a", { exitCode: 2 }));
    assert.deepEqual(page.told(1_999), []);
    assert.deepEqual(page.told(1), ["a crashed | Exit code 2"]);
  });

  it("does not wait longer because the same is said again", () => {
    const page = new Page();
    page.live(activity("a", "s", "One?", "waiting"));
    page.clock.pass(900);
    page.live(activity("a", "t", "Two?", "waiting"));
    assert.deepEqual(page.told(1_100), ["a waits for you | Two?"]);
  });

  it("of one agent is not put off by another that grows worse", () => {
    const page = new Page();
    page.live(status("a", "error"));
    page.clock.pass(1_000);
    page.live(status("b", "error"));
    page.clock.pass(1_500);
    page.live(crash("a"));
    assert.deepEqual(page.told(1_500), ["b reports an error"]);
    assert.deepEqual(page.told(500), ["b reports an error", "a crashed"]);
  });

  it("does not come for a kind that was turned off in the meantime", () => {
    const page = new Page();
    page.live(crash("a"));
    page.settings.setKind("crash", false);
    assert.deepEqual(page.told(), []);
  });

  it("tells a crash loop once, and again only when it began again", () => {
    const page = new Page();
    page.live(loop("a"));
    page.clock.pass(10_000);
    for (const crashes of [4, 5]) {
      page.live(lifecycle("a", "start"), loop("a", crashes));
      page.clock.pass(10_000);
      page.live(lifecycle("a", "crash"));
      page.clock.pass(10_000);
    }
    assert.equal(page.shown.length, 1);
    page.live(status("a", "online", { reason: "heard" }));
    page.clock.pass(10_000);
    page.live(loop("a"));
    assert.equal(page.told().length, 2);
  });

  it("takes the place of the agent's older one, and is heard again", () => {
    const page = new Page();
    page.live(crash("a"));
    page.clock.pass(10_000);
    page.live(status("a", "online", { state: "waiting" }), status("b", "error"));
    page.clock.pass(10_000);
    const tags = page.shown.map(({ tag }) => tag);
    assert.equal(tags[0], tags[1]);
    assert.notEqual(tags[1], tags[2]);
    assert.ok(page.shown.every(({ renotify }) => renotify));
  });

  it("is taken back when a question was answered; a crash stays told", () => {
    const page = new Page();
    page.live(activity("a", "s", "Allow?", "waiting"), crash("b"));
    page.clock.pass(10_000);
    page.live(activity("a", "s", "Thanks", "working"), start("b"));
    assert.deepEqual(page.shown.map(({ title, isClosed }) => [title, isClosed]), [["a waits for you", true], ["b crashed", false]]);
  });

  it("is not shown while the page is in front, nor afterwards", () => {
    const page = new Page();
    page.inFront = true;
    page.live(crash("a"));
    page.clock.pass(5_000);
    page.inFront = false;
    assert.deepEqual(page.told(), []);
  });

  it("brings the page to the front when clicked, opens the agent and goes", () => {
    const page = new Page();
    page.live(crash("a"));
    page.told();
    page.shown[0].onclick();
    assert.deepEqual([page.opened, page.focused, page.shown[0].isClosed], [["a"], 1, true]);
  });

  for (const kind of KINDS) {
    it(`comes for "${kind}" only where it is wanted`, () => {
      const frames = { crash_loop: loop("a"), crash: crash("a"), error: [status("a", "error")], waiting: [waits("a", "?")] }[kind];
      const others = new Page();
      for (const other of KINDS.filter((each) => each !== kind)) others.settings.setKind(other, false);
      others.live(frames);
      assert.equal(others.told().length, 1);
      const page = new Page();
      page.settings.setKind(kind, false);
      page.live(frames);
      assert.deepEqual(page.told(), []);
    });
  }

  it("does not come once notifications were turned off, or the page was signed out", () => {
    for (const end of [(page) => page.settings.setNotify(false), (page) => page.notifier.clear(), (page) => page.unfollow()]) {
      const page = new Page();
      page.live(crash("a"));
      end(page);
      assert.deepEqual(page.told(), []);
    }
  });

  it("is taken back at the sign-out", () => {
    const page = new Page();
    page.live(crash("a"), status("b", "error"));
    page.told();
    page.notifier.clear();
    assert.deepEqual(page.shown.map(({ isClosed }) => isClosed), [true, true]);
  });
});

describe("many at once", () => {
  const names = (count) => Array.from({ length: count }, (_, index) => `w${index + 1}`);

  it("are one by one up to three, and one beyond", () => {
    const three = new Page();
    three.live(names(3).map((name) => status(name, "error")));
    assert.equal(three.told(2_000).length, 3);
    const seven = new Page();
    seven.live(names(7).flatMap((name) => crash(name)));
    assert.deepEqual(seven.told(2_000), ["7 agents crashed | w1, w2, w3 and 4 more"]);
    seven.shown[0].onclick();
    assert.deepEqual(seven.opened, [""]);
  });

  it("are counted by kind, the most pressing named first", () => {
    const page = new Page();
    page.live(waits("w1", "?"), status("w2", "error"), crash("w3"), loop("w4"), waits("w5", "?"));
    assert.deepEqual(page.told(), ["5 agents need you | 1 keeps crashing, 1 crashed, 1 reports an error, 2 wait: w4, w3, w2 and 2 more"]);
  });

  for (const [make, words] of [[(name) => waits(name, "?"), "wait for you"], [(name) => status(name, "error"), "report an error"], [(name) => loop(name), "keep crashing"]]) {
    it(`are said in words: ${words}`, () => {
      const page = new Page();
      page.live(names(4).flatMap(make));
      assert.deepEqual(page.told(), [`4 agents ${words} | w1, w2, w3 and 1 more`]);
    });
  }

  it("are still one when they come within a second", () => {
    const page = new Page();
    for (const name of names(8)) {
      page.live(crash(name));
      page.clock.pass(125);
    }
    assert.deepEqual(page.told(), ["8 agents crashed | w1, w2, w3 and 5 more"]);
  });

  it("never end the first one's wait for more than a second", () => {
    const page = new Page();
    for (let second = 0; second < 3; second += 0.5) {
      page.live(crash(`w${second}`));
      page.clock.pass(500);
    }
    assert.equal(page.shown.length, 3);
  });

  it("are at most three and then one in five seconds, and nothing is lost by it", () => {
    const page = new Page();
    const times = [];
    for (let at = 0; at < 60_000; at += 500) {
      page.live(crash(`w${at}`));
      const before = page.shown.length;
      page.clock.pass(500);
      for (let more = before; more < page.shown.length; more += 1) times.push(page.clock.time);
    }
    page.clock.pass(20_000);
    for (let index = 3; index < times.length; index += 1) assert.ok(times[index] - times[index - 3] >= 5_000);
    assert.ok(times.length <= 3 + 60 / 5, `${times.length} in a minute`);
    const told = page.shown.reduce((sum, { title }) => sum + Number(/^(\d+) agents/.exec(title)?.[1] ?? 1), 0);
    assert.equal(told, 120);
  });

  it("are one when not as many may be shown", () => {
    const page = new Page();
    page.live(names(3).map((name) => status(name, "error")));
    page.clock.pass(7_000);
    page.live(status("x", "error"), status("y", "error"));
    assert.equal(page.told(2_000).at(-1), "2 agents report an error | x, y");
  });

  it("may be three again after a quiet time", () => {
    const page = new Page();
    page.live(names(3).map((name) => status(name, "error")));
    page.clock.pass(20_000);
    page.live(names(6).slice(3).map((name) => status(name, "error")));
    assert.equal(page.told(2_000).length, 6);
  });

  it("that were held back and are over by then are dropped", () => {
    const page = new Page();
    page.live(names(3).map((name) => status(name, "error")));
    page.clock.pass(2_000);
    page.live(status("late", "error"));
    page.clock.pass(4_000);
    page.live(status("late", "online"));
    assert.equal(page.told().length, 3);
  });

  it("are remembered within bounds", () => {
    const page = new Page();
    for (let index = 0; index < 10_500; index += 1) page.live(status(`n${index}`, "error"));
    assert.match(page.told(3_000)[0], /^10,000 agents report an error/);
  });

  it("leave the oldest on the desktop when there are too many to take back", () => {
    const page = new Page();
    for (const name of [...names(100), "w1", "w101"]) {
      page.live(status(name, "online"), status(name, "error"));
      page.clock.pass(10_000);
    }
    page.notifier.clear();
    const left = page.shown.slice(1).filter(({ isClosed }) => !isClosed);
    assert.deepEqual(left.map(({ title }) => title), ["w2 reports an error"]);
  });
});

describe("what happened while the page was not connected", () => {
  for (const mode of BOTH) {
    it(`is told once, as a summary, after a ${mode}`, () => {
      const page = new Page();
      page.copy(mode, [status("a", "error", { reason: "crash" }), status("b", "error", { reason: "crash" }), waits("c", "?"), status("d", "offline")]);
      assert.deepEqual(page.told(), [`${AWAY}2 crashed, 1 waits | a, b, c`]);
      page.shown[0].onclick();
      assert.deepEqual(page.opened, [""]);
    });

    it(`opens the agent where it is one, after a ${mode}`, () => {
      const page = new Page();
      page.copy(mode, [activity("a", "s", "Allow?", "waiting")]);
      assert.deepEqual(page.told(), [`${AWAY}1 waits | a`]);
      page.shown[0].onclick();
      assert.deepEqual(page.opened, ["a"]);
    });

    it(`is nothing where nothing needs a person now, after a ${mode}`, () => {
      const page = new Page();
      page.copy(mode, [status("a", "error", { reason: "crash" }), status("a", "online"), activity("b", "s", "?", "waiting"), activity("b", "s", "ok"), status("c", "offline")]);
      assert.deepEqual(page.told(), []);
    });

    it(`is nothing where it needed one before, after a ${mode}`, () => {
      const page = new Page();
      page.live(status("a", "error"));
      page.clock.pass(10_000);
      page.copy(mode, [status("a", "online"), status("a", "error", { message: "again" })]);
      assert.equal(page.told().length, 1);
    });
  }

  it("is not told again after the next catching up", () => {
    const page = new Page();
    for (let times = 0; times < 2; times += 1) {
      page.copy("replay", times === 0 ? [status("a", "error")] : [status("b", "offline")]);
      page.clock.pass(10_000);
    }
    assert.equal(page.shown.length, 1);
  });

  it("is nothing at the first copy", () => {
    const page = new Page({ first: [status("a", "error"), waits("b", "?"), activity("b", "s", "?", "waiting")] });
    assert.deepEqual(page.told(), []);
  });

  it("is nothing where agents only came into view", () => {
    for (const reason of ["interest_changed", "grant_changed"]) {
      const page = new Page();
      page.copy("snapshot", [status("a", "online"), status("hidden", "error")], { reason });
      assert.deepEqual(page.told(), []);
    }
  });

  it("is dropped when it is undone within two seconds after", () => {
    const page = new Page();
    page.copy("delta", [status("a", "error"), status("b", "error")]);
    page.clock.pass(1_000);
    page.live(status("a", "online"));
    assert.deepEqual(page.told(), [`${AWAY}1 reports an error | b`]);
  });

  it("counts from before the first loss when the catching up was cut", () => {
    const page = new Page();
    page.take({ type: "hello", payload: { epoch: "e1", seq: page.seq + 2, view: "v1", complete: true, mode: "replay", reason: "resumed" } });
    page.take({ ...status("a", "error"), seq: (page.seq += 1) });
    assert.deepEqual(page.told(), []);
    page.copy("replay", [status("b", "offline")]);
    assert.deepEqual(page.told(), [`${AWAY}1 reports an error | a`]);
  });
});

describe("the text of a notification", () => {
  it("is only text, in one line, and not long", () => {
    const page = new Page();
    const hostile = `<img src=x onerror=alert(1)>\u0000\u202e\n\n\ttxt ${"y".repeat(5_000)}`;
    page.live(status("a".repeat(128), "error", { message: hostile }));
    page.told();
    const [{ title, body }] = page.shown;
    assert.equal(title, `${"a".repeat(39)}… reports an error`);
    assert.ok(body.startsWith("<img src=x onerror=alert(1)> txt yyy"));
    assert.equal([...body].length, 160);
  });

  it("is never cut through a character, and holds nothing that is no text", () => {
    assert.equal(plain("🙂".repeat(10), 4), "🙂🙂🙂…");
    assert.equal(plain("🙂".repeat(4), 4), "🙂🙂🙂🙂");
    for (const strange of [undefined, null, 7, {}, ["x"]]) assert.equal(plain(strange, 10), "");
  });

  it("bears details of any kind", () => {
    const page = new Page();
    page.live(crash("a", { exitCode: "137", signal: { toString: null }, message: 9 }), status("b", "error", { reason: "crash_loop", crashes: "many", message: [] }));
    assert.deepEqual(page.told(), ["a crashed", "b keeps crashing"]);
  });
});

describe("the permission", () => {
  it("is asked for only when a person turns notifications on", async () => {
    const page = new Page({ permission: "default", notify: false });
    page.live(crash("a"));
    page.told();
    assert.equal(page.Notification.asked, 0);
    await page.notifier.turnOn();
    assert.deepEqual([page.Notification.asked, page.notifier.isOn], [1, true]);
  });

  for (const answer of ["denied", "default"]) {
    it(`leaves them off when the answer is "${answer}"`, async () => {
      const page = new Page({ permission: "default", answer, notify: false });
      await page.notifier.turnOn();
      assert.deepEqual([page.notifier.permission, page.notifier.isOn, page.settings.notify], [answer, false, false]);
    });
  }

  it("is not asked for again once it was denied", async () => {
    const page = new Page({ permission: "denied", notify: false });
    await page.notifier.turnOn();
    assert.deepEqual([page.Notification.asked, page.notifier.permission], [0, "denied"]);
  });

  it("that was taken away since then shows nothing", () => {
    const page = new Page();
    page.Notification.permission = "denied";
    page.live(crash("a"));
    assert.deepEqual([page.told(), page.notifier.isOn], [[], false]);
  });

  it("is said to be out of reach without https, and where a page has no notifications", () => {
    assert.equal(new Page({ isSecure: false }).notifier.permission, "insecure");
    const none = new Desktop({ Notification: undefined, isSecure: true, focus() {}, onOpen() {}, redraw() {} });
    assert.equal(none.permission, "unavailable");
  });

  it("is out of reach where the browser makes no notification, and that is found out once", () => {
    const page = new Page({ throws: true });
    page.live(crash("a"));
    assert.deepEqual(page.told(), []);
    assert.deepEqual([page.notifier.permission, page.notifier.isOn, page.notifier.test()], ["unavailable", false, false]);
    assert.ok(page.redrawn > 0);
  });
});

describe("a test notification", () => {
  it("is shown at once, in front too, and opens nothing", () => {
    const page = new Page();
    page.inFront = true;
    assert.equal(page.notifier.test(), true);
    page.shown[0].onclick();
    assert.deepEqual([page.shown[0].title, page.opened, page.focused], ["Mission Control", [], 1]);
  });
});
