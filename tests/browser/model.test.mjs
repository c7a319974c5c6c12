// The page's own rules without a browser: who it is, where one is, what is listed in which order, and what it says.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

const assets = new URL("../../src/adapters/dashboard/assets/", import.meta.url);
const model = (name) => import(new URL(`model/${name}.js`, assets));
const { Refusal, SignedOut, Unreachable } = await import(new URL("client/index.js", assets));
const { Doubts } = await model("doubts");
const { ending } = await model("endings");
const { HeldList } = await model("held_list");
const { backWords, lightOf, lostWords } = await model("light");
const { Names } = await model("names");
const { agentHash, codeIn, placeHash, readPlace } = await model("place");
const { Roster } = await model("roster");
const { SessionRoster } = await model("session_roster");
const { Tokens } = await model("tokens");
const { ago, duration, eventWords, reasonWords } = await model("words");

const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;

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

describe("the light", () => {
  const state = (name, staleSince = null, why = null) => ({ name, staleSince, why, retryAt: null });

  it("is green only while live, and red from a loss until something arrives", () => {
    const told = [
      [state("connecting"), "wait", "Connecting"],
      [state("catching-up", 5), "wait", "Catching up"],
      [state("catching-up", 5, { code: "checking" }), "wait", "Checking"],
      [state("live"), "live", "Live"],
      [state("stale", 5), "lost", "Disconnected"],
      [state("connecting", 5), "lost", "Disconnected"],
      [state("stale"), "lost", "Disconnected"],
      [state("connecting", null, { code: "unreachable" }), "lost", "Disconnected"],
      [state("stopped", 5), "lost", "Stopped"],
      [state("signed-out"), "out", "Signed out"],
      [state("closed"), "out", "Signed out"],
    ];
    for (const [given, kind, word] of told) assert.deepEqual(lightOf(given), { kind, word }, JSON.stringify(given));
  });

  it("says how much was caught up, and does not make up a number", () => {
    assert.equal(backWords({ missed: 0, newHistory: false }), "Back. Nothing was missed.");
    assert.equal(backWords({ missed: 1, newHistory: false }), "Back. Caught up on 1 event.");
    assert.equal(backWords({ missed: 1204, newHistory: false }), "Back. Caught up on 1,204 events.");
    assert.equal(backWords({ missed: null, newHistory: false }), "Back. Everything is at its latest state.");
    assert.equal(backWords({ missed: null, newHistory: true }), "Back, with a new history.");
  });

  it("says when it tries again, in whole seconds that never reach zero", () => {
    assert.equal(lostWords(true, 3_100), "Connection lost. Trying again in 4 s.");
    assert.equal(lostWords(true, -5), "Connection lost. Trying again…");
    assert.equal(lostWords(false, null), "The server does not answer. Trying again…");
  });
});

describe("what stands in the place of everything", () => {
  const stopped = (code, closeCode, text = "") => ({ name: "stopped", why: { code, closeCode, text } });

  it("is nothing while the page can come back by itself", () => {
    for (const name of ["connecting", "catching-up", "live", "stale", "closed"]) assert.equal(ending({ name, why: null }, false), null);
  });

  it("asks for a link where one is needed, and says why the last one did not do", () => {
    assert.equal(ending({ name: "signed-out" }, false).title, "Signed out");
    assert.equal(ending({ name: "signed-out" }, true).title, "This sign-in link no longer works");
    for (const state of [stopped("token_revoked", 4501), stopped("token_revoked", null)]) {
      assert.deepEqual([ending(state, false).title, ending(state, false).needsLink], ["Your access was withdrawn", true]);
    }
  });

  it("says what the server said, and offers to connect again", () => {
    for (const [code, closeCode] of [["bad_client", 4500], ["forbidden", 4503], ["odd", 4599], ["protocol_error", 1002]]) {
      const { title, text, needsLink } = ending(stopped(code, closeCode), false);
      assert.ok(title !== "" && text.includes(code) && !needsLink, `${closeCode}: ${text}`);
    }
    assert.equal(ending(stopped("forbidden_scope", null, "This token may not watch."), false).text, "This token may not watch.");
  });
});

