// Sleep, a server that hangs and a network that goes away: afterwards the page is right by itself, says what it missed,
// and until then it does not pass off the past as the present. The waits are the thing that is tested: they last
// somewhat longer than the silence that ends a connection.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Load } from "./load.mjs";
import { Screen } from "./screen.mjs";
import { connections, readEvents, readFleet, report, Server } from "./server.mjs";

const HEARTBEAT_MS = 1_000;
/** Two heartbeats, and the second in which the page looks at its clock. */
const SILENCE_MS = 3 * HEARTBEAT_MS;
const SLEEP_MS = SILENCE_MS + 1_500;
/** The longest wait before the first try to come back is 5 s. */
const BACK_MS = 20_000;
const out = (name) => fileURLToPath(new URL(`out/${name}`, import.meta.url));

describe("the page after a sleep", { concurrency: false, timeout: 120_000 }, () => {
  let server;
  let token;
  let load;
  let screen;

  const row = (agentId) => `[data-testid="agent"][data-agent-id="${agentId}"]`;
  const say = (agentId, message) => report(server.url, token, `${agentId}/status`, { status: "online", state: "working", message });

  /** The counters and every row say what the server has. */
  const isRight = async () => {
    const { agents, sessions } = await readFleet(server.url, token);
    const having = (status) => agents.filter(({ payload }) => payload.status === status).length;
    const expected = { all: agents.length, sessions: sessions.length };
    for (const status of ["online", "error", "offline"]) expected[status] = having(status);
    const same = (counts) => Object.entries(expected).every(([name, count]) => counts[name] === count);
    await screen.becomes(() => screen.counts(), same, `the counters to be ${JSON.stringify(expected)}`);
    for (const { payload, detail } of agents) {
      const selector = `${row(payload.agentId)}[data-status="${payload.status}"]`;
      await screen.shows(selector, detail.message ?? "");
    }
  };

  /** Lifecycle events of the agent that is looked at, as the page and as the server tell them. */
  const history = async (agentId) => {
    const { events } = await readEvents(server.url, token, agentId);
    const told = events.filter(({ type }) => type === "agent:lifecycle").map(({ payload }) => payload.event);
    const shown = await screen.page.getByTestId("event").evaluateAll((nodes) => nodes.map((node) => node.dataset.event));
    return { told, shown: shown.filter((event) => ["start", "stop", "restart", "crash"].includes(event)) };
  };

  /** Stops all processes of the browser, as a closed lid does; the clock of the world goes on. */
  const sleep = async (during) => {
    const processes = await screen.processes();
    const signal = (name) => processes.forEach((id) => process.kill(id, name));
    signal("SIGSTOP");
    try {
      await during();
    } finally {
      signal("SIGCONT");
    }
  };

  /** Waits until the server sees nobody. */
  const givenUp = async () => {
    const until = performance.now() + 10 * HEARTBEAT_MS;
    while ((await connections(server.url, token)).length > 0) {
      assert.ok(performance.now() < until, "the server holds on to who sleeps");
      await pause(100);
    }
  };

  before(async () => {
    await mkdir(out(""), { recursive: true });
    const { server: begun, link } = await Server.begin({ "stream.heartbeat_ms": HEARTBEAT_MS });
    server = begun;
    token = await server.token("watch report admin");
    // So few that every row is in sight.
    load = new Load({ url: server.url, token, agents: 8 });
    await load.fill();
    screen = await Screen.signedIn(server, link, { viewport: { width: 1100, height: 1000 } });
  });

  after(async () => {
    if (server?.child) server.resume();
    await screen?.close();
    await server?.end();
  });

  it("is right at once after it was frozen in the background", async () => {
    const session = await screen.page.context().newCDPSession(screen.page);
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    const made = await load.run({ ms: 2_000, perSecond: 40 });
    assert.ok(made.events >= 60);
    await pause(SLEEP_MS - 2_000);
    await session.send("Page.setWebLifecycleState", { state: "active" });
    await session.detach();
    await screen.light("Live");
    await isRight();
  });

  it("is right after the machine slept, and says how much it caught up on", async () => {
    let made;
    await sleep(async () => {
      // Before the server gave it up, changes wait on the line, and are not missed but late.
      await givenUp();
      made = await load.run({ ms: 2_000, perSecond: 40 });
    });
    await screen.shows('[data-testid="toast"][data-kind="back"]', "Back.", BACK_MS);
    const text = await screen.text("toast-text");
    await screen.light("Live");
    const [, caughtUp] = /Caught up on ([\d,]+) event/.exec(text) ?? [];
    assert.equal(Number(caughtUp?.replace(/,/g, "")), made.events, text);
    await isRight();
  });

  it("tells each event once that it slept through", async () => {
    const agentId = load.ids.find((id) => load.fleet.get(id).status === "online");
    await screen.page.goto(`${server.url}/#/agents/${agentId}`);
    await screen.shows('[data-testid="agent-view"]', agentId);
    await screen.becomes(() => history(agentId), ({ told, shown }) => shown.length === told.length, "its history");
    await sleep(async () => {
      for (const event of ["stop", "start", "stop", "start"]) await report(server.url, token, `${agentId}/lifecycle`, { event });
      await pause(SLEEP_MS);
    });
    await screen.light("Live");
    const right = ({ told, shown }) => [...shown].sort().join() === [...told].sort().join();
    await screen.becomes(() => history(agentId), right, "each event once", BACK_MS);
    // What comes late must not add to it.
    await say(agentId, "Awake");
    await screen.shows('[data-testid="agent-view"]', "Awake");
    assert.ok(right(await history(agentId)));
    await screen.page.goto(`${server.url}/#/`);
    await isRight();
  });

  it("says by itself that a server hangs, stops its clocks, and comes back", async (t) => {
    const agentId = load.ids.find((id) => load.fleet.get(id).status === "online");
    await say(agentId, "Before the silence");
    await screen.shows(row(agentId), "Before the silence");
    server.pause();
    const began = Date.now();
    const lostAt = await screen.shows('[data-testid="light-word"]', "Disconnected", BACK_MS);
    t.diagnostic(`Disconnected after ${lostAt - began} ms of silence, with a heartbeat every ${HEARTBEAT_MS} ms`);
    assert.ok(lostAt - began <= SILENCE_MS + 1_500, `${lostAt - began} ms`);
    await screen.shows('[data-testid="toast"][data-kind="lost"]', "Connection lost");
    await screen.shows('[data-testid="as-of"]');
    await screen.shows('[data-testid="light-since"]', "since");
    const ages = () => screen.page.getByTestId("agent-since").allTextContents();
    const before = await ages();
    assert.ok(before.length > 0);
    await screen.picture(out("trouble.png"));
    await pause(2_200);
    assert.deepEqual(await ages(), before, "nothing is known about this time");
    await screen.picture(out("trouble-dark.png"), { scheme: "dark" });
    await screen.picture(out("phone-trouble.png"), { width: 390, height: 844 });
    await screen.page.setViewportSize({ width: 1100, height: 1000 });
    server.resume();
    await screen.shows('[data-testid="light-word"]', "Live", 30_000);
    await say(agentId, "After the silence");
    await screen.shows(row(agentId), "After the silence");
    assert.equal(await screen.page.getByTestId("as-of").count(), 0);
    await isRight();
  });

  it("comes back at once when the network does", async (t) => {
    const context = screen.page.context();
    const agentId = load.ids.find((id) => load.fleet.get(id).status === "online");
    await context.setOffline(true);
    await screen.light("Disconnected");
    await say(agentId, "Said while it was offline");
    const began = Date.now();
    await context.setOffline(false);
    const backAt = await screen.light("Live");
    t.diagnostic(`Live ${backAt - began} ms after the network was back`);
    // It waits for no next try.
    assert.ok(backAt - began < 2_000, `${backAt - began} ms`);
    await screen.shows(row(agentId), "Said while it was offline");
    await isRight();
  });

  it("broke no policy and wrote no error of its own", () => {
    // A browser notes each connection that it loses.
    const own = screen.faults.filter((fault) => !/WebSocket connection|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_TIMED_OUT/.test(fault));
    assert.deepEqual(own, []);
  });
});
