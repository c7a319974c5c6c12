// Every state of the page, for people who do not see it well, do not see it at all, use no mouse, need large letters or
// no motion, or let the system choose the colours.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { cramped, motions, shapeless, smallTargets, tabOrder, violations } from "./accessibility.mjs";
import { Load } from "./load.mjs";
import { Screen } from "./screen.mjs";
import { report, Server } from "./server.mjs";

const DESK = { width: 1100, height: 800 };
const PHONE = { width: 390, height: 844 };
const NARROW_PX = 320;
const out = (name) => fileURLToPath(new URL(`out/${name}`, import.meta.url));

/** As long as an agent may make it. */
const LONG = {
  agentId: "long-".padEnd(128, "a1B2c3D4"),
  message: `${"averylongwordwithoutanyplacetobreak".repeat(8)} and then many short ones `.repeat(12),
  labels: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`key-${index}`.padEnd(64, "k"), "v".repeat(64)])),
};

/** Nothing to complain of. */
function none(complaints) {
  assert.ok(complaints.length === 0, `\n${[...new Set(complaints)].join("\n")}`);
}

/** A page that does what no page should. */
const WRONG = `<!doctype html><html lang="en"><title>Wrong</title><style>
  #round, #same { width: 12px; height: 12px; border-radius: 50%; background: green } #same { background: red }
  #hollow { box-sizing: border-box; width: 12px; height: 12px; border: 2px solid; border-radius: 50% }
  #unmarked:focus { outline: none } .small { width: 10px; height: 10px; padding: 0 }
  .cut { height: 18px; overflow: hidden } .wide { width: 500px } .moving { animation: move 1s infinite } @keyframes move { to { opacity: 0 } }
</style><main><h1>Wrong</h1><p id="round"></p><p id="hollow"></p><p id="same"></p><input><button id="unmarked">unmarked</button>
<button class="small">i</button><button class="small">j</button><p class="moving">moving</p><p class="wide">wide</p>
<p class="cut">${"This is cut off. ".repeat(40)}</p></main></html>`;

