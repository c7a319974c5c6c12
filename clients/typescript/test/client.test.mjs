// The client as a whole in a world whose time and sockets the test moves.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Refusal, SignedOut, connect } from "../dist/index.js";
import { randomFrom } from "./support/random.mjs";
import { activity, copied, end, heartbeat, hello, liveWorld, settled, socketClass, status, ticketServer, VirtualClock, world } from "./support/virtual.mjs";

const VIEW = "0".repeat(16);
const names = ({ states }) => states.map((state) => state.name);
const problem = (status, code, headers = {}) => Response.json({ code, detail: `It is ${code}.`, status }, { status, headers });
const resumed = (seq) => hello({ mode: "live", reason: "resumed", seq });

describe("a connection", () => {
  it("takes a ticket, becomes live at the end of its copy, and comes back with its cursor", async () => {
    const { clock, Socket, fetch, fleet, told } = await liveWorld({ agents: ["a*"], types: ["agent:status"] });
    assert.deepEqual(Object.fromEntries(Socket.last.url.searchParams), { agents: "a*", types: "agent:status", ticket: "t1" });
    assert.equal(Socket.last.url.href.startsWith("ws://server.test/ws?"), true);
    assert.deepEqual(fetch.tokens, ["token"]);
    assert.deepEqual(names(told), ["connecting", "catching-up", "live"]);
    assert.deepEqual([...fleet.agents.keys()], ["a", "b"]);
    Socket.last.say(status("a", "error", { seq: 11 }));
    assert.deepEqual([told.changes.at(-1).source, told.changes.at(-1).before.status, told.changes.at(-1).after.status], ["live", "online", "error"]);
    Socket.last.end(1006);
    assert.equal(fleet.state.name, "stale");
    assert.equal(fleet.state.retryAt, clock.now() + 2500);
    await clock.advance(2500);
    assert.equal(Socket.last.url.searchParams.get("after"), `e1:11:${VIEW}`);
    const lostAt = fleet.state.staleSince;
    Socket.last.say(hello({ mode: "replay", reason: "resumed", seq: 13 }));
    assert.deepEqual([fleet.state.name, fleet.state.staleSince], ["catching-up", lostAt]);
    Socket.last.say(status("a", "online", { seq: 12 }), status("b", "error", { seq: 13 }));
    assert.deepEqual(told.caughtUp.at(-1), { mode: "replay", reason: "resumed", missed: 2, first: false, newHistory: false });
    assert.deepEqual([fleet.state.name, fleet.state.staleSince, fleet.state.why], ["live", null, null]);
    fleet.close();
  });

  it("shows the old fleet as stale until another copy is whole", async () => {
    const { clock, Socket, fleet } = await liveWorld();
    await clock.advance(1000);
    Socket.last.end(1006);
    await clock.advance(5000);
    Socket.last.say(hello({ epoch: "e2", reason: "epoch_changed", seq: 2 }), status("z", "online", copied));
    assert.deepEqual([[...fleet.agents.keys()], fleet.state.name], [["a", "b"], "catching-up"]);
    assert.equal(typeof fleet.state.staleSince, "number");
    Socket.last.say(end(2, { agents: 1 }));
    assert.deepEqual([[...fleet.agents.keys()], fleet.state.name], [["z"], "live"]);
    fleet.close();
  });

  it("that lost an event is closed, and the next one fills the hole", async () => {
    const { clock, Socket, fleet, told } = await liveWorld();
    Socket.last.say(status("a", "error", { seq: 12 }));
    assert.deepEqual([fleet.state.name, fleet.state.why.code, Socket.last.readyState], ["stale", "gap", 3]);
    await clock.advance(5000);
    assert.equal(Socket.last.url.searchParams.get("after"), `e1:10:${VIEW}`);
    assert.equal(told.changes.length, 2);
    fleet.close();
  });

  it("is not believed before its hello, whatever the one before it said", async () => {
    const { clock, Socket, fleet, told } = await liveWorld();
    Socket.last.end(1006);
    await clock.advance(5000);
    Socket.last.say(status("a", "error", { seq: 11 }), end(12));
    assert.deepEqual([told.changes.length, fleet.cursor, fleet.state.name], [2, `e1:10:${VIEW}`, "connecting"]);
    fleet.close();
  });

  it("that speaks of an unknown mode is left, for one without a cursor", async () => {
    const { clock, Socket, fleet } = await liveWorld();
    Socket.last.end(1006);
    await clock.advance(5000);
    Socket.last.say(hello({ mode: "teleport" }));
    assert.equal(fleet.state.why.code, "anew");
    await clock.advance(10_000);
    assert.equal(Socket.last.url.searchParams.has("after"), false);
    fleet.close();
  });

  it("ends by what cannot be read, and not by what is only unknown", async () => {
    const { Socket, fleet } = await liveWorld();
    Socket.last.say({ type: "weather", payload: 7 }, { type: "pong" });
    assert.equal(fleet.state.name, "live");
    Socket.last.say("{");
    assert.equal(fleet.state.why.code, "unreadable");
    fleet.close();
  });

  it("is told nothing more once it is given up", async () => {
    const { Socket, fleet, told } = await liveWorld();
    const socket = Socket.last;
    const { onmessage, onclose } = socket;
    fleet.close();
    onmessage({ data: JSON.stringify(status("a", "error", { seq: 11 })) });
    onclose({ code: 4501, reason: "" });
    assert.deepEqual([names(told).at(-1), told.changes.length], ["closed", 2]);
  });
});

