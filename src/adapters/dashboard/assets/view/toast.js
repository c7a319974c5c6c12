// The toast: the connection is lost, or is back with so much caught up. Who listens is told once, not with each second of
// the countdown.

import { html } from "./html.js";

export function Toast({ screen }) {
  const { toast } = screen;
  const said = toast === null ? "" : toast.kind === "lost" ? "Connection lost." : toast.text;
  return html`
    <p class="for-ears" role="status" aria-live="polite">${said}</p>
    <div class="toasts">
      ${toast !== null && html`<div class="toast" data-testid="toast" data-kind=${toast.kind}>
        <span class="shape" aria-hidden="true"></span>
        <p data-testid="toast-text">${toast.text}</p>
        ${toast.kind === "lost" && html`<button class="quiet" type="button" data-testid="toast-button" onClick=${() => screen.retry()}>Try now</button>`}
      </div>`}
    </div>
  `;
}
