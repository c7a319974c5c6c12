// The bar on top: where one is, where one can go, and the light of the connection.

import { sinceWords } from "../model/light.js";
import { html } from "./html.js";

export function Bar({ screen, isShown }) {
  const { place, light } = screen;
  const isLost = light.kind === "lost";
  return html`<header class="bar">
    <p class="brand"><img src="assets/icon.svg" alt="" width="24" height="24" /><span>Mission Control</span></p>
    ${isShown && html`<nav class="nav" aria-label="Views">
      <${Link} to="#/" isHere=${place.name !== "sessions"} testid="nav-fleet">Fleet<//>
      <${Link} to="#/sessions" isHere=${place.name === "sessions"} testid="nav-sessions">Sessions<//>
    </nav>`}
    <p class="light" data-testid="light" data-light=${light.kind}>
      <span class="shape" aria-hidden="true"></span><span data-testid="light-word">${light.word}</span>
      ${isLost && html`<span class="light-since" data-testid="light-since">${sinceWords(lostAt(screen))}</span>`}
    </p>
    ${isShown && html`<button class="icon" type="button" data-testid="settings-open" aria-label="Settings" title="Settings"
      onClick=${() => screen.openDialog("settings")}><${Sliders} /></button>`}
  </header>`;
}

function lostAt(screen) {
  return screen.fleet.state.staleSince === null ? null : screen.now();
}

function Link({ to, isHere, testid, children }) {
  return html`<a href=${to} data-testid=${testid} aria-current=${isHere ? "page" : null}>${children}</a>`;
}

function Sliders() {
  return html`<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" focusable="false">
    <path d="M3 6h8M15 6h2M3 14h2M9 14h8" /><circle cx="13" cy="6" r="2" /><circle cx="7" cy="14" r="2" />
  </svg>`;
}
