// All about one agent: how it is, how it has been, what its sessions say and what happened. Draws from the live fleet and the
// agent's history, and changes neither.

import { isStale, isWaiting } from "../model/standing.js";
import { ago, clockTime, count, duration, eventWords, fullTime, plural, reasonWords } from "../model/words.js";
import { AgentSessions } from "./agent_sessions.js";
import { HistoryList } from "./history.js";
import { html } from "./html.js";
import { statusLabel } from "./past_words.js";
import { Timeline } from "./timeline.js";

export function AgentView({ screen, agentId, history }) {
  const { fleet } = screen;
  const live = fleet.agents.get(agentId);
  const agent = live ?? history.removed?.agent;
  return html`<article class="agent-view" data-testid="agent-view" data-agent-id=${agentId} key=${agentId}>
    <a class="back" data-testid="back" href="#/" onClick=${(event) => goBack(event, screen)}><span aria-hidden="true">←</span> Back</a>
    ${agent === undefined ? html`<${NotThere} fleet=${fleet} agentId=${agentId} />` : html`<${Known} screen=${screen} live=${live} agent=${agent} history=${history} />`}
  </article>`;
}

// To the list that it was opened from; a click that asks for a tab of its own goes to the fleet.
function goBack(event, screen) {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  screen.back();
}

function NotThere({ fleet, agentId }) {
  // Before the first copy is whole nobody knows which agents there are.
  if (fleet.cursor === null) return html`<p class="card part-empty" role="status">Looking for ${agentId}…</p>`;
  return html`<section class="card not-there" data-testid="agent-unknown">
    <h1 data-testid="agent-title">${agentId}</h1>
    <p>No agent of this id is known. It may have been removed, or has not reported yet: then it appears here as soon as it does.</p>
    <p><a href="#/">See all agents</a></p>
  </section>`;
}

function Known({ screen, live, agent, history }) {
  const sessions = live === undefined ? history.removed.sessions : [...(screen.fleet.sessions.get(agent.agentId)?.values() ?? [])];
  return html`
    <${Head} screen=${screen} live=${live} agent=${agent} />
    ${live === undefined && html`<p class="agent-gone" role="status" data-testid="agent-removed">This agent is no longer there: it was removed, or is no longer shown to you. What follows is as it was then.</p>`}
    <${Facts} screen=${screen} live=${live} agent=${agent} history=${history} />
    <${Timeline} screen=${screen} history=${history} agent=${live} />
    <div class="agent-columns">
      <${AgentSessions} screen=${screen} history=${history} sessions=${sessions} titleId="sessions-title" />
      <${HistoryList} screen=${screen} history=${history} titleId="history-title" />
    </div>`;
}

function Head({ screen, live, agent }) {
  const { status, detail } = agent;
  const waits = live !== undefined && isWaiting(live, screen.roster.waitingSessions(live.agentId));
  const look = live === undefined ? "unknown" : waits ? "waiting" : status;
  const word = live === undefined ? "Gone" : statusLabel(look);
  const why = whyWords(agent);
  const labels = Object.entries(detail.labels ?? {});
  return html`<header class="agent-head">
    <div class="agent-line">
      <h1 class="agent-title" data-testid="agent-title">${agent.agentId}</h1>
      <span class="pill" data-status=${look} data-stale=${String(live !== undefined && isStale(live, screen.now()))}><span class="shape" aria-hidden="true"></span>
        <span data-testid="agent-status">${word}</span>
        ${live !== undefined && Number.isFinite(detail.since) && html`<span class="pill-since">for <time data-testid="agent-since" title=${`since ${fullTime(detail.since)}`}>${duration(screen.now() - detail.since)}</time></span>`}</span>
      ${detail.state && !waits && html`<span class="chip" data-state=${detail.state} data-testid="agent-state">${detail.state}</span>`}
      ${waits && html`<span class="for-ears" data-testid="agent-state">waiting</span>`}
    </div>
    ${why && html`<p class="agent-why" data-testid="agent-reason" data-grave=${String(detail.reason === "crash_loop")}>${why}</p>`}
    ${detail.message && html`<p class="agent-message" data-testid="agent-message">${detail.message}${detail.truncated === true && html` <span class="soft">(cut by the server)</span>`}</p>`}
    ${labels.length > 0 && html`<ul class="agent-labels" data-testid="agent-labels" aria-label="Labels">${labels.map(([key, value]) => html`<li key=${key}><span class="soft">${key}</span> ${value}</li>`)}</ul>`}
  </header>`;
}

function whyWords({ detail }) {
  if (detail.stale === true) return "Not heard since the server restarted. It is shown as it was before.";
  if (detail.reason === "crash_loop") {
    const often = detail.crashes > 0 ? `${plural(detail.crashes, "crash or restart", "crashes or restarts")} within 5 minutes` : "crash after crash";
    return `Crash loop: ${often}. It counts as online again once it has lived for 60 s.`;
  }
  const words = reasonWords(detail.reason);
  return words === "" ? "" : words[0].toUpperCase() + words.slice(1);
}

function Facts({ screen, live, agent, history }) {
  const now = screen.now();
  const { detail } = agent;
  const isUp = live?.status === "online" && detail.stale !== true && history.onlineSince !== null;
  const heardAt = Math.max(agent.heardAt ?? 0, detail.lastSeenAt ?? 0) || agent.timestamp;
  const isQuiet = live === undefined || detail.unleased === true || detail.stale === true || agent.status === "offline";
  return html`<dl class="facts">
    <${Fact} name="Uptime" testid="uptime" value=${isUp ? duration(now - history.onlineSince) : "–"} note=${uptimeNote(live, history, isUp)} />
    <${Fact} name="Restarts" testid="restarts" value=${count(detail.restarts ?? 0)} note="since it is known" />
    <${Crashes} history=${history} now=${now} />
    <${Fact} name="Last heard" testid="agent-heard" value=${isQuiet ? ago(now - heardAt) : "in time"} title=${fullTime(heardAt)}
      note=${detail.unleased === true ? "no lease: nothing takes it offline by itself" : `last at ${clockTime(heardAt)}`} />
  </dl>`;
}

function uptimeNote(live, history, isUp) {
  if (isUp) return `since ${clockTime(history.onlineSince)}`;
  if (live === undefined) return "removed";
  return live.status === "online" ? (history.isReading ? "reading…" : "not known") : "not online";
}

function Crashes({ history, now }) {
  const crashes = history.facts.filter(({ event }) => event === "crash");
  const last = crashes.at(-1);
  const reach = history.hasAllFacts ? "in the kept history" : "in what was read";
  if (last === undefined) return html`<${Fact} name="Crashes" testid="crashes" value="0" note=${history.state === "loading" ? "reading…" : reach} />`;
  const [, ...how] = eventWords(last).split(", ");
  const note = `last ${[...how, ago(now - last.at)].join(", ")}`;
  return html`<${Fact} name="Crashes" testid="crashes" value=${count(crashes.length)} note=${note} title=${`${reach}; the last at ${fullTime(last.at)}`} isGrave=${now - last.at < 3_600_000} />`;
}

function Fact({ name, testid, value, note, title, isGrave = false }) {
  return html`<div class="fact" data-grave=${String(isGrave)}><dt>${name}</dt><dd title=${title}><span class="fact-value" data-testid=${testid}>${value}</span> <span class="fact-note">${note}</span></dd></div>`;
}
