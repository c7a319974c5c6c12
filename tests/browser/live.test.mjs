// Two browsers, one server, one agent: what a person is promised, end to end. Each test goes on where the one before
// it stopped. Pictures go to out/.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { agents } from "./fleet.mjs";
import { Screen } from "./screen.mjs";
import { Agent, freePort, report, Server, within } from "./server.mjs";

const SHOWN_WITHIN_MS = 500;
/** The waits of three tries that fail, the longest there can be, and some more. */
const BACK_MS = 45_000;
const out = (name) => fileURLToPath(new URL(`out/${name}`, import.meta.url));

describe("the page, live in two browsers", { concurrency: false, timeout: 180_000 }, () => {
  let dataDir;
  let server;
  let screens = [];
  let links;
  let token;
  let agent;

  const both = (action) => Promise.all(screens.map(action));
  /** Each says that it is back; asked for before the way back begins, for what is said goes away again. */
  const back = (words) => both((screen) => screen.shows('[data-testid="toast"][data-kind="back"]', words, BACK_MS));
  const row = (agentId) => `[data-agent-id="${agentId}"]`;

  const isOnlyText = async ({ page }) => {
    const message = page.locator(row("importer")).getByTestId("session-message");
    assert.match(await message.textContent(), /^<img src=x onerror="window\.hacked=1"><script>.*<\/script> & "quotes"$/);
    assert.equal(await message.evaluate((node) => node.childElementCount), 0);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  };

  before(async () => {
    const binary = process.env.MISSION_CONTROL_BIN;
    assert.ok(binary, "MISSION_CONTROL_BIN names the server's binary");
    await mkdir(out(""), { recursive: true });
    dataDir = await mkdtemp(join(tmpdir(), "mission-control-"));
    server = new Server(binary, dataDir, await freePort());
    links = [await server.start(), await server.link()];
    token = await server.reportToken();
    await writeFile(join(dataDir, "report.token"), token, { mode: 0o600 });
    screens = [await Screen.open(server.url), await Screen.open(server.url)];
  });

  after(async () => {
    await agent?.end();
    await both((screen) => screen.close());
    await server?.kill();
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
  });

  it("signs in by its link, and keeps no code in the address bar", async () => {
    await both((screen, index) => screen.goto(links[index]));
    await both((screen) => screen.light("Live"));
    for (const { page } of screens) {
      assert.equal(page.url(), `${server.url}/`);
      assert.equal(await page.evaluate(() => location.href + document.cookie), `${server.url}/`);
    }
  });

  it("says how to make the first agent appear", async () => {
    const [screen] = screens;
    await screen.shows('[data-testid="empty"]');
    assert.match(await screen.text("command-token"), /^mission-control token .*--scope report/);
    assert.match(await screen.text("command-report"), new RegExp(`^curl ${server.url}/api/v1/agents/`));
    await screen.picture(out("empty.png"));
  });

  it("shows a start, activities and a crash in both browsers as they happen, hostile text as text", async (t) => {
    agent = new Agent(server.url, join(dataDir, "report.token"), "importer");
    const expected = [
      ["start", `${row("importer")}[data-status="online"] [data-testid="agent-status"]`, "Online"],
      ["first", `${row("importer")} [data-testid="session-message"]`, "Reading the task"],
      ["hostile", `${row("importer")} [data-testid="session-message"]`, "<img src=x onerror="],
      ["last", `${row("importer")} [data-testid="session-message"]`, "Importing batch 41 of 60"],
      ["crash", `${row("importer")}[data-status="error"] [data-testid="agent-reason"]`, "crashed, exit code 137, SIGKILL"],
    ];
    for (const [step, selector, text] of expected) {
      const seen = both((screen) => screen.shows(selector, text));
      const answer = await agent.step();
      assert.deepEqual([answer.step, answer.status], [step, 200]);
      const delays = (await seen).map((at) => Math.round(at - answer.answeredAt));
      t.diagnostic(`${step}: shown ${delays.join(" and ")} ms after the answer`);
      assert.ok(Math.max(...delays) < SHOWN_WITHIN_MS, `${step} took ${delays} ms`);
      if (step === "hostile") await both(isOnlyText);
    }
    await both(async (screen) => {
      await screen.shows(`${row("importer")} [data-testid="agent-status"]`, "Error");
      await screen.shows(`${row("importer")} [data-testid="agent-message"]`, "out of memory");
      await screen.shows('[data-testid="count-error"]', "1");
      await screen.shows('[data-testid="count-sessions"]', "1");
    });
  });

  it("shows a fleet in every light", async () => {
    for (const [, path, body] of agents()) await report(server.url, token, path, body);
    const [screen] = screens;
    await both((each) => each.shows(row("web-tests")));
    await both((each) => each.shows('[data-testid="count-sessions"]', "7"));
    await screen.page.locator(row("importer")).getByTestId("agent-id").waitFor();
    await screen.picture(out("light.png"), { height: 900 });
    await screen.picture(out("dark.png"), { scheme: "dark", height: 900 });
    await screen.picture(out("phone.png"), { width: 390, height: 844 });
    const width = await screen.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, 390, "nothing is wider than a phone");
    await screen.picture(out("phone-dark.png"), { scheme: "dark", width: 390, height: 844 });
    await screen.page.setViewportSize({ width: 1100, height: 800 });
    await screen.page.emulateMedia({ colorScheme: "light" });
  });

  it("shows one status by a press of its counter, from the keyboard too", async () => {
    const [{ page }] = screens;
    await page.locator('button[data-counter="error"]').focus();
    await page.keyboard.press("Enter");
    await page.locator(row("web-tests")).waitFor({ state: "detached" });
    assert.equal(await page.getByTestId("agent").count(), Number(await page.getByTestId("count-error").textContent()));
    await page.locator('button[data-counter="all"]').press("Space");
    await page.locator(row("web-tests")).waitFor();
  });

  it("says so when the server is gone", async () => {
    for (const screen of screens) screen.serverIsAway = true;
    await server.kill();
    await both((screen) => screen.light("Disconnected"));
    await both((screen) => screen.shows('[data-testid="toast"][data-kind="lost"]', "Connection lost"));
    await both((screen) => screen.shows('[data-testid="as-of"]', "As it was at"));
    for (const { page } of screens) {
      assert.equal(await page.locator('[data-testid="light"][data-light="lost"]').count(), 1);
      assert.match(await page.title(), /^Disconnected/);
    }
    await screens[0].picture(out("disconnected.png"), { height: 900 });
  });

  it("comes back by itself with everything it showed and what it missed, after a restart that nobody announced", async () => {
    const shown = (screen) => screen.page.getByTestId("agent-id").allTextContents();
    const before = await shown(screens[0]);
    assert.ok(before.length > 3, `${before}`);
    const isBack = back("Back.");
    await server.start();
    const seen = both((screen) => screen.shows(`${row("importer")}[data-status="online"]`, "", BACK_MS));
    await report(server.url, token, "importer/lifecycle", { event: "restart" });
    await seen;
    await isBack;
    await both((screen) => screen.light("Live"));
    for (const screen of screens) {
      assert.deepEqual((await shown(screen)).sort(), before.sort());
      assert.equal(await screen.page.locator('[data-testid="notice"]:visible').count(), 0);
    }
    await screens[0].picture(out("back.png"), { height: 900 });
  });

  it("does not pass off a lost history as the present", async () => {
    for (const screen of screens) screen.serverIsAway = true;
    await server.kill();
    await both((screen) => screen.light("Disconnected"));
    await server.forget();
    const isBack = back("Back, with a new history");
    await server.start();
    await isBack;
    await both((screen) => screen.light("Live"));
    for (const screen of screens) screen.serverIsAway = false;
    await both((screen) => screen.shows('[data-testid="notice"]', "The server began a new history"));
    for (const { page } of screens) assert.equal(await page.getByTestId("agent").count(), 0);
    await screens[0].picture(out("new-history.png"));
    const seen = both((screen) => screen.shows(`${row("agent-2")}[data-status="online"]`));
    await report(server.url, token, "agent-2/status", { status: "online", message: "Here again" });
    await within(seen, "the first agent of the new history");
  });

  it("refuses a used link in plain words, and signs out", async () => {
    const stranger = await Screen.open(server.url);
    screens.push(stranger);
    await stranger.goto(links[0]);
    await stranger.light("Signed out");
    await stranger.shows('[data-testid="gate"]', "This sign-in link no longer works");
    await stranger.shows('[data-testid="gate"]', "mission-control link");
    assert.equal(stranger.page.url(), `${server.url}/`);
    await stranger.picture(out("used-link.png"));
    // The two refusals, of the code and of the missing cookie, are the only ones a browser notes.
    stranger.faults = stranger.faults.filter((fault) => !/status of 401/.test(fault));

    const [screen] = screens;
    await screen.page.getByTestId("settings-open").click();
    await screen.page.getByTestId("sign-out").click();
    await screen.light("Signed out");
    await screen.shows('[data-testid="gate"]', "Signed out");
    assert.equal(await screen.page.getByTestId("agent").count(), 0);

    // A link opened in a page that is already there signs in again.
    await screen.page.goto(await server.link());
    await screen.light("Live");
    assert.equal(screen.page.url(), `${server.url}/#/`);
    await screen.shows(row("agent-2"));
  });

  it("says that it failed where it cannot draw, instead of standing there as if it were live", async () => {
    const broken = await Screen.open(server.url);
    try {
      await broken.goto(await server.link());
      await broken.light("Live");
      await broken.page.evaluate(() => {
        Map.prototype.get = () => {
          throw new Error("planted");
        };
      });
      await report(server.url, token, "agent-2/status", { status: "online", message: "Once more" });
      await broken.shows('[data-testid="broken"]', "This page failed");
      assert.equal(await broken.page.getByTestId("light").isVisible(), false);
      assert.equal(await broken.page.title(), "Failed · Mission Control");
    } finally {
      await broken.close();
    }
  });

  it("never asked another origin, broke its policy or wrote an error", () => {
    for (const screen of screens) assert.deepEqual(screen.faults, []);
  });
});
