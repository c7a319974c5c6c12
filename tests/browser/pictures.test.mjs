// The pictures of the README, made by the page itself. They go to out/; those in docs/ are renewed with UPDATE_PICTURES=1.

import assert from "node:assert/strict";
import { access, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { fleet } from "./fleet.mjs";
import { PastClock } from "./past.mjs";
import { Screen } from "./screen.mjs";
import { report, Server } from "./server.mjs";

const SIZE = { width: 1280, height: 860 };
const path = (name) => fileURLToPath(new URL(name, import.meta.url));

describe("the pictures of the README", { concurrency: false, timeout: 60_000 }, () => {
  let server;
  let screen;
  let clockDir;

  const picture = async (name, options = {}) => {
    await screen.picture(path(`out/readme-${name}.png`), { ...SIZE, ...options });
    const kept = path(`../../docs/images/${name}.png`);
    if (process.env.UPDATE_PICTURES === "1") await cp(path(`out/readme-${name}.png`), kept);
    await access(kept);
  };

  before(async () => {
    await mkdir(path("out/"), { recursive: true });
    await mkdir(path("../../docs/images/"), { recursive: true });
    clockDir = await mkdtemp(join(tmpdir(), "mission-control-clock-"));
    const clock = new PastClock(join(clockDir, "offset"));
    await clock.minutesAgo(10_000);
    ({ server } = await Server.begin({}, await clock.env()));
    const token = await server.token("report", "240h");
    for (const [minutesAgo, to, body] of fleet()) {
      await clock.minutesAgo(minutesAgo);
      await report(server.url, token, to, body);
    }
    await clock.minutesAgo(0);
    screen = await Screen.signedIn(server, await server.link());
  });

  after(async () => {
    await screen?.close();
    await server?.end();
    if (clockDir !== undefined) await rm(clockDir, { recursive: true, force: true });
  });

  it("show the fleet, light and dark", async () => {
    await screen.shows('[data-testid="agent"][data-agent-id="web-tests"]');
    await screen.shows('[data-testid="count-all"]', "11");
    await picture("page");
    await picture("page-dark", { scheme: "dark" });
    const width = await screen.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, SIZE.width);
  });

  it("show an agent with its past", async () => {
    await screen.page.goto(`${server.url}/#/agents/importer`);
    await screen.shows('[data-testid="event"]', "batch 27");
    await screen.shows('[data-testid="timeline"]');
    await picture("agent");
  });

  it("show a page that lost its server", async () => {
    await screen.page.goto(`${server.url}/#/?sort=attention`);
    await screen.shows('[data-testid="agent"]');
    screen.serverIsAway = true;
    await server.kill();
    await screen.light("Disconnected");
    await picture("disconnected");
  });
});