describe("every close code from 1000 to 4999", () => {
  it("is obeyed as the table says", async () => {
    for (let code = 1000; code <= 4999; code += 1) {
      const { fleet, Socket } = await liveWorld();
      Socket.last.end(code, JSON.stringify({ code: "word" }));
      const { name, why } = fleet.state;
      assert.deepEqual([name, why.code, why.closeCode], [code < 4500 ? "stale" : "stopped", "word", code], code);
      fleet.close();
    }
  });

  it("with a hint is waited for as long, and a goodbye before it counts too", async () => {
    for (const speak of [
      (socket) => socket.end(1012, '{"code":"restart","retryMs":7000}'),
      (socket) => (socket.say({ type: "goodbye", payload: { code: "restart", retryMs: 7000 } }), socket.end(1006)),
    ]) {
      const { clock, fleet, Socket } = await liveWorld();
      speak(Socket.last);
      assert.equal(fleet.state.retryAt - clock.now(), 9500);
      fleet.wake();
      await settled();
      assert.equal(Socket.made.length, 1, "a wake-up does not shorten what the server asked for");
      clock.set(-86_400_000);
      fleet.wake();
      await clock.advance(7000);
      assert.equal(Socket.made.length, 2, "nor does a clock that is set back make it a day");
      fleet.close();
    }
  });

  it("for speaking wrongly stops at the third in a row, unless one lived in between", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    const again = async (livedMs) => {
      Socket.last.end(1009);
      if (fleet.state.name === "stopped") return;
      await clock.advance(fleet.state.retryAt - clock.now());
      Socket.last.say(resumed(10));
      await clock.advance(livedMs);
    };
    await again(0);
    await again(11_000);
    await again(0);
    await again(0);
    assert.equal(fleet.state.name, "live");
    await again(0);
    assert.equal(fleet.state.name, "stopped");
    fleet.close();
  });

  it("at a stop leaves a way back for a person", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    Socket.last.end(4503);
    await clock.advance(3_600_000);
    fleet.wake();
    assert.deepEqual([fleet.state.name, Socket.made.length], ["stopped", 1]);
    fleet.reconnect();
    await settled();
    Socket.last.say(resumed(10));
    assert.deepEqual([fleet.state.name, Socket.made.length], ["live", 2]);
    fleet.close();
  });
});

