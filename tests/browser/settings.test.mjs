// What a browser keeps of a person's choices, with storages of every temper; and both dialogs in a real browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { chromium } from "playwright-core";

const assets = new URL("../../src/adapters/dashboard/assets/", import.meta.url);
const { Settings, storageOf } = await import(new URL("model/settings.js", assets));

const KEY = "mission-control.settings";
const ALL = { crash_loop: true, crash: true, error: true, waiting: true };

class Storage {
  items = new Map();
  getItem = (key) => this.items.get(key) ?? null;
  setItem = (key, text) => void this.items.set(key, text);
}

function open({ storage = new Storage(), text } = {}) {
  if (text !== undefined) storage.setItem(KEY, text);
  const root = { dataset: {} };
  const page = { storage, root, redrawn: 0 };
  page.settings = new Settings({ storage, root, redraw: () => (page.redrawn += 1) });
  return page;
}

function chosen({ settings, root }) {
  return { theme: settings.theme, notify: settings.notify, kinds: settings.kinds, attribute: root.dataset.theme };
}

const DEFAULTS = { theme: "system", notify: false, kinds: ALL, attribute: undefined };
const written = (over) => JSON.stringify({ version: 1, theme: "dark", notify: true, kinds: ALL, ...over });

const UNUSABLE = [
  ["nothing", undefined],
  ["no text at all", ""],
  ["what is no JSON", "{theme: dark"],
  ["null", "null"],
  ["a number", "7"],
  ["a list", "[1]"],
  ["another version", written({ version: 2 })],
  ["no version", written({ version: undefined })],
  ["what is far too long", written({ more: "x".repeat(10_000) })],
  ["what is nested too deep", "[".repeat(4_000)],
];

const ODD = [
  ["a theme that is none", written({ theme: "<script>" }), { theme: "system", attribute: undefined }],
  ["a theme that every object has", written({ theme: "toString" }), { theme: "system", attribute: undefined }],
  ["a switch that is only like true", written({ notify: 1 }), { notify: false }],
  ["kinds that are none", written({ kinds: "all" }), {}],
  ["no kinds", written({ kinds: null }), {}],
  ["a kind that is only like false", written({ kinds: { error: 0 } }), {}],
  ["one kind turned off", written({ kinds: { error: false } }), { kinds: { ...ALL, error: false } }],
  ["kinds of another version", written({ kinds: { ...ALL, fire: true } }), {}],
  ["an inherited kind", '{"version":1,"theme":"dark","notify":true,"kinds":{"__proto__":{"crash":false}}}', {}],
];

describe("the settings", () => {
  for (const [what, text] of UNUSABLE) {
    it(`are the defaults where the browser holds ${what}`, () => assert.deepEqual(chosen(open({ text })), DEFAULTS));
  }

  for (const [what, text, expected] of ODD) {
    it(`take each value for itself: ${what}`, () => {
      assert.deepEqual(chosen(open({ text })), { theme: "dark", notify: true, kinds: ALL, attribute: "dark", ...expected });
      assert.equal({}.crash, undefined);
    });
  }

  it("stay as they were chosen, and are drawn at once", () => {
    const page = open();
    page.settings.setTheme("light");
    page.settings.setNotify(true);
    page.settings.setKind("waiting", false);
    assert.equal(page.redrawn, 3);
    const expected = { theme: "light", notify: true, kinds: { ...ALL, waiting: false }, attribute: "light" };
    assert.deepEqual(chosen(page), expected);
    assert.deepEqual(chosen(open({ storage: page.storage })), expected);
    page.settings.setTheme("system");
    assert.equal("theme" in page.root.dataset, false);
  });

  it("keep nothing else, under one key", () => {
    const page = open({ text: written({ token: "secret" }) });
    page.settings.setTheme("dark");
    assert.deepEqual([...page.storage.items], [[KEY, written()]]);
  });

  it("want a kind only where notifications are on", () => {
    const { settings } = open();
    assert.equal(settings.wants("crash"), false);
    settings.setNotify(true);
    assert.deepEqual(["crash", "fire", "constructor"].map((kind) => settings.wants(kind)), [true, false, false]);
  });

  it("hold until the page is closed where the browser keeps nothing, and say so", () => {
    const refuse = () => {
      throw new DOMException("refused", "SecurityError");
    };
    for (const storage of [null, { getItem: refuse, setItem: refuse }, { getItem: () => null, setItem: refuse }]) {
      const page = open({ storage });
      page.settings.setTheme("dark");
      assert.deepEqual([page.settings.theme, page.root.dataset.theme, page.settings.isKept], ["dark", "dark", false]);
    }
    const scope = Object.defineProperty({}, "localStorage", { get: refuse });
    assert.equal(storageOf(scope), null);
    assert.equal(storageOf({}), null);
    assert.equal(open().settings.isKept, true);
  });

  it("follow another tab until told to stop, and mind only their own key", () => {
    const page = open();
    const target = new EventTarget();
    const stop = page.settings.follow(target);
    const tell = (key, newValue) => target.dispatchEvent(Object.assign(new Event("storage"), { key, newValue }));
    tell(KEY, written());
    assert.deepEqual([page.root.dataset.theme, page.redrawn], ["dark", 1]);
    tell("other", null);
    assert.deepEqual([page.root.dataset.theme, page.redrawn], ["dark", 1]);
    for (const [key, newValue] of [[KEY, "broken"], [KEY, null], [null, null]]) {
      tell(KEY, written());
      tell(key, newValue);
      assert.deepEqual(chosen(page), DEFAULTS);
    }
    stop();
    tell(KEY, written());
    assert.deepEqual(chosen(page), DEFAULTS);
  });
});

