// What stands in the place of everything else when a person is needed: to sign in, or to say that it shall go on.

import { html } from "./html.js";

export function Gate({ screen, gate }) {
  const { title, text, needsLink } = gate;
  return html`<section class="card gate" data-testid="gate" aria-labelledby="gate-title">
    <h1 id="gate-title" data-testid="gate-title">${title}</h1>
    <p data-testid="gate-text">${text}</p>
    ${needsLink && html`<${Command} testid="command-link" name="Command for a new link" text=${linkCommand()} />`}
    ${!needsLink && html`<button class="solid" type="button" data-testid="gate-retry" onClick=${() => screen.reconnect()}>Connect again</button>`}
  </section>`;
}

/** A command to copy. */
export function Command({ testid, text, name }) {
  return html`<div class="command"><pre tabindex="0" role="region" aria-label=${name}><code data-testid=${testid}>${text}</code></pre></div>`;
}

function linkCommand() {
  const isDefault = location.host === "127.0.0.1:3000";
  return `mission-control link${isDefault ? "" : ` --url ${location.origin}`}`;
}
