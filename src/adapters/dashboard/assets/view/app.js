// The page as a whole: which parts are there in which state. Every part is drawn from the screen; none changes it in
// passing.

import { clockTime } from "../model/words.js";
import { AgentView } from "./agent.js";
import { Bar } from "./bar.js";
import { FleetView } from "./fleet.js";
import { Gate } from "./gate.js";
import { html } from "./html.js";
import { KeysDialog } from "./keys.js";
import { SessionsView } from "./sessions.js";
import { SettingsDialog } from "./settings.js";
import { Toast } from "./toast.js";

export function App({ screen }) {
  const { gate } = screen;
  const isShown = gate === null && screen.hasShown;
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${Bar} screen=${screen} isShown=${isShown} />
    <main id="main" tabindex="-1" data-light=${screen.light.kind}>
      <${Notice} screen=${screen} />
      ${gate !== null && html`<${Gate} screen=${screen} gate=${gate} />`}
      ${isShown && html`<${AsOf} screen=${screen} />`}
      ${isShown && html`<${View} screen=${screen} />`}
    </main>
    <${Toast} screen=${screen} />
    ${screen.dialog === "settings" && html`<${SettingsDialog} screen=${screen} ...${historyOf(screen)} />`}
    ${screen.dialog === "keys" && html`<${KeysDialog} screen=${screen} />`}
  `;
}

function historyOf({ fleet }) {
  const [epoch = "", seq = "0"] = (fleet.cursor ?? "").split(":");
  return { epoch, seq: Number(seq) };
}

function View({ screen }) {
  const { place, history } = screen;
  switch (place.name) {
    case "agent":
      return html`<${AgentView} key=${place.agentId} screen=${screen} agentId=${place.agentId} history=${history} />`;
    case "sessions":
      return html`<${SessionsView} screen=${screen} />`;
    default:
      return html`<${FleetView} screen=${screen} />`;
  }
}

// The address belongs to the views; a link within the page must not change it.
function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** What is shown may no longer be so. */
function AsOf({ screen }) {
  const { staleSince } = screen.fleet.state;
  if (staleSince === null || screen.light.kind !== "lost") return null;
  return html`<p class="as-of" data-testid="as-of">
    <span class="shape" aria-hidden="true"></span>As it was at ${clockTime(screen.now())}. It may have changed since.
  </p>`;
}

function Notice({ screen }) {
  if (screen.notice === "") return null;
  return html`<div class="notice" data-testid="notice" role="status">
    <p>${screen.notice}</p>
    <button class="quiet" type="button" onClick=${() => screen.closeNotice()}>Dismiss</button>
  </div>`;
}
