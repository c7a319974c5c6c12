// A Chromium of its own with the page in it, watched for everything a page must not do: talk to another origin, break
// its policy, write errors to the console. Waiting is done by a MutationObserver in the page.

import { chromium } from "playwright-core";
import { within } from "./server.mjs";

const CHROMIUM = process.env.CHROMIUM_BIN ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export class Screen {
  static async open(origin, options = {}) {
    const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options });
    const page = await context.newPage();
    return new Screen(browser, page, origin);
  }

  /** One that is signed in and live. */
  static async signedIn(server, link, options) {
    const screen = await Screen.open(server.url, options);
    await screen.goto(link);
    await screen.light("Live");
    return screen;
  }

  constructor(browser, page, origin) {
    this.browser = browser;
    this.page = page;
    /** What went wrong, in words. */
    this.faults = [];
    /** While true, a server that is away is no fault. */
    this.serverIsAway = false;
    page.setDefaultTimeout(15_000);
    const ours = (address) => {
      const url = new URL(address);
      if (url.host !== new URL(origin).host) this.faults.push(`asked another origin: ${url.origin}`);
    };
    page.on("request", (request) => ours(request.url()));
    page.on("websocket", (socket) => ours(socket.url()));
    page.on("pageerror", (error) => this.faults.push(`threw: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      if (this.serverIsAway && /ERR_CONNECTION_REFUSED|WebSocket connection/.test(message.text())) return;
      this.faults.push(`console: ${message.text()}`);
    });
    page.on("dialog", (dialog) => {
      this.faults.push(`opened a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
  }

  /** Opens an address; policy violations are noted from the first byte on. */
  async goto(address) {
    await this.page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    await this.page.goto(address);
  }

  /**
   * The time, in milliseconds, at which the page first shows it: an element for the selector, visible, whose text
   * contains `text`. Already shown counts as now.
   */
  shows(selector, text = "", ms = 15_000) {
    const seen = this.page.evaluate(
      ([selector, text, ms]) =>
        new Promise((resolve, reject) => {
          const found = () =>
            [...document.querySelectorAll(selector)].some((node) => node.checkVisibility() && node.textContent.includes(text));
          const observer = new MutationObserver(() => found() && done());
          const timer = setTimeout(() => {
            observer.disconnect();
            reject(new Error(`the page never showed ${selector} with "${text}": ${document.body.innerText.slice(0, 2000)}`));
          }, ms);
          const done = () => {
            observer.disconnect();
            clearTimeout(timer);
            resolve(Date.now());
          };
          observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
          if (found()) done();
        }),
      [selector, text, ms],
    );
    return within(seen, `${selector} with "${text}"`, ms + 5_000);
  }

  text(testid) {
    return this.page.getByTestId(testid).first().textContent();
  }

  light(word) {
    return this.shows('[data-testid="light-word"]', word);
  }

  async picture(name, { scheme = "light", width = 1100, height = 800 } = {}) {
    await this.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await this.page.setViewportSize({ width, height });
    await this.page.screenshot({ path: name, animations: "disabled" });
  }

  /** What each of its counters says, by their names. */
  counts() {
    return this.page.evaluate(() => {
      const counters = [...document.querySelectorAll('[data-testid^="count-"]')];
      return Object.fromEntries(counters.map((node) => [node.dataset.testid.slice("count-".length), Number(node.textContent.replace(/\D/g, ""))]));
    });
  }

  /** Waits until the page answers as it must, and says what it answered last where it never does. */
  async becomes(ask, isRight, what, ms = 15_000) {
    const until = performance.now() + ms;
    for (;;) {
      const answer = await ask();
      if (isRight(answer)) return answer;
      if (performance.now() > until) throw new Error(`waited ${ms} ms for ${what}: ${JSON.stringify(answer)}`);
      // By the page's own frames.
      await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20))));
    }
  }

  /** The ids of the operating system of all processes of its browser. */
  async processes() {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.map(({ id }) => id);
  }

  close() {
    return this.browser.close();
  }
}