/** A page with nothing but the dialogs, under the policy of the real one. */
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Dialogs</title><link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/style/app.css"><link rel="stylesheet" href="/assets/style/dialog.css">
<script type="module" src="/page.js"></script></head><body><button id="opener">Open</button><div id="root"></div></body></html>`;

const SCRIPT = `
import { html, render } from "/assets/view/html.js";
import { KeysDialog } from "/assets/view/keys.js";
import { SettingsDialog } from "/assets/view/settings.js";
import { Desktop } from "/assets/model/desktop.js";
import { Notifier } from "/assets/model/notifier.js";
import { Settings, storageOf } from "/assets/model/settings.js";
const query = new URLSearchParams(location.search);
class Fake {
  static permission = query.get("permission") ?? "default";
  static requestPermission = async () => (Fake.permission = query.get("answer"));
  constructor(title) { if (query.has("throws")) throw new TypeError("Illegal constructor"); screen.shown.push(title); }
}
const redraw = () => render(html\`<div>
  \${screen.dialog === "settings" && html\`<\${SettingsDialog} screen=\${screen} epoch="k3f9" seq=\${1042} />\`}
  \${screen.dialog === "keys" && html\`<\${KeysDialog} screen=\${screen} />\`}
</div>\`, document.getElementById("root"));
const screen = {
  dialog: "", shown: [], signedOut: 0,
  openDialog(name) { screen.dialog = name; redraw(); },
  closeDialog() { screen.dialog = ""; redraw(); },
  signOut() { screen.signedOut += 1; },
};
screen.settings = new Settings({ storage: storageOf(window), root: document.documentElement, redraw });
screen.settings.follow(window);
const desktop = new Desktop({ Notification: Fake, isSecure: !query.has("insecure"), focus() {}, onOpen() {}, redraw });
screen.notifier = new Notifier({ settings: screen.settings, desktop, clock: { now: () => 0, after: () => () => {} }, isInFront: () => false });
document.getElementById("opener").onclick = () => screen.openDialog(query.get("dialog") ?? "settings");
window.model = screen;
`;

const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

describe("the dialogs", () => {
  let server, browser, context;
  const faults = [];
  before(async () => {
    server = createServer(async ({ url }, answer) => {
      const { pathname } = new URL(url, "http://localhost");
      const made = { "/": [PAGE, "text/html"], "/page.js": [SCRIPT, "text/javascript"] }[pathname];
      const [body, type] = made ?? [await readFile(new URL(pathname.replace("/assets/", ""), assets)), TYPES[pathname.split(".").pop()]];
      answer.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(body);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  });
  after(async () => {
    await browser?.close();
    server?.close();
    assert.deepEqual(faults, []);
  });

  async function show(query = "", options = {}) {
    await context?.close();
    context = await browser.newContext({ reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(`http://localhost:${server.address().port}/?${query}`);
    await page.click("#opener");
    await page.waitForSelector("dialog[open]");
    return page;
  }
  const isGone = (page) => page.waitForSelector("dialog", { state: "detached" });
  const focused = (page) => page.evaluate(() => document.activeElement.id);

  const WAYS = [
    ["Esc", (page) => page.keyboard.press("Escape")],
    ["their button", (page) => page.getByRole("button", { name: "Close" }).click()],
    ["a press beside them", (page) => page.mouse.click(5, 300)],
    ["another place of the page", (page) => page.evaluate(() => window.model.closeDialog())],
  ];
  for (const dialog of ["settings", "keys"]) {
    for (const [what, act] of WAYS) {
      it(`close by ${what} and give the focus back: ${dialog}`, async () => {
        const page = await show(`dialog=${dialog}`);
        assert.equal(await page.getByTestId(dialog).evaluate((element) => element.matches(":modal")), true);
        await act(page);
        await isGone(page);
        assert.deepEqual([await focused(page), await page.evaluate(() => window.model.dialog)], ["opener", ""]);
      });
    }
  }

  it("stay when a press began inside", async () => {
    const page = await show();
    const { x, y } = await page.getByText("Theme").boundingBox();
    await page.mouse.move(x + 2, y + 2);
    await page.mouse.down();
    await page.mouse.move(5, 300);
    await page.mouse.up();
    assert.equal(await page.locator("dialog[open]").count(), 1);
  });

  it("take each other's place", async () => {
    const page = await show();
    await page.evaluate(() => new Promise((resolve) => {
      document.querySelector("dialog").addEventListener("close", () => setTimeout(resolve));
      window.model.openDialog("keys");
    }));
    assert.deepEqual([await page.getByTestId("keys").isVisible(), await page.getByTestId("settings").count()], [true, 0]);
  });

  it("set the theme, for other tabs too", async () => {
    const page = await show();
    const other = await context.newPage();
    await other.goto(page.url());
    const theme = () => document.documentElement.dataset.theme ?? "none";
    for (const name of ["dark", "light"]) {
      await page.getByTestId(`theme-${name}`).check();
      assert.equal(await page.evaluate(theme), name);
      await other.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, name);
    }
    await page.getByTestId("theme-system").check();
    assert.equal(await page.evaluate(theme), "none");
  });

  it("turn notifications on, choose among them, and try one", async () => {
    const page = await show("answer=granted");
    assert.equal(await page.getByTestId("notify-test").isDisabled(), true);
    await page.getByRole("switch", { name: "Desktop notifications", checked: false }).click();
    await page.getByRole("switch", { name: "Desktop notifications", checked: true }).waitFor();
    await page.getByLabel("An agent waits for you").uncheck();
    assert.deepEqual(await page.evaluate(() => window.model.settings.kinds), { ...ALL, waiting: false });
    await page.getByTestId("notify-test").click();
    assert.match(await page.getByTestId("notify-tested").innerText(), /^Sent\./);
    assert.deepEqual(await page.evaluate(() => window.model.shown), ["Mission Control"]);
    await page.getByTestId("notify-switch").click();
    assert.equal(await page.getByTestId("notify-switch").getAttribute("aria-checked"), "false");
  });

  const REFUSED = [
    ["answer=denied", "denied", /blocks them.*Allow/, false],
    ["insecure", "insecure", /need https for them, or a page on localhost/, true],
    ["answer=granted&throws", "unavailable", /this browser shows none/, true],
  ];
  for (const [query, permission, words, isDisabled] of REFUSED) {
    it(`say what to do where notifications are ${permission}`, async () => {
      const page = await show(query);
      const control = page.getByTestId("notify-switch");
      if (permission !== "insecure") await control.click();
      if (permission === "unavailable") await page.getByTestId("notify-test").click();
      await page.waitForSelector(`[data-permission="${permission}"]`);
      assert.match(await page.getByTestId("notify-permission").innerText(), words);
      assert.deepEqual([await control.getAttribute("aria-checked"), await control.isDisabled()], ["false", isDisabled]);
    });
  }

  it("sign out, and are away by then", async () => {
    const page = await show();
    assert.equal(await page.getByTestId("history").innerText(), "Event 1,042 of history k3f9");
    await page.getByTestId("sign-out").click();
    await isGone(page);
    assert.equal(await page.evaluate(() => window.model.signedOut), 1);
  });

  it("fit a narrow screen, with targets large enough for a finger", async () => {
    for (const dialog of ["settings", "keys"]) {
      const page = await show(`dialog=${dialog}`, { viewport: { width: 320, height: 480 } });
      const { wide, small } = await page.evaluate(() => {
        const element = document.querySelector("dialog");
        const targets = [...element.querySelectorAll("button, .choice")].map((target) => target.getBoundingClientRect());
        return { wide: element.scrollWidth - element.clientWidth, small: targets.filter(({ width, height }) => Math.min(width, height) < 24).length };
      });
      assert.deepEqual([wide, small], [0, 0]);
    }
  });
});
