// The page's beginning: takes the one-time code out of the address, joins connection, fold and screen, and decides
// what the screen says in each state. Everything is drawn at most once an animation frame.

import { Refusal, signOut, TokenSource } from "./api.js";
import { Connection } from "./connection.js";
import { Counters } from "./counters.js";
import { byId, setHidden, setText, setTextOrHide } from "./dom.js";
import { Feed } from "./feed.js";
import { List } from "./list.js";
import { Notices } from "./notices.js";
import { clockTime, count } from "./words.js";

const feed = new Feed();
const tokens = new TokenSource();
const list = new List(feed.fleet, draw);
const counters = new Counters((status) => {
  list.filter = status;
  draw();
});
const notices = new Notices({ onRetry: () => connection.nudge(), onConnect: () => connection.start() });
const connection = new Connection({ tokens, feed, onState, onFold });

/** The server's clock as seen from here; ages stand still while nothing is heard, for nothing is known then. */
let clockOffsetMs = 0;
let frozenAt = 0;
let epoch = "";
let everLive = false;
let back = "";
let drawing = 0;

function now() {
  return (frozenAt || Date.now()) + clockOffsetMs;
}

function draw() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    const { fleet } = feed;
    counters.draw(fleet);
    list.draw(now());
    setHidden(byId("empty"), !(everLive && fleet.agents.size === 0));
    setHidden(byId("counters"), fleet.agents.size === 0);
    drawWords();
  });
}

function drawWords() {
  const lost = connection.state === "lost";
  setText(byId("foot"), epoch === "" ? "" : `Event ${count(feed.seq)} of history ${epoch}`);
  setTextOrHide(byId("as-of"), lost && everLive ? `As it was at ${clockTime(frozenAt)}. It may have changed since.` : "");
}

/** The title of a tab in the background is all that is seen of it, so this waits for no animation frame. */
function drawTitle() {
  const { state } = connection;
  const errors = state === "live" ? feed.fleet.counts().error : 0;
  const mark = state === "lost" || state === "stopped" ? "Disconnected · " : errors > 0 ? `(${count(errors)}) ` : "";
  document.title = `${mark}Mission Control`;
}

function onState(state, info) {
  notices.light(state);
  document.documentElement.dataset.state = state;
  const gone = state === "out" || state === "stopped";
  frozenAt = state === "lost" ? info.heardAt || Date.now() : gone || state === "live" ? 0 : frozenAt;
  if (state === "live") everLive = true;
  if (state === "out") forget();
  setHidden(byId("fleet"), !everLive || gone);
  setHidden(byId("foot"), !everLive || gone);
  setHidden(byId("sign-out"), !everLive || gone);
  if (gone || state === "idle") notices.toastAway();
  if (state === "lost") {
    notices.toastLost(everLive ? "Connection lost. Trying to come back…" : "The server does not answer. Trying again…");
  } else if (state === "live" && notices.saysLost) {
    notices.toastBack(back);
  }
  notices.gate(gate(state, info));
  drawTitle();
  draw();
}

function gate(state, info) {
  if (state === "stopped") return info;
  if (state !== "out") return null;
  const how = "Make a new link where the server runs, and open it:";
  if (info.codeRefused) {
    return { title: "This sign-in link no longer works", text: `Each link works once and only for a short time. ${how}`, needsLink: true };
  }
  return { title: "Signed out", text: how, needsLink: true };
}

function onFold(folded, { type, payload }) {
  if (type === "hello") {
    clockOffsetMs = (payload.serverTime ?? Date.now()) - Date.now();
    epoch = payload.epoch;
    back = "Back. Nothing was missed.";
  }
  if (folded.kind === "synced") saySynced(folded);
  draw();
}

function saySynced({ mode, newHistory }) {
  if (newHistory) {
    back = "Back, with a new history.";
    notices.notice(
      `The server began a new history at ${clockTime(now())}. What it knew before is gone; agents appear again as they report.`,
    );
  } else {
    back = mode === "delta" ? "Back. Everything is at its latest state." : "Back. The list was built anew.";
  }
}

function forget() {
  feed.clear();
  everLive = false;
  epoch = "";
  notices.notice("");
}

/** The code leaves the address bar, and so the history, before anything else happens. */
function takeCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}

function showCommands() {
  const isDefault = location.host === "127.0.0.1:3000";
  byId("command-link").textContent = `mission-control link${isDefault ? "" : ` --url ${location.origin}`}`;
  byId("command-token").textContent = "mission-control token --sub my-agents --scope report > report.token";
  byId("command-report").textContent = [
    `curl ${new URL("api/v1/agents/my-first-agent/status", location.href)} \\`,
    `  -H "Authorization: Bearer $(cat report.token)" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"status":"online","message":"Hello, Mission Control"}'`,
  ].join("\n");
}

byId("sign-out").addEventListener("click", async () => {
  tokens.forget();
  connection.stop("out");
  try {
    await signOut();
  } catch (error) {
    if (error instanceof Refusal && error.unknown) return;
    notices.gate({ title: "Signed out here only", text: "The server could not be told. Connect and sign out again.", needsLink: false });
  }
});
addEventListener("hashchange", () => {
  const code = takeCode();
  if (code !== null) connection.start(code);
});
addEventListener("online", () => connection.nudge());
addEventListener("offline", () => connection.nudge());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && connection.nudge());
// A page kept for the back button holds no socket.
addEventListener("pagehide", () => connection.stop());
addEventListener("pageshow", ({ persisted }) => persisted && connection.start());
setInterval(() => {
  drawTitle();
  if (document.visibilityState === "visible" && frozenAt === 0) list.tick(now());
}, 1_000);

showCommands();
connection.start(takeCode());