describe("a herd", () => {
  it("of 2,000 clients comes back evenly over the first five seconds", async () => {
    const clock = new VirtualClock();
    const Socket = socketClass();
    const random = randomFrom(7);
    const fetch = ticketServer();
    const options = { url: "http://server.test", token: "t", WebSocket: Socket, fetch, clock, random, onError: assert.fail };
    const herd = Array.from({ length: 2000 }, () => connect(options));
    await clock.advance(0);
    const sockets = Socket.made.splice(0);
    assert.equal(sockets.length, 2000);
    for (const socket of sockets) socket.say(hello(), end(10));
    await clock.advance(60_000 - 1);
    for (const socket of sockets) socket.end(1006);
    const perHalfSecond = [];
    for (let step = 0; step < 10; step += 1) {
      const before = Socket.made.length;
      await clock.advance(500);
      perHalfSecond.push(Socket.made.length - before);
    }
    assert.equal(Socket.made.length, 2000, `all within 5 s: ${perHalfSecond}`);
    // 200 each would be even; five deviations of chance on both sides.
    for (const count of perHalfSecond) assert.ok(Math.abs(count - 200) < 68, `${perHalfSecond}`);
    // The server is still away: the second tries spread over 5 s more, the third over 10 s, up to 30 s.
    for (const socket of Socket.made.splice(0)) socket.end(1006);
    await clock.advance(5000);
    assert.equal(Socket.made.length, 2000);
    for (const socket of Socket.made.splice(0)) socket.end(1006);
    await clock.advance(5000);
    assert.ok(Math.abs(Socket.made.length - 1000) < 120, `half after half of 10 s: ${Socket.made.length}`);
    for (const fleet of herd) fleet.close();
    assert.equal(clock.pending, 0, "closed clients leave no timer");
  });
});

describe("silence", () => {
  it("for two heartbeats ends a connection, whatever the socket says", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    await clock.advance(32_000);
    assert.equal(fleet.state.name, "live");
    await clock.advance(27_000);
    assert.deepEqual([fleet.state.name, fleet.state.why.code], ["catching-up", "checking"], "it is not known to be live any more");
    assert.equal(fleet.state.staleSince, clock.now() - 59_000);
    await clock.advance(1500);
    assert.deepEqual([fleet.state.name, fleet.state.why.code], ["stale", "silent"]);
    assert.equal(fleet.state.staleSince, clock.now() - 60_500);
    assert.equal(Socket.last.readyState, 3);
    fleet.close();
  });

  it("is broken by heartbeats for as long as they come", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    for (let beat = 0; beat < 120; beat += 1) {
      await clock.advance(30_000);
      Socket.last.say(heartbeat(10));
    }
    assert.deepEqual([fleet.state.name, Socket.made.length, Socket.last.sent], ["live", 1, []]);
    fleet.close();
  });

  it("before a hello ends it after 10 s", async () => {
    const { clock, fleet } = world();
    await clock.advance(10_000);
    assert.equal(fleet.state.name, "stale");
    fleet.close();
  });

  it("after a sleep is asked about first: an answer within 5 s keeps the connection", async () => {
    for (const answers of [true, false]) {
      const { clock, fleet, Socket } = await liveWorld();
      clock.sleep(8 * 3_600_000);
      await clock.advance(1000);
      assert.deepEqual([fleet.state.name, fleet.state.why.code, Socket.last.of("ping").length], ["catching-up", "checking", 1]);
      if (answers) Socket.last.say({ type: "pong", payload: {} });
      assert.equal(fleet.state.name, answers ? "live" : "catching-up");
      await clock.advance(6000);
      assert.equal(fleet.state.name, answers ? "live" : "stale");
      fleet.close();
    }
  });

  it("that a sleep made is doubted at the wake-up, and told as of when it began, until a frame comes", async () => {
    const { clock, fleet, Socket, told } = await liveWorld();
    await clock.advance(3000);
    const heardAt = clock.now() - 3000;
    clock.sleep(20_000);
    fleet.wake();
    assert.deepEqual([fleet.state.name, fleet.state.why.code, fleet.state.staleSince], ["catching-up", "checking", heardAt]);
    fleet.wake();
    assert.equal(Socket.last.of("ping").length, 1);
    Socket.last.say(status("a", "error", { seq: 11 }));
    assert.deepEqual([fleet.state, told.caughtUp.length, told.changes.at(-1).source], [{ name: "live", staleSince: null, retryAt: null, why: null }, 1, "live"]);
    fleet.wake();
    assert.equal(fleet.state.name, "live", "whoever was heard this moment is there");
    fleet.close();
  });

  it("that is doubted becomes a loss with the same moment, or a copy that tells its own end", async () => {
    const lost = await liveWorld();
    const heardAt = lost.clock.now();
    lost.clock.sleep(3_600_000);
    lost.fleet.wake();
    await lost.clock.advance(6000);
    assert.deepEqual([lost.fleet.state.name, lost.fleet.state.why.code, lost.fleet.state.staleSince], ["stale", "silent", heardAt]);
    lost.fleet.close();
    const copy = await liveWorld();
    copy.clock.sleep(20_000);
    copy.fleet.wake();
    copy.Socket.last.say({ type: "resync", payload: { mode: "delta", reason: "slow_reader", view: VIEW }, seq: 20 });
    assert.deepEqual([copy.fleet.state.name, copy.fleet.state.why], ["catching-up", null]);
    copy.Socket.last.say({ type: "pong", payload: {} });
    assert.equal(copy.fleet.state.name, "catching-up");
    copy.Socket.last.say(end(20));
    assert.equal(copy.fleet.state.name, "live");
    copy.fleet.close();
  });

  it("is told in milliseconds, and no clock that is set makes it less", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    await clock.advance(7000);
    clock.set(-3_600_000);
    await clock.advance(1000);
    assert.equal(fleet.silentMs, 8000);
    Socket.last.say(heartbeat(10));
    assert.equal(fleet.silentMs, 0);
    clock.sleep(50_000);
    assert.equal(fleet.silentMs, 50_000);
    fleet.close();
    const never = world();
    assert.equal(never.fleet.silentMs, null);
    never.fleet.close();
  });

  it("is asked about when a page wakes, and a wait for the next try ends then", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    fleet.wake();
    fleet.wake();
    assert.equal(Socket.last.of("ping").length, 1, "not again while one is without an answer");
    await clock.advance(6000);
    assert.equal(fleet.state.name, "stale");
    fleet.wake();
    await settled();
    assert.equal(Socket.made.length, 2);
    fleet.close();
  });

  it("is not seen where timers are throttled to one a minute and frames come", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    clock.throttleMs = 60_000;
    for (let half = 0; half < 240; half += 1) {
      await clock.advance(30_000);
      Socket.last.say(heartbeat(10));
    }
    assert.deepEqual([fleet.state.name, Socket.made.length], ["live", 1]);
    fleet.close();
  });

  it("is seen after the clock was set back, and none is seen when it is set forward", async () => {
    const back = await liveWorld();
    back.clock.set(-86_400_000);
    await back.clock.advance(62_000);
    assert.equal(back.fleet.state.name, "stale");
    await back.clock.advance(5000);
    assert.equal(back.Socket.made.length, 2);
    back.fleet.close();
    const forward = await liveWorld();
    forward.clock.set(86_400_000);
    await forward.clock.advance(1000);
    forward.Socket.last.say({ type: "pong", payload: {} });
    await forward.clock.advance(20_000);
    assert.equal(forward.fleet.state.name, "live");
    forward.fleet.close();
  });
});