describe("the page for everyone", { concurrency: false, timeout: 150_000 }, () => {
  let server;
  let token;
  let load;
  let screen;
  let page;
  const agentId = "the-agent";

  const goto = async (hash, selector) => {
    await page.goto(`${server.url}/${hash}`);
    await screen.shows(selector);
  };
  const fleet = () => goto("#/", '[data-testid="agent"]');
  /** So high that every agent's row is there. */
  const wholeFleet = async () => {
    await page.setViewportSize({ width: DESK.width, height: 4_500 });
    await goto("#/", '[data-testid="agent"][data-status="offline"]');
  };
  const agent = () => goto(`#/agents/${agentId}`, `[data-testid="agent-view"][data-agent-id="${agentId}"]`);
  const sessions = () => goto("#/sessions", '[data-testid="session"]');
  const grouped = async () => {
    await goto("#/?group=team", '[data-testid="group-head"]');
  };
  const settings = async () => {
    await fleet();
    await page.getByTestId("settings-open").click();
    await screen.shows('[data-testid="settings"]');
  };
  const keys = async () => {
    await fleet();
    await page.keyboard.press("?");
    await screen.shows('[data-testid="keys"]');
  };
  const long = () => goto(`#/agents/${LONG.agentId}`, '[data-testid="agent-view"] [data-testid="session"]');
  const longRow = () => goto("#/?q=long-", `[data-testid="agent"][data-agent-id="${LONG.agentId}"]`);
  const longSession = () => goto("#/sessions?q=long-", `[data-testid="session"][data-agent-id="${LONG.agentId}"]`);
  const views = { fleet, grouped, agent, sessions, settings, keys, long, longRow, longSession };

  /** What engine and eye find in the page as it stands. */
  const complaintsOf = async (t, each = page) => {
    const { violations: found, suspected } = await violations(each);
    t.diagnostic(`to be judged by a person: ${suspected.join(", ")}`);
    return [...found, ...(await smallTargets(each))];
  };

  before(async () => {
    await mkdir(out(""), { recursive: true });
    const { server: begun, link } = await Server.begin();
    server = begun;
    token = await server.token("watch report");
    load = new Load({ url: server.url, token, agents: 60 });
    screen = await Screen.signedIn(server, link, { viewport: DESK });
    ({ page } = screen);
  });

  afterEach(async () => {
    if (page.isClosed()) return;
    await page.keyboard.press("Escape");
    await page.setViewportSize(DESK);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference", forcedColors: "none" });
    await page.evaluate(() => (document.documentElement.style.fontSize = ""));
  });

  after(async () => {
    await screen?.close();
    await server?.end();
  });

  it("is judged by somebody who sees what is wrong", async () => {
    const blank = await page.context().newPage();
    try {
      await blank.setContent(WRONG);
      assert.match((await violations(blank)).violations.join(), /input_label_exists/);
      assert.match((await tabOrder(blank)).join(), /cannot see that the focus is on <button> "unmarked"/);
      assert.match((await smallTargets(blank)).join(), /"i" is 10 × 10 px/);
      assert.match((await motions(blank)).join(), /moves moving/);
      assert.match((await cramped(blank, { width: NARROW_PX })).join(), /px wide where 320.*is cut off/s);
      assert.match((await shapeless(blank, { round: "#round", hollow: "#hollow", same: "#same" })).join(), /^round and same have the same shape$/);
    } finally {
      await blank.close();
    }
  });

  it("breaks no rule while it is empty", async (t) => {
    await screen.shows('[data-testid="empty"]');
    await screen.picture(out("empty.png"));
    const wide = await complaintsOf(t);
    await screen.picture(out("phone-empty.png"), PHONE);
    none([...wide, ...(await complaintsOf(t)), ...(await cramped(page, { width: NARROW_PX }))]);
  });

  describe("with a fleet", () => {
    before(async () => {
      await load.fill();
      const { message, labels } = LONG;
      await report(server.url, token, `${LONG.agentId}/status`, { status: "error", message, labels });
      await report(server.url, token, `${LONG.agentId}/sessions/${"s".repeat(128)}/activity`, { lastMessage: message, state: "waiting" });
      const told = [
        ["lifecycle", { event: "start", labels: { team: "data", host: "node-1" } }],
        ["sessions/import/activity", { lastMessage: "Importing batch 41 of 60", state: "working" }],
        ["sessions/answers/activity", { lastMessage: "Which of the two copies is right?", state: "waiting" }],
        ["lifecycle", { event: "crash", exitCode: 137, signal: "SIGKILL", message: "out of memory" }],
        ["lifecycle", { event: "restart" }],
        ["status", { status: "online", state: "working", message: "Importing again from batch 40" }],
      ];
      for (const [path, body] of told) await report(server.url, token, `${agentId}/${path}`, body);
    });

    for (const [name, open] of Object.entries(views)) {
      for (const colorScheme of ["light", "dark"]) {
        it(`breaks no rule in ${colorScheme}: ${name}`, async (t) => {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await open();
          if (name === "agent") await screen.shows('[data-testid="event"]');
          const complaints = await complaintsOf(t);
          if (colorScheme === "light" && ["agent", "sessions", "settings", "keys"].includes(name)) await screen.picture(out(`${name}.png`));
          if (colorScheme === "dark" && name === "agent") await screen.picture(out("agent-dark.png"), { scheme: "dark" });
          none(complaints);
        });
      }

      it(`breaks no rule on a phone, and needs no scrolling sideways at ${NARROW_PX} px: ${name}`, async (t) => {
        await page.setViewportSize(PHONE);
        await open();
        const complaints = await complaintsOf(t);
        await screen.picture(out(`phone-${name}.png`), PHONE);
        none([...complaints, ...(await cramped(page, { width: NARROW_PX, height: 640 }))]);
      });

      it(`can be read with letters twice as large: ${name}`, async () => {
        await open();
        const complaints = await cramped(page, { width: 1_280, text: 2 });
        await page.screenshot({ path: out(`large-${name}.png`), animations: "disabled" });
        none(complaints);
      });

      it(`is gone through by Tab, and shows where one is: ${name}`, async () => {
        await open();
        const complaints = await tabOrder(page);
        none(complaints);
      });
    }

    it("moves nothing where motion was asked to be reduced", async () => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await fleet();
      const running = load.run({ ms: 1_000 });
      await screen.shows('[data-testid="agent-message"]', "(");
      const moving = await motions(page);
      await running;
      none([...moving, ...(await motions(page))]);
    });

    it("keeps shapes that can be told apart when the system chooses the colours", async (t) => {
      const statuses = ["online", "error", "offline"];
      const inRows = Object.fromEntries(statuses.map((status) => [status, `[data-testid="agent"][data-status="${status}"] .shape`]));
      const inCounters = Object.fromEntries([...statuses, "waiting", "stale"].map((name) => [name, `[data-counter="${name}"] .shape`]));
      const light = { light: '[data-testid="light"] .shape' };
      await wholeFleet();
      for (const forcedColors of ["none", "active"]) {
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ forcedColors, colorScheme });
          for (const shapes of [inRows, inCounters, light]) none(await shapeless(page, shapes));
        }
      }
      await page.setViewportSize(DESK);
      await page.screenshot({ path: out("forced-colors.png"), animations: "disabled" });
      none(await complaintsOf(t));
    });

    it("tells in words what it tells in colours, and reads no flood aloud", async () => {
      await wholeFleet();
      const light = page.getByTestId("light-word");
      assert.equal(await light.textContent(), "Live");
      for (const status of ["online", "error", "offline"]) {
        const row = page.locator(`[data-testid="agent"][data-status="${status}"]`).first();
        assert.match(await row.getByTestId("agent-status").textContent(), new RegExp(status, "i"));
      }
      // Thousands of changes read aloud would be no help: only what is rare is live.
      const live = "[aria-live=polite], [aria-live=assertive], [role=log], [role=status]";
      assert.equal(await page.getByTestId("agents").evaluate((node, selector) => node.closest(selector), live), null);
      const title = await page.title();
      assert.match(title, /Mission Control/);
      assert.equal(await page.locator("h1:visible").count(), 1);
      assert.ok((await page.locator("html").getAttribute("lang")).length >= 2);
    });
  });

  it("breaks no rule at the gate", async (t) => {
    const stranger = await Screen.open(server.url, { viewport: DESK });
    try {
      await stranger.goto(`${server.url}/`);
      await stranger.shows('[data-testid="gate"]');
      const complaints = [...(await complaintsOf(t, stranger.page)), ...(await tabOrder(stranger.page))];
      await stranger.picture(out("gate.png"));
      await stranger.picture(out("phone-gate.png"), PHONE);
      none([...complaints, ...(await cramped(stranger.page, { width: NARROW_PX }))]);
    } finally {
      await stranger.close();
    }
  });

  it("breaks no rule while it is disconnected", async (t) => {
    await fleet();
    screen.serverIsAway = true;
    await server.kill();
    await screen.light("Disconnected");
    await screen.shows('[data-testid="toast"][data-kind="lost"]');
    const complaints = await tabOrder(page);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      complaints.push(...(await complaintsOf(t)));
    }
    for (const { width } of [PHONE, { width: NARROW_PX }]) complaints.push(...(await cramped(page, { width })));
    none(complaints);
    // Once, without the countdown: that would be read again with each second.
    const readAloud = await page.locator('[role="status"]').allTextContents();
    assert.ok(readAloud.includes("Connection lost."), `${readAloud}`);
  });

  it("never asked another origin, broke its policy or wrote an error", () => {
    assert.deepEqual(screen.faults, []);
  });
});