describe("the place", () => {
  it("is read from the address and written to it, the same", () => {
    const places = ["#/", "#/?status=error", "#/?status=waiting&q=team%3Dweb+x&group=team&sort=attention", "#/sessions", "#/sessions?q=a", "#/agents/a%2Fb"];
    for (const hash of places) assert.equal(placeHash(readPlace(hash)), hash);
    assert.equal(readPlace(agentHash("build:7@x.y")).agentId, "build:7@x.y");
  });

  it("is the fleet for what it does not know", () => {
    for (const hash of ["", "#", "#/nowhere", "#/agents", "#/agents/a/b", "#/?status=odd&sort=odd"]) assert.equal(placeHash(readPlace(hash)), "#/", hash);
    assert.equal(readPlace("#/agents/%E0%A4%A").agentId, "%E0%A4%A");
    assert.equal(readPlace(`#/?q=${"x".repeat(999)}`).search.length, 200);
  });

  it("is told apart from a sign-in code", () => {
    assert.equal(codeIn("#code=abc-1"), "abc-1");
    assert.equal(codeIn("#/?q=code=abc"), null);
    assert.equal(codeIn(""), null);
  });
});

describe("the sign-in", () => {
  const refusal = (status) => new Refusal(status, { code: "no" }, 0);
  function setUp({ signIn = async () => {}, signOut = async () => {}, sessionToken } = {}) {
    const asked = [];
    let made = 0;
    const clock = { now: 0 };
    const api = {
      signIn: (code) => asked.push(`code ${code}`) && signIn(code),
      signOut: async () => asked.push("out") && signOut(),
      sessionToken: sessionToken ?? (async () => asked.push("token") && { token: `t${++made}`, expiresInMs: 15 * MINUTE }),
    };
    return { tokens: new Tokens(api, { clock: () => clock.now, onSignedIn: () => asked.push("in") }), asked, clock };
  }

  it("spends a code once, and keeps the token until a minute before its end", async () => {
    const { tokens, asked, clock } = setUp();
    tokens.take("c1");
    assert.deepEqual([await tokens.get(false), await tokens.get(false)], ["t1", "t1"]);
    assert.deepEqual(asked, ["code c1", "in", "token"]);
    clock.now = 14 * MINUTE;
    assert.equal(await tokens.get(false), "t2");
    assert.equal(await tokens.get(true), "t3");
  });

  it("goes on with the old sign-in where a code is refused, and says so", async () => {
    const { tokens } = setUp({ signIn: async () => Promise.reject(refusal(401)) });
    tokens.take("used");
    assert.equal(await tokens.get(false), "t1");
    assert.equal(tokens.wasCodeRefused, true);
  });

  it("keeps the code while the server is away or overloaded", async () => {
    const answers = [new Unreachable("away"), refusal(503)];
    const { tokens, asked } = setUp({ signIn: async () => (answers.length > 0 ? Promise.reject(answers.shift()) : undefined) });
    tokens.take("c1");
    await assert.rejects(tokens.get(false), Unreachable);
    await assert.rejects(tokens.get(false), Refusal);
    assert.equal(await tokens.get(false), "t1");
    assert.deepEqual([asked.filter((what) => what === "code c1").length, tokens.wasCodeRefused], [3, false]);
  });

  it("replaces a token once that a read was refused with", async () => {
    const { tokens } = setUp();
    const seen = [];
    const answer = await tokens.with(async (token) => (seen.push(token) === 1 ? Promise.reject(refusal(401)) : "read"));
    assert.deepEqual([answer, seen], ["read", ["t1", "t2"]]);
    await assert.rejects(tokens.with(async () => Promise.reject(refusal(403))), Refusal);
  });

  it("spends a code only when the sign-out before it is over, which would end it", async () => {
    let answer;
    const { tokens, asked } = setUp({ signOut: () => new Promise((resolve) => (answer = resolve)) });
    const out = tokens.signOut();
    tokens.take("c1");
    const token = tokens.get(false);
    await new Promise(setImmediate);
    assert.deepEqual(asked, ["out"]);
    answer();
    await out;
    assert.equal(await token, "t1");
    assert.deepEqual(asked, ["out", "code c1", "in", "token"]);
  });

  it("judges a code by itself, and not by the one before it that was refused late", async () => {
    const { tokens } = setUp({ signIn: async (code) => (code === "old" ? Promise.reject(refusal(401)) : undefined) });
    tokens.take("old");
    const token = tokens.get(false);
    tokens.take("new");
    await token;
    assert.equal(tokens.wasCodeRefused, false);
  });

  it("gives no token any more after a sign-out, until the next code", async () => {
    const { tokens, asked } = setUp();
    await tokens.get(false);
    await tokens.signOut();
    await assert.rejects(tokens.get(false), SignedOut);
    tokens.take("c2");
    assert.equal(await tokens.get(false), "t2");
    assert.deepEqual(asked, ["token", "out", "code c2", "in", "token"]);
  });
});

