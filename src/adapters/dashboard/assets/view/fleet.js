// The fleet: counters that choose, a search, groups, and the list of agents. Useful also when there is nothing to show.

import { parseCursor } from "../client/index.js";
import { plural, count } from "../model/words.js";
import { AgentRow, agentRow } from "./agent_row.js";
import { Empty } from "./empty.js";
import { Counters, Tools } from "./filters.js";
import { html } from "./html.js";
import { WindowList } from "./window_list.js";

const HEAD = html`<div class="row head" role="row" aria-rowindex="1">
  <span class="cell" role="columnheader">Status</span>
  <span class="cell" role="columnheader">Agent</span>
  <span class="cell" role="columnheader">Last message</span>
  <span class="cell when" role="columnheader">In state</span>
  <span class="cell restarts" role="columnheader">Restarts</span>
</div>`;

const memory = {};

export function FleetView({ screen }) {
  const { roster, place, fleet } = screen;
  if (fleet.agents.size === 0) return html`<h1 class="for-ears">Fleet</h1><${Empty} wasThere=${parseCursor(fleet.cursor ?? "")?.seq > 0} />`;
  const { status, search, group, sort } = place;
  return html`
    <h1 class="for-ears">Fleet</h1>
    <${Counters} screen=${screen} />
    <${Tools} screen=${screen} />
    ${roster.found === 0
      ? html`<${None} screen=${screen} />`
      : html`<${WindowList} screen=${screen} items=${roster.items} memory=${memory} testid="agents" label="Agents" head=${HEAD} pending=${roster.pending}
          scope=${JSON.stringify([status, search, group, sort])} row=${(item, at) => row(screen, item, at)} />`}
    <p class="foot" data-testid="foot">${footWords(screen)}</p>
  `;
}

function row(screen, item, at) {
  if (item.kind === "group") return html`<${GroupHead} key=${item.key} screen=${screen} item=${item} ...${at} />`;
  return html`<${AgentRow} key=${item.key} ...${agentRow(screen, item.key)} ...${at} />`;
}

function GroupHead({ screen, item, index, top, hasFocus }) {
  const counts = screen.roster.groups.get(item.value);
  const name = item.value === null ? `no ${screen.place.group}` : `${screen.place.group}=${item.value}`;
  const told = ["error", "waiting", "stale", "offline", "online"].filter((status) => counts?.[status] > 0);
  return html`<div class="row group" role="row" data-testid="group-head" data-group=${item.value ?? ""} data-key=${item.key} aria-rowindex=${index + 2}
    style=${{ transform: `translateY(${top})` }}>
    <div class="cell" role="cell"><button type="button" data-focus tabindex=${hasFocus ? 0 : -1} aria-expanded=${item.isOpen} onClick=${() => screen.toggleGroup(item.value)}>
      <span class="turn" aria-hidden="true"></span><span class="group-name">${name}</span> <span class="group-count">${count(counts?.all ?? 0)}</span>
    </button></div>
    <p class="cell tally" role="cell">${told.map((status) => html`<span key=${status} data-count=${status}><span class="shape" aria-hidden="true"></span>${count(counts[status])} ${status}</span>`)}</p>
  </div>`;
}

function None({ screen }) {
  return html`<div class="card none" data-testid="none">
    <p>No agent fits what you chose.</p>
    <button class="quiet" type="button" data-testid="clear" onClick=${() => screen.choose({ status: "all", search: "" })}>Show all agents</button>
  </div>`;
}

function footWords({ roster, fleet }) {
  const [epoch, seq] = (fleet.cursor ?? ":").split(":");
  const shown = roster.found === roster.counts.all ? plural(roster.found, "agent") : `${count(roster.found)} of ${plural(roster.counts.all, "agent")}`;
  return epoch === "" ? shown : `${shown} · event ${count(Number(seq))} of history ${epoch}`;
}
