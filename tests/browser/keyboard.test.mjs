// Everything by the keyboard alone, with 5,000 agents of which some change all the time; and a list that stands still
// under the pointer. Each test begins where the fleet is shown from its top.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { Load } from "./load.mjs";
import { Screen } from "./screen.mjs";
import { forget, report, Server } from "./server.mjs";

const row = (agentId) => `[data-testid="agent"][data-agent-id="${agentId}"]`;
const dialog = (name) => `dialog[open][data-testid="${name}"]`;

describe("the page by keyboard", { concurrency: false, timeout: 150_000 }, () => {
  let server;
  let token;
  let load;
  let ids;
  let screen;
  let page;

  /** The agent that has the focus, and whether its row is wholly in sight and on top. */
  const focused = () =>
    page.evaluate(() => {
      const own = document.activeElement;
      const node = document.getElementById(own?.getAttribute("aria-activedescendant") ?? "") ?? own;
      const place = node?.closest('[data-testid="agent"]');
      if (!place) return { agentId: null, on: node?.dataset.testid ?? node?.localName };
      const box = place.getBoundingClientRect();
      const [x, y] = [box.x + Math.min(box.width / 2, 200), box.y + box.height / 2];
      const hit = document.elementFromPoint(x, y);
      return { agentId: place.dataset.agentId, isInSight: box.top >= 0 && box.bottom <= innerHeight + 1 && place.contains(hit) };
    });
  const focusIs = async (agentId, what = "the focus") => {
    const right = (focus) => focus.agentId === agentId && focus.isInSight;
    await screen.becomes(focused, right, `${what} to be in sight on ${agentId}`, 5_000);
  };
  const press = async (key, times = 1) => {
    for (let time = 0; time < times; time += 1) await page.keyboard.press(key);
  };
  const focusOn = () => page.evaluate(() => document.activeElement?.dataset.testid ?? null);
  const isPressed = (counter) => screen.shows(`[data-counter="${counter}"][aria-pressed="true"]`);
  /** While many changes come in. */
  const underLoad = async (act, perSecond = 200) => {
    const stop = new AbortController();
    const running = load.run({ ms: 30_000, perSecond, signal: stop.signal });
    try {
      return await act();
    } finally {
      stop.abort();
      await running;
    }
  };

  before(async () => {
    const { server: begun, link } = await Server.begin();
    server = begun;
    token = await server.token("watch report admin");
    load = new Load({ url: server.url, token });
    await load.fill();
    ids = [...load.ids].sort();
    screen = await Screen.signedIn(server, link);
    ({ page } = screen);
  });

  beforeEach(async () => {
    await page.mouse.move(2, 2);
    await page.goto(`${server.url}/#/`);
    // Anew, as it remembers where one was.
    await page.reload();
    await screen.shows('[data-testid="agent"]');
  });

  after(async () => {
    await screen?.close();
    await server?.end();
  });

  it("searches after a slash, and takes what is typed there as text", async () => {
    await press("/");
    assert.equal(await focusOn(), "search");
    const typed = "j4k?g s/1";
    await page.keyboard.type(typed);
    assert.equal(await page.getByTestId("search").inputValue(), typed);
    await screen.shows('[data-testid="none"]');
    assert.equal(await page.locator("dialog[open]").count(), 0);
    await isPressed("all");
    await press("Escape");
    assert.equal(await page.getByTestId("search").inputValue(), "");
    await screen.shows('[data-testid="agent"]');
    await press("Escape");
    assert.notEqual(await focusOn(), "search");

    await press("/");
    await page.keyboard.type(ids[2_500]);
    await screen.becomes(() => page.getByTestId("agent").count(), (count) => count === 1, "one row");
    await screen.shows(row(ids[2_500]));
  });

  it("moves by j and k and by arrows far beyond what is drawn, while changes come in", async () => {
    await underLoad(async () => {
      await press("j");
      await focusIs(ids[0], "the first step");
      await press("j", 250);
      await focusIs(ids[250], "250 steps down");
      await press("ArrowDown", 5);
      await focusIs(ids[255], "arrows down");
      await press("k", 20);
      await press("ArrowUp", 5);
      await focusIs(ids[230], "back up");
    });
  });

  it("goes to both ends", async () => {
    await press("j");
    await focusIs(ids[0]);
    await press("End");
    await focusIs(ids.at(-1), "the end");
    await press("j");
    await focusIs(ids.at(-1), "no step beyond it");
    await press("Home");
    await focusIs(ids[0], "the beginning");
    await press("k");
    await focusIs(ids[0], "no step before it");
  });

  it("stays on its agent while the order changes around it", async () => {
    await page.getByTestId("sort").selectOption("changed");
    await page.evaluate(() => document.activeElement?.blur());
    await press("j", 5);
    const { agentId } = await screen.becomes(focused, (focus) => focus.agentId !== null, "a focus");
    // A pointer that comes and goes lets the list go: the keys had held it.
    await page.mouse.move(500, 600);
    await page.mouse.move(2, 2);
    await underLoad(async () => {
      const top = () => page.getByTestId("agent").first().getAttribute("data-agent-id");
      const tops = new Set();
      await screen.becomes(async () => tops.add(await top()).size, (size) => size >= 3, "the order to change");
    });
    assert.equal((await focused()).agentId, agentId);
    await press("j");
    const next = await screen.becomes(focused, (focus) => focus.isInSight, "the next step to be in sight");
    assert.ok(next.agentId !== null && next.agentId !== agentId);
    await page.getByTestId("sort").selectOption("name");
  });

  it("opens an agent and comes back to where it was", async () => {
    await press("j", 90);
    await focusIs(ids[89]);
    const before = await page.locator(row(ids[89])).boundingBox();
    await press("Enter");
    await screen.shows(`[data-testid="agent-view"][data-agent-id="${ids[89]}"]`);
    await press("Escape");
    await focusIs(ids[89], "after Escape the focus");
    const after = await page.locator(row(ids[89])).boundingBox();
    assert.ok(Math.abs(after.y - before.y) < 40, `the row was at ${before.y} and is at ${after.y}`);
    await press("j");
    await focusIs(ids[90], "the next step");
  });

  it("chooses counters by number, and goes from view to view", async () => {
    const names = ["all", "online", "waiting", "error", "offline", "stale"];
    for (const [index, name] of names.entries()) {
      await press(String(index + 1));
      await isPressed(name);
    }
    await press("4");
    await isPressed("error");
    const others = page.locator('[data-testid="agent"]:not([data-status="error"])');
    await screen.becomes(() => others.count(), (count) => count === 0, "only errors");
    await press("Escape");
    await isPressed("all");
    await press("g");
    await press("s");
    await screen.shows('[data-testid="session"]');
    assert.match(page.url(), /#\/sessions/);
    await press("g");
    await press("f");
    await screen.shows('[data-testid="agent"]');
    await press("s");
    assert.doesNotMatch(page.url(), /#\/sessions/, "an s alone goes nowhere");
  });

  it("shows its keys and its settings in dialogs that hold the focus and give it back", async () => {
    await press("j", 3);
    await focusIs(ids[2]);
    await press("?");
    await screen.shows(dialog("keys"));
    await press("4");
    await press("j");
    await isPressed("all");
    await press("Escape");
    await screen.becomes(() => page.locator("dialog[open]").count(), (count) => count === 0, "no dialog");
    await focusIs(ids[2], "after the dialog the focus");

    await page.getByTestId("settings-open").focus();
    await press("Enter");
    await screen.shows(dialog("settings"));
    const inside = () => page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null);
    for (let stop = 0; stop < 12; stop += 1) {
      await press("Tab");
      assert.ok(await inside(), "Tab leaves the dialog for the page behind it");
    }
    await page.getByTestId("theme-system").focus();
    await press("ArrowDown");
    const chosen = await page.evaluate(() => document.querySelector('dialog input[type="radio"]:checked')?.dataset.testid);
    assert.notEqual(chosen, "theme-system");
    await page.getByTestId("theme-system").focus();
    await press("Space");
    await press("Escape");
    await screen.becomes(() => page.locator("dialog[open]").count(), (count) => count === 0, "no dialog");
    assert.equal(await focusOn(), "settings-open");
  });

  it("groups, closes and opens groups", async () => {
    await page.getByTestId("group").focus();
    await page.keyboard.type("team");
    await screen.shows('[data-testid="group-head"]');
    const heads = page.getByTestId("group-head");
    const value = await heads.first().getAttribute("data-group");
    const below = () => heads.first().evaluate((node) => node.nextElementSibling?.dataset.testid);
    await page.locator(`[data-testid="group-head"][data-group="${value}"] button`).focus();
    await press("Enter");
    await screen.becomes(below, (next) => next === "group-head", "a closed group");
    await press("Enter");
    await screen.becomes(below, (next) => next === "agent", "an open group");
    await page.getByTestId("group").selectOption("");
  });

  describe("the list under the pointer", () => {
    /** Begins to note which agents lie under a point, frame by frame. */
    const watch = (point) =>
      page.evaluate(({ x, y }) => {
        window.underPointer = new Set();
        const look = () => {
          if (window.underPointer === null) return;
          window.underPointer.add(document.elementFromPoint(x, y)?.closest('[data-testid="agent"]')?.dataset.agentId ?? "nothing");
          requestAnimationFrame(look);
        };
        look();
      }, point);
    const seen = () =>
      page.evaluate(() => {
        const ids = [...window.underPointer];
        window.underPointer = null;
        return ids;
      });
    const pointAt = async (agentId) => {
      const box = await page.locator(row(agentId)).boundingBox();
      const point = { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
      await page.mouse.move(point.x, point.y);
      return point;
    };
    const start = (agentId) => report(server.url, token, `${agentId}/lifecycle`, { event: "start" });

    it("stands still while agents come, go and change, and tells what waits", async () => {
      const point = await pointAt(ids[6]);
      await watch(point);
      for (const agentId of ["aaa-1", "aaa-2", "aaa-3"]) await start(agentId);
      await forget(server.url, token, ids[1]);
      await report(server.url, token, `${ids[6]}/lifecycle`, { event: "crash", exitCode: 3 });
      await screen.shows(`${row(ids[6])}[data-status="error"]`);
      await screen.becomes(() => screen.counts(), ({ all }) => all === 5_002, "the counters to go on");
      await screen.shows('[data-testid="pending"]', "4");
      const shown = async () => Number(/event ([\d,]+)/.exec(await screen.text("foot"))[1].replaceAll(",", ""));
      const before = await shown();
      await underLoad(() => screen.becomes(shown, (seq) => seq >= before + 200, "200 events to come in meanwhile"));
      assert.deepEqual(await seen(), [ids[6]]);

      await page.getByTestId("pending").click();
      await screen.shows(row("aaa-1"));
      assert.equal(await page.locator(row(ids[1])).count(), 0);
    });

    it("goes on when the pointer leaves", async () => {
      await screen.shows(row("aaa-1"));
      await pointAt(ids[6]);
      await forget(server.url, token, "aaa-1");
      await screen.shows('[data-testid="pending"]');
      await page.mouse.move(2, 2);
      await screen.becomes(() => page.locator(row("aaa-1")).count(), (count) => count === 0, "the row to go");
      assert.equal(await page.locator('[data-testid="pending"]:visible').count(), 0);
    });
  });

  it("never asked another origin, broke its policy or wrote an error", () => {
    assert.deepEqual(screen.faults, []);
  });
});