describe("names", () => {
  it("stay in the order in which people read them, however they come and go", () => {
    const names = new Names();
    const map = new Map([["agent-10", 1], ["agent-2", 1], ["b", 1]]);
    assert.equal(names.follow(map), true);
    assert.deepEqual(names.all, ["agent-2", "agent-10", "b"]);
    assert.equal(names.follow(map), false);
    map.delete("b");
    map.set("agent-3", 1);
    assert.equal(names.follow(map), true);
    assert.deepEqual(names.all, ["agent-2", "agent-3", "agent-10"]);
    for (let each = 0; each < 500; each += 1) map.set(`x-${each}`, 1);
    names.follow(map);
    assert.deepEqual(names.all.slice(-2), ["x-498", "x-499"]);
    map.clear();
    names.follow(map);
    assert.deepEqual(names.all, []);
  });
});

describe("a list under the pointer", () => {
  const items = (text) => [...text].map((key) => ({ key }));
  const shown = (list) => list.items.map(({ key }) => key).join("");

  it("stands still, and counts what waits", () => {
    const list = new HeldList();
    list.offer(items("abc"), false, "");
    list.offer(items("abxc"), true, "");
    assert.deepEqual([shown(list), list.pending], ["abc", 1]);
    list.offer(items("bc"), true, "");
    assert.deepEqual([shown(list), list.pending], ["abc", 1]);
    list.offer(items("cba"), true, "");
    assert.deepEqual([shown(list), list.pending], ["abc", 2]);
    list.offer(items("cba"), false, "");
    assert.deepEqual([shown(list), list.pending], ["cba", 0]);
  });

  it("follows at once what the person asked for", () => {
    const list = new HeldList();
    list.offer(items("abc"), true, "all");
    list.offer(items("a"), true, "error");
    assert.deepEqual([shown(list), list.pending], ["a", 0]);
  });

  it("is the same list where nothing changed, so that nothing is drawn anew", () => {
    const list = new HeldList();
    list.offer(items("abc"), false, "");
    const before = list.items;
    list.offer(items("abc"), false, "");
    assert.equal(list.items, before);
  });
});

const agent = (agentId, status, detail = {}, heardAt = NOW) => ({ agentId, status, timestamp: NOW, rev: 1, heardAt, detail: { reason: "reported", since: NOW, ...detail } });
const agents = (...all) => new Map(all.map((each) => [each.agentId, each]));
const place = (change = {}) => ({ ...readPlace("#/"), ...change });
const session = (agentId, sessionId, timestamp, state) => ({ agentId, sessionId, lastMessage: `says ${sessionId}`, timestamp: 1e12 - timestamp, rev: timestamp, detail: state === undefined ? {} : { state } });

describe("the roster", () => {
  const fleet = agents(
    agent("web-10", "online", { labels: { team: "web" }, since: 5 }),
    agent("web-2", "error", { labels: { team: "web" }, message: "Out of Memory", since: 9 }),
    agent("loop", "error", { reason: "crash_loop", since: 1 }),
    agent("asks", "online", { state: "waiting", since: 7 }),
    agent("quiet", "online", { unleased: true, since: 3 }, NOW - 11 * MINUTE),
    agent("old", "online", { stale: true, since: 2 }),
    agent("gone", "offline", { state: "waiting", since: 4 }),
  );
  const listed = (change, roster = new Roster()) => {
    roster.refresh(fleet, place(change), NOW, false);
    return roster.items.map(({ key }) => key);
  };

  it("counts every agent by what it is", () => {
    const roster = new Roster();
    roster.refresh(fleet, place(), NOW, false);
    assert.deepEqual(roster.counts, { all: 7, online: 4, waiting: 1, error: 2, offline: 1, stale: 2 });
  });

  it("orders by name, or by who needs somebody, or by time", () => {
    assert.deepEqual(listed(), ["asks", "gone", "loop", "old", "quiet", "web-2", "web-10"]);
    assert.deepEqual(listed({ sort: "attention" }), ["loop", "web-2", "asks", "old", "quiet", "gone", "web-10"]);
    assert.deepEqual(listed({ sort: "changed" })[0], "web-2");
    assert.deepEqual(listed({ sort: "longest" })[0], "loop");
  });

  it("chooses by status and by every word of a search", () => {
    assert.deepEqual(listed({ status: "stale" }), ["old", "quiet"]);
    assert.deepEqual(listed({ status: "waiting" }), ["asks"]);
    assert.deepEqual(listed({ search: "MEMORY team=web" }), ["web-2"]);
    assert.deepEqual(listed({ search: "team=web", status: "online" }), ["web-10"]);
    assert.deepEqual(listed({ search: "nobody" }), []);
  });

  it("groups by a label, those without it last, and closes a group", () => {
    const roster = new Roster();
    assert.deepEqual(listed({ group: "team" }, roster), ["group web", "web-2", "web-10", "group", "asks", "gone", "loop", "old", "quiet"]);
    assert.deepEqual(roster.groups.get("web"), { all: 2, online: 1, waiting: 0, error: 1, offline: 0, stale: 0 });
    assert.deepEqual(roster.labelKeys, ["team"]);
    roster.toggle(null);
    assert.deepEqual(listed({ group: "team" }, roster), ["group web", "web-2", "web-10", "group"]);
    // Another label has other groups: none of them was closed.
    assert.equal(listed({ group: "host" }, roster).length, 8);
  });

  it("takes no label from what every object has, and an empty value for a value", () => {
    const roster = new Roster();
    const odd = agents(agent("a", "online", { labels: { team: "" } }), agent("b", "online", { labels: { host: "x" } }));
    for (const [group, keys] of [["constructor", ["group", "a", "b"]], ["__proto__", ["group", "a", "b"]], ["team", ["group ", "a", "group", "b"]]]) {
      roster.refresh(odd, place({ group }), NOW, false);
      assert.deepEqual(roster.items.map(({ key }) => key), keys, group);
    }
  });

  it("knows an agent as waiting by its sessions, and no longer when they go on or go away", () => {
    const roster = new Roster();
    const change = (sessionId, before, after) => roster.take({ kind: "session", agentId: "web-10", sessionId, before, after });
    const waits = session("web-10", "s", 1, "waiting");
    change("s", undefined, waits);
    change("t", undefined, waits);
    assert.deepEqual(listed({ status: "waiting" }, roster), ["asks", "web-10"]);
    change("s", waits, session("web-10", "s", 2, "working"));
    change("t", waits, undefined);
    assert.deepEqual(listed({ status: "waiting" }, roster), ["asks"]);
  });
});