describe("a token", () => {
  const expiring = { type: "auth:expiring", payload: { exp: 0 } };

  it("is renewed in place before it ends", async () => {
    const asked = [];
    const { clock, fleet, Socket } = await liveWorld({ token: (isRefused) => asked.push(isRefused) && `token${asked.length}` });
    Socket.last.say(expiring);
    await settled();
    assert.deepEqual(Socket.last.of("auth:refresh"), [{ type: "auth:refresh", payload: { token: "token2" } }]);
    Socket.last.say({ type: "auth:refreshed", payload: { exp: 1 } });
    assert.deepEqual([asked, fleet.state.name], [[false, true], "live"]);
    // A quarter of an hour later, and often: each time at once.
    for (let time = 2; time < 10; time += 1) {
      for (let beat = 0; beat < 30; beat += 1) {
        await clock.advance(30_000);
        Socket.last.say(heartbeat(10));
      }
      Socket.last.say(expiring);
      await settled();
      assert.equal(Socket.last.of("auth:refresh").length, time);
      Socket.last.say({ type: "auth:refreshed", payload: { exp: 1 } });
    }
    fleet.close();
  });

  it("that is refused in place is asked for again, more slowly each time, until 4401; then it is a new one that comes back", async () => {
    const asked = [];
    const { clock, fleet, Socket } = await liveWorld({ token: (isRefused) => asked.push(isRefused) && "same" });
    Socket.last.say(expiring);
    for (let second = 0; second < 35; second += 1) {
      await clock.advance(1000);
      if (Socket.last.of("auth:refresh").length > Socket.last.answered) Socket.last.say({ type: "error", payload: { code: "invalid_token", message: "" } });
      Socket.last.answered = Socket.last.of("auth:refresh").length;
      if (second === 0) Socket.last.say({ type: "error", payload: { code: "invalid_token", message: "" } });
    }
    assert.ok(Socket.last.of("auth:refresh").length >= 3 && Socket.last.of("auth:refresh").length <= 5, String(Socket.last.of("auth:refresh").length));
    Socket.last.end(4401, '{"code":"token_expired"}');
    asked.length = 0;
    await clock.advance(5000);
    assert.deepEqual([asked, Socket.made.length], [[true], 2]);
    fleet.close();
  });

  it("alone ends signed out at its end, and is never renewed", async () => {
    const { clock, fleet, Socket } = await liveWorld({ token: "only this" });
    Socket.last.say(expiring);
    await clock.advance(1000);
    assert.deepEqual(Socket.last.sent, []);
    Socket.last.end(4401, "");
    assert.deepEqual([fleet.state.name, fleet.state.why.code], ["signed-out", "token_expired"]);
    fleet.close();
  });

  it("stands in no address", async () => {
    const { fleet, Socket } = await liveWorld({ token: "secret-token" });
    assert.equal(Socket.last.url.href.includes("secret"), false);
    fleet.close();
  });

  it("may be a ticket from elsewhere, a new one each time", async () => {
    let count = 0;
    const { clock, fleet, Socket, fetch } = await liveWorld({ token: undefined, ticket: async () => `mine${(count += 1)}` });
    assert.deepEqual([Socket.last.url.searchParams.get("ticket"), fetch.tokens], ["mine1", []]);
    Socket.last.say(expiring);
    Socket.last.end(4401);
    await clock.advance(5000);
    assert.equal(Socket.last.url.searchParams.get("ticket"), "mine2");
    fleet.close();
  });

  it("that the server does not take is replaced once, and then it is a sign-out", async () => {
    const asked = [];
    const { clock, fleet, fetch } = world({ token: (isRefused) => asked.push(isRefused) && "old" });
    fetch.answer = () => problem(401, "invalid_token");
    await clock.advance(0);
    assert.deepEqual([asked, fleet.state.name, fleet.state.why.code], [[false, true], "signed-out", "invalid_token"]);
    fleet.close();
  });

  it("that is new and not taken either is not asked for a third time", async () => {
    const asked = [];
    const { clock, fleet, fetch, Socket } = await liveWorld({ token: (isRefused) => asked.push(isRefused) && "old" });
    fetch.answer = () => problem(401, "token_expired");
    Socket.last.end(4401);
    await clock.advance(5000);
    assert.deepEqual([asked, fleet.state.name], [[false, true], "signed-out"]);
    fleet.close();
  });

  it("is refused in other ways too", async () => {
    const table = [
      [problem(401, "token_revoked"), "stopped"],
      [problem(403, "forbidden_scope"), "stopped"],
      [problem(404, "not_found"), "stopped"],
      [problem(429, "rate_limited", { "retry-after": "8" }), "stale"],
      [problem(503, "draining", { "retry-after": "1" }), "stale"],
      [new Response("<html>", { status: 502 }), "stale"],
      [new Response("not JSON"), "stale"],
    ];
    for (const [answer, name] of table) {
      const { clock, fleet, fetch } = world();
      fetch.answer = () => answer;
      await clock.advance(0);
      assert.equal(fleet.state.name, name, `${answer.status}`);
      if (answer.status === 429) assert.equal(fleet.state.retryAt - clock.now(), 10_500);
      fleet.close();
    }
  });

  it("source that rejects is asked again, one that says that there is no more ends it, and one that hangs is not waited for", async () => {
    const rejects = world({ token: () => Promise.reject(new Error("the vault is closed")) });
    await rejects.clock.advance(0);
    assert.deepEqual([rejects.fleet.state.name, rejects.fleet.state.why.text], ["stale", "the vault is closed"]);
    await rejects.clock.advance(60_000);
    assert.equal(rejects.fleet.state.name, "stale");
    rejects.fleet.close();
    for (const error of [new SignedOut("bye"), new Refusal(401, { code: "not_signed_in" }, 0)]) {
      const over = world({ token: () => { throw error; } });
      await over.clock.advance(0);
      assert.equal(over.fleet.state.name, "signed-out");
      over.fleet.close();
    }
    const hangs = world({ token: () => new Promise(() => {}) });
    await hangs.clock.advance(30_000);
    assert.equal(hangs.fleet.state.name, "stale");
    hangs.fleet.close();
    assert.equal(hangs.clock.pending, 0);
    for (const nothing of [undefined, null, "", 7]) {
      const empty = world({ token: () => nothing });
      await empty.clock.advance(0);
      assert.equal(empty.fleet.state.name, "stale");
      empty.fleet.close();
    }
  });
});

