// The page's beginning: takes the one-time code out of the address, joins browser, client and screen, and draws at most
// once an animation frame.

import { api as apiOf, connect, systemClock } from "./client/index.js";
import { Desktop } from "./model/desktop.js";
import { Notifier } from "./model/notifier.js";
import { codeIn, placeHash } from "./model/place.js";
import { Screen } from "./model/screen.js";
import { Settings, storageOf } from "./model/settings.js";
import { Tabs } from "./model/tabs.js";
import { Tokens } from "./model/tokens.js";
import { App } from "./view/app.js";
import { html, render } from "./view/html.js";
import { listenToKeys } from "./view/keyboard.js";

const root = document.getElementById("page");
const api = apiOf();
let frame = 0;
/** The light that the title tells. */
let titled = "";
let isBroken = false;

function draw() {
  if (screen.light.kind !== titled) drawTitle();
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    screen.refresh();
    if (!isBroken) render(html`<${App} screen=${screen} />`, root);
  });
}

/** A page that failed to draw would stand there as if it were live: it says so instead, and draws no more. */
function breakDown() {
  if (isBroken) return;
  isBroken = true;
  document.title = "Failed · Mission Control";
  root.hidden = true;
  document.getElementById("broken").hidden = false;
  // Last, for it may fail as well.
  screen.fleet.close();
}

function go(hash, { replace }) {
  if (replace) history.replaceState(null, "", hash);
  else location.hash = hash;
}

/** The code leaves the address, and so the history, before anything else happens. */
function takeCode() {
  const code = codeIn(location.hash);
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** The title of a tab in the background is all that is seen of it, so this waits for no animation frame. */
function drawTitle() {
  if (isBroken) return;
  const { kind } = screen.light;
  titled = kind;
  const { error } = screen.roster.counts;
  const mark = kind === "lost" ? "Disconnected · " : kind === "live" && error > 0 ? `(${error}) ` : "";
  document.title = `${mark}Mission Control`;
}

const settings = new Settings({ storage: storageOf(globalThis), root: document.documentElement, redraw: draw });
settings.follow(globalThis);
const desktop = new Desktop({
  Notification: globalThis.Notification,
  isSecure: isSecureContext,
  focus: () => focus(),
  onOpen: (agentId) => screen.open(agentId),
  redraw: draw,
});
const tokens = new Tokens(api, { onSignedIn: () => tabs.tellSignIn() });
const tabs = new Tabs({
  channel: new BroadcastChannel("mission-control"),
  locks: navigator.locks,
  onSignInChanged: () => {
    tokens.forget();
    screen.begin();
  },
});
const notifier = new Notifier({
  settings,
  desktop,
  clock: { now: () => performance.now(), after: systemClock.after },
  isInFront: () => !tabs.isSpeaker || tabs.isAnyInFront,
});
const screen = new Screen({
  api,
  // What a listener throws is told like any other failure.
  connect: (options) => connect({ ...options, onError: reportError }),
  tokens,
  settings,
  notifier,
  world: { draw, go, later: systemClock.after, monotonic: () => performance.now(), signedOut: () => tabs.tellSignIn() },
  hash: codeIn(location.hash) === null ? location.hash : "",
});

const seen = () => (tabs.isInFront = !document.hidden && document.hasFocus());
document.addEventListener("visibilitychange", () => {
  seen();
  draw();
});
addEventListener("focus", seen);
addEventListener("blur", seen);
addEventListener("hashchange", () => {
  const code = takeCode();
  if (code === null) {
    screen.arrive(location.hash);
    return;
  }
  // The address says again where the page is.
  history.replaceState(null, "", placeHash(screen.place));
  screen.begin(code);
});
history.scrollRestoration = "manual";
// What a browser only warns of, as a late ResizeObserver, comes without an error.
addEventListener("error", ({ error }) => error && breakDown());
// In the background nothing is drawn, but the title goes on.
setInterval(() => {
  seen();
  tabs.look();
  if (document.hidden) {
    screen.refresh();
  } else {
    screen.watch();
    draw();
  }
  drawTitle();
}, 1_000);

listenToKeys(screen, document);
screen.begin(takeCode());