describe("the sessions of the fleet", () => {
  const fleet = {
    agents: agents(agent("a", "online"), agent("b", "offline")),
    sessions: new Map([
      ["a", new Map([["s1", session("a", "s1", 5, "waiting")], ["s2", session("a", "s2", 9)]])],
      ["b", new Map([["s1", session("b", "s1", 7, "waiting")]])],
    ]),
  };

  const roster = new SessionRoster();
  const take = (after, source) => roster.take({ kind: "session", agentId: after.agentId, sessionId: after.sessionId, after, source });
  for (const sessions of fleet.sessions.values()) for (const each of sessions.values()) take(each, "catch-up");

  it("are listed the latest first by the server's order, and found by their words", () => {
    const listed = (change) => {
      roster.refresh(fleet, place({ name: "sessions", ...change }), false);
      return roster.items.map(({ key }) => key);
    };
    assert.deepEqual(listed(), ["a s2", "b s1", "a s1"]);
    assert.deepEqual(listed({ search: "says s1" }), ["b s1", "a s1"]);
    // What waited when its agent went waits no more.
    assert.deepEqual(listed({ status: "waiting" }), ["a s1"]);
    take({ ...session("a", "s1", 1), rev: 10 }, "live");
    assert.deepEqual(listed(), ["a s1", "a s2", "b s1"]);
    roster.take({ kind: "session", agentId: "a", sessionId: "s2", source: "live" });
    assert.deepEqual(listed(), ["a s1", "b s1"]);
  });
});

describe("who is shown as not heard", () => {
  function setUp() {
    const clock = { now: 0 };
    const doubts = new Doubts({ monotonic: () => clock.now, random: () => 0.5 });
    /** When it looked, in seconds, while `countAt(second)` were in doubt. */
    const looks = (seconds, countAt) => {
      const at = [];
      for (const until = clock.now + seconds * 1_000; clock.now < until; clock.now += 1_000) {
        const fleet = { silentMs: 0, state: { name: "live" }, refreshMarks: () => at.push(clock.now / 1_000) };
        doubts.tick(fleet, countAt(clock.now / 1_000));
      }
      return at;
    };
    return looks;
  }

  it("is looked after soon, then more and more seldom while nothing changes, and never while nobody is", () => {
    const looks = setUp();
    assert.deepEqual(looks(600, () => 3), [10, 20, 40, 80, 160, 320]);
    assert.deepEqual(looks(3_000, () => 3), [640, 1240, 1840, 2440, 3040]);
    assert.deepEqual(looks(3_000, () => 0), []);
  });

  it("is looked after soon again when there are more", () => {
    const looks = setUp();
    looks(400, () => 3);
    assert.deepEqual(looks(60, () => 4), [410, 420, 440]);
  });
});
