// The page of a server that no agent reported to yet: two commands that make one appear.

import { Command } from "./gate.js";
import { html } from "./html.js";

export function Empty({ wasThere }) {
  return html`<section class="card gate" data-testid="empty" aria-labelledby="empty-title">
    <h2 id="empty-title">${wasThere ? "No agent is there now" : "No agent has reported yet"}</h2>
    ${wasThere && html`<p>Those that reported were removed, or are not shown to you.</p>`}
    <p>Two commands make one appear here, with no reload. Run them in the folder where the server was started.</p>
    <ol class="steps">
      <li><p>Make a token that may report:</p>
        <${Command} testid="command-token" name="Command for a token" text="mission-control token --sub my-agents --scope report > report.token" /></li>
      <li><p>Report as an agent:</p><${Command} testid="command-report" name="Command for a report" text=${report()} /></li>
    </ol>
  </section>`;
}

function report() {
  return [
    `curl ${new URL("api/v1/agents/my-first-agent/status", document.baseURI.split("#", 1)[0])} \\`,
    `  -H "Authorization: Bearer $(cat report.token)" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"status":"online","message":"Hello, Mission Control"}'`,
  ].join("\n");
}
