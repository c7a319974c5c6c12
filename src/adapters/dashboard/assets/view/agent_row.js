// One agent's row. It is drawn again only when what it shows changed: the agent, its latest session, or the second.

import { agentHash } from "../model/place.js";
import { isStale, isWaiting, latestSession, tellsSilence, waitingSession } from "../model/standing.js";
import { ago, duration, eventWords, fullTime, isoTime, plural, reasonWords, statusWord } from "../model/words.js";
import { Component, createRef, html } from "./html.js";

const LABELS_SHOWN = 4;
/** Why an agent is online needs no word where nothing else happened. */
const UNREMARKABLE = new Set(["start", "heard"]);
/** Silence of an agent without a lease that is worth a word. */
const SILENCE_MS = 60_000;

/** What a row shows of an agent, or of one that is gone since the list stood still. */
export function agentRow(screen, agentId) {
  const agent = screen.fleet.agents.get(agentId);
  const now = screen.now();
  if (agent === undefined) return { agentId, agent: null, session: undefined, second: 0 };
  const sessions = screen.fleet.sessions.get(agentId);
  const waits = isWaiting(agent, screen.roster.waitingSessions(agentId));
  return {
    agentId,
    agent,
    session: (waits ? waitingSession(sessions) : undefined) ?? latestSession(sessions),
    waits,
    stale: isStale(agent, now),
    lifecycle: screen.lifecycles.get(agentId),
    second: Math.floor(now / 1000),
  };
}

export class AgentRow extends Component {
  #element = createRef();

  shouldComponentUpdate(next) {
    return Object.keys(next).some((key) => next[key] !== this.props[key]);
  }

  componentDidUpdate(before) {
    if (before.agent === null || this.props.agent === null || before.agentId !== this.props.agentId) return;
    if (before.agent.status !== this.props.agent.status) flash(this.#element.current);
  }

  render({ agentId, agent, session, waits, stale, lifecycle, second, index, top, hasFocus }) {
    const place = { "data-key": agentId, "aria-rowindex": index + 2, style: { transform: `translateY(${top})` } };
    if (agent === null) return html`<${Gone} agentId=${agentId} place=${place} />`;
    const now = second * 1000 + 999;
    const { status, detail, heardAt } = agent;
    return html`<div class="row agent" role="row" ref=${this.#element} data-testid="agent" data-agent-id=${agentId} data-status=${status}
      data-waits=${waits} data-stale=${stale} ...${place}>
      <p class="cell status" role="cell"><span class="shape" aria-hidden="true"></span><span data-testid="agent-status">${statusWord(status)}</span></p>
      <div class="cell who" role="cell">
        <a class="id" href=${agentHash(agentId)} data-focus data-testid="agent-id" tabindex=${hasFocus ? 0 : -1}>${agentId}</a>
        <${Labels} labels=${detail.labels} />
      </div>
      <${Says} agent=${agent} session=${session} waits=${waits} lifecycle=${lifecycle} />
      <div class="cell when" role="cell">
        <time data-testid="agent-since" datetime=${isoTime(detail.since)} title=${`${statusWord(status)} since ${fullTime(detail.since)}`}>${duration(now - detail.since)}</time>
        ${tellsSilence(agent) && html`<${Heard} quietMs=${now - heardAt} isUnleased=${status === "online" && detail.unleased === true && detail.stale !== true} />`}
      </div>
      <p class="cell restarts" role="cell">${detail.restarts > 0 && html`<span data-testid="agent-restarts" title=${plural(detail.restarts, "restart")}>${detail.restarts}</span>`}</p>
    </div>`;
  }
}

// Without a lease nothing takes a silent agent offline: then the silence itself is told.
function Heard({ quietMs, isUnleased }) {
  const isQuiet = quietMs >= SILENCE_MS;
  const words = isUnleased && !isQuiet ? "no lease" : `last heard ${ago(quietMs)}`;
  return html`<span class="heard" data-quiet=${isQuiet} data-testid="agent-heard" title=${isUnleased ? "Without a lease nothing takes it offline by itself." : null}>${words}</span>`;
}

/** What an agent or a session says that it does. */
export function State({ word, testid }) {
  return html`<span class="state" data-word=${word} data-testid=${testid}>${word === "waiting" && html`<span class="shape" aria-hidden="true"></span>`}${word}</span>`;
}

function Gone({ agentId, place }) {
  return html`<div class="row agent gone" role="row" data-testid="agent-gone" data-agent-id=${agentId} ...${place}>
    <p class="cell status" role="cell"><span class="shape" aria-hidden="true"></span><span>Removed</span></p>
    <div class="cell who" role="cell"><span class="id">${agentId}</span></div>
  </div>`;
}

function Labels({ labels = {} }) {
  const pairs = Object.entries(labels).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
  const rest = pairs.length - LABELS_SHOWN;
  return html`<p class="labels" data-testid="agent-labels" title=${pairs.join("\n")}>
    ${pairs.slice(0, LABELS_SHOWN).map((pair) => html`<span key=${pair}>${pair}</span>`)}${rest > 0 && html`<span>+${rest}</span>`}
  </p>`;
}

// The agent's own message, below it why it is as it is, or what its latest session said.
function Says({ agent, session, waits, lifecycle }) {
  const { detail, status } = agent;
  const message = detail.message ?? "";
  const why = whyWords(agent, lifecycle);
  const said = session === undefined ? "" : session.lastMessage + (session.detail.truncated === true ? "…" : "");
  const state = waits ? "waiting" : status === "online" ? (detail.state ?? session?.detail.state ?? "") : "";
  return html`<div class="cell says" role="cell">
    <p class="first">
      ${state !== "" && html`<${State} word=${state} testid="agent-state" />`}
      ${message !== "" ? html`<span data-testid="agent-message">${message}${detail.truncated === true ? "…" : ""}</span>` : why !== "" && html`<span class="why" data-testid="agent-reason">${why}</span>`}
      ${message === "" && why === "" && said !== "" && html`<${Said} session=${session} said=${said} />`}
    </p>
    <p class="second">
      ${message !== "" && why !== "" && html`<span class="why" data-testid="agent-reason">${why}</span>`}
      ${(message !== "" || why !== "") && said !== "" && html`<${Said} session=${session} said=${said} />`}
    </p>
  </div>`;
}

function Said({ session, said }) {
  return html`<span class="said"><span class="session-name">${session.sessionId}</span> <span data-testid="session-message">${said}</span></span>`;
}

function whyWords({ detail, status }, lifecycle) {
  // Of one that stopped or crashed nothing was to be heard.
  if (detail.stale === true && status === "online") return "not heard since the server restarted";
  if (detail.reason === "crash_loop") return `keeps crashing: ${plural(detail.crashes ?? 3, "crash", "crashes")} in 5 minutes`;
  if (detail.reason === "crash" && lifecycle?.event === "crash") return eventWords({ event: "crash", ...lifecycle.detail }).replace("C", "c");
  return status === "online" && UNREMARKABLE.has(detail.reason) ? "" : reasonWords(detail.reason);
}

function flash(element) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  element.animate([{ backgroundColor: "var(--flash)" }, {}], { duration: 1200, easing: "ease-out" });
}