describe("an interest", () => {
  it("is sent at most once a second, the last one wins, and the next connection is opened with it", async () => {
    const { clock, fleet, Socket } = await liveWorld();
    fleet.subscribe({ agents: ["a"] });
    fleet.subscribe({ agents: ["b"] });
    fleet.subscribe({ agents: ["c"], types: ["agent:status"] });
    assert.deepEqual(Socket.last.of("subscribe").map(({ payload }) => payload), [{ agents: ["a"] }]);
    await clock.advance(1000);
    assert.equal(Socket.last.of("subscribe").length, 1);
    await clock.advance(100);
    assert.deepEqual(Socket.last.of("subscribe").at(-1).payload, { agents: ["c"], types: ["agent:status"] });
    await clock.advance(10_000);
    assert.equal(Socket.last.of("subscribe").length, 2);
    fleet.subscribe({});
    assert.deepEqual(Socket.last.of("subscribe").at(-1).payload, {});
    Socket.last.end(1006);
    fleet.subscribe({ agents: [] });
    await clock.advance(10_000);
    // An address cannot say "none"; the frame after hello does.
    assert.equal(Socket.last.url.searchParams.get("agents"), "@@nobody@@");
    Socket.last.say(hello({ reason: "interest_changed" }));
    assert.deepEqual(Socket.last.of("subscribe").map(({ payload }) => payload), [{ agents: [] }]);
    fleet.close();
  });

  it("that changes between the address and the hello is told after it", async () => {
    const { clock, fleet, Socket } = world();
    await clock.advance(0);
    fleet.subscribe({ agents: ["late"] });
    assert.deepEqual(Socket.last.sent, []);
    Socket.last.say(hello());
    assert.deepEqual(Socket.last.of("subscribe").map(({ payload }) => payload), [{ agents: ["late"] }]);
    fleet.close();
  });

  it("that cannot be sent is refused where it is made", async () => {
    const { fleet } = await liveWorld();
    assert.throws(() => fleet.subscribe({ agents: ["no good"] }), RangeError);
    fleet.close();
    assert.throws(() => connect({ url: "http://s", token: "t", WebSocket: socketClass(), agents: ["no good"] }), RangeError);
    assert.throws(() => connect({ url: "http://s", WebSocket: socketClass() }), /token/);
    assert.throws(() => connect({ token: "t", WebSocket: socketClass() }), /url/);
    assert.throws(() => connect({ url: "ftp://s", token: "t", WebSocket: socketClass() }), /HTTP/);
    if (globalThis.WebSocket === undefined) assert.throws(() => connect({ url: "http://s", token: "t" }), /WebSocket/);
  });
});

