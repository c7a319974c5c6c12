// The help for the keyboard. It lists the keys; what they do is decided where they are listened to.

import { Dialog } from "./dialog.js";
import { html } from "./html.js";

/** Title of a group, then what is done and the keys for it: alternatives, each one key or some in a row. */
const GROUPS = [
  ["Anywhere", [
    ["Go to the fleet", [["g", "f"]]],
    ["Go to the sessions", [["g", "s"]]],
    ["Search", [["/"]]],
    ["Go back, or clear the search", [["Esc"]]],
    ["Show these keys", [["?"]]],
  ]],
  ["In the list", [
    ["Next agent", [["j"], ["↓"]]],
    ["Previous agent", [["k"], ["↑"]]],
    ["Open the agent", [["Enter"]]],
    ["Show all, online, waiting, error, offline or stale", [["1"], ["6"]], "to"],
  ]],
];

export function KeysDialog({ screen }) {
  return html`
    <${Dialog} name="keys" title="Keyboard" onClose=${() => screen.closeDialog()}>
      ${GROUPS.map(([title, rows]) => html`
        <table class="keys">
          <caption>${title}</caption>
          <thead class="for-ears"><tr><th scope="col">What it does</th><th scope="col">Keys</th></tr></thead>
          <tbody>${rows.map(([words, ways, between = "or"]) => html`
            <tr><th scope="row">${words}</th><td>${ways.map((keys, index) => html`
              ${index > 0 && html`<span class="keys-between">${between}</span>`}
              ${keys.map((key, place) => html`${place > 0 && html`<span class="keys-between">then</span>`}<kbd>${key}</kbd>`)}
            `)}</td></tr>
          `)}</tbody>
        </table>
      `)}
    <//>
  `;
}