describe("what others do wrong", () => {
  it("a listener that throws disturbs nobody, not even its own next call", async () => {
    const { Socket, fleet, told } = await liveWorld();
    let calls = 0;
    fleet.on("change", () => {
      calls += 1;
      throw new Error("mine");
    });
    let after = 0;
    const off = fleet.on("change", () => (after += 1));
    Socket.last.say(status("a", "error", { seq: 11 }), status("a", "online", { seq: 12 }));
    off();
    off();
    Socket.last.say(status("a", "error", { seq: 13 }));
    assert.deepEqual([calls, after, told.errors.length, fleet.state.name], [3, 2, 3, "live"]);
    fleet.close();
  });

  it("a listener that closes hears nothing more of the same frame", async () => {
    const { clock, Socket, fleet, told } = world();
    fleet.on("change", () => fleet.close());
    await clock.advance(0);
    Socket.last.say(hello(), status("a", "online", copied), status("b", "online", copied), end(10));
    assert.deepEqual([told.changes.length, names(told).at(-1), told.caughtUp.length, clock.pending], [1, "closed", 0, 0]);
  });

  it("close works at every moment, twice, and leaves no timer", async () => {
    const moments = [
      async () => {},
      async ({ clock }) => clock.advance(0),
      async ({ clock, Socket }) => (await clock.advance(0), Socket.last.say(hello())),
      async ({ clock, Socket }) => (await clock.advance(0), Socket.last.end(1006)),
      async ({ clock, Socket }) => (await clock.advance(0), Socket.last.end(4500)),
    ];
    for (const [index, moment] of moments.entries()) {
      const made = world();
      await moment(made);
      const sockets = made.Socket.made.length;
      made.fleet.close();
      made.fleet.close();
      made.fleet.wake();
      made.fleet.reconnect();
      await made.clock.advance(120_000);
      assert.deepEqual([made.fleet.state.name, made.Socket.made.length, made.clock.pending], ["closed", sockets, 0], `moment ${index}`);
    }
    const waiting = world({ token: () => new Promise((resolve) => (waiting.give = resolve)) });
    await waiting.clock.advance(0);
    waiting.fleet.close();
    waiting.give("late");
    await waiting.clock.advance(1000);
    assert.deepEqual([waiting.Socket.made.length, waiting.clock.pending], [0, 0]);
  });

  it("a page that is put aside holds no socket, and comes back at once when it is shown", async () => {
    const page = new EventTarget();
    const document = new EventTarget();
    const kept = ["addEventListener", "removeEventListener"].map((name) => [name, globalThis[name]]);
    for (const [name] of kept) globalThis[name] = page[name].bind(page);
    globalThis.document = Object.assign(document, { baseURI: "http://page.test/below/index.html", visibilityState: "visible" });
    try {
      const { clock, Socket, fleet } = await liveWorld({ url: undefined });
      assert.equal(Socket.last.url.href.startsWith("ws://page.test/below/ws?"), true);
      page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
      assert.deepEqual([fleet.state.name, fleet.state.why.code, Socket.last.readyState, clock.pending], ["stale", "page_hidden", 3, 0]);
      page.dispatchEvent(new Event("pageshow"));
      document.dispatchEvent(new Event("visibilitychange"));
      page.dispatchEvent(new Event("online"));
      await settled();
      assert.equal(Socket.made.length, 2);
      Socket.last.say(resumed(10));
      assert.equal(fleet.state.name, "live");
      page.dispatchEvent(new Event("offline"));
      assert.equal(Socket.last.of("ping").length, 1);
      fleet.close();
    } finally {
      for (const [name, value] of kept) value === undefined ? delete globalThis[name] : (globalThis[name] = value);
      delete globalThis.document;
    }
  });

  it("a WebSocket that cannot be made is a loss like another", async () => {
    const { clock, fleet } = world({
      WebSocket: class {
        constructor() {
          throw new Error("forbidden by policy");
        }
      },
    });
    await clock.advance(0);
    assert.deepEqual([fleet.state.name, fleet.state.why.text], ["stale", "forbidden by policy"]);
    fleet.close();
    assert.equal(clock.pending, 0);
  });

  it("5,000 agents and 20,000 events are folded in seconds, and a second copy tells only what is new", async () => {
    const ids = Array.from({ length: 5000 }, (_, index) => `agent-${index}`);
    const began = performance.now();
    const { clock, Socket, fleet, told } = await liveWorld({}, ids);
    for (let seq = 11; seq <= 20_010; seq += 1) Socket.last.say(activity(ids[seq % 5000], `s${seq % 3}`, "working", { seq }));
    assert.deepEqual([fleet.agents.size, fleet.sessionCount, told.changes.length], [5000, 15_000, 25_000]);
    Socket.last.end(1006);
    await clock.advance(5000);
    told.changes.length = 0;
    const sessions = [...fleet.sessions.values()].flatMap((of) => [...of.values()]);
    Socket.last.say(hello({ seq: 20_010, reason: "compacted" }), ...ids.map((id) => status(id, id === ids[7] ? "error" : "online", copied)));
    for (const { agentId, sessionId, lastMessage, rev } of sessions) Socket.last.say(activity(agentId, sessionId, lastMessage, { sync: true, rev }));
    Socket.last.say(end(20_010, { agents: 5000, sessions: 15_000 }));
    assert.deepEqual(told.changes.map((change) => `${change.kind} ${change.agentId}`), [`agent ${ids[7]}`]);
    assert.ok(performance.now() - began < 10_000);
    fleet.close();
  });
});
