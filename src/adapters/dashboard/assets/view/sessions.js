// The sessions of the whole fleet: what each said last, the latest first.

import { LISTED_MAX } from "../model/session_roster.js";
import { agentHash } from "../model/place.js";
import { ago, count, fullTime, isoTime, plural, statusWord } from "../model/words.js";
import { State } from "./agent_row.js";
import { Search } from "./filters.js";
import { Component, html } from "./html.js";
import { WindowList } from "./window_list.js";

const HEAD = html`<div class="row head session-row" role="row" aria-rowindex="1">
  <span class="cell" role="columnheader">Session</span>
  <span class="cell" role="columnheader">Last message</span>
  <span class="cell when" role="columnheader">Said</span>
</div>`;

const memory = {};

export function SessionsView({ screen }) {
  const { sessionRoster, place, fleet } = screen;
  const isWaiting = place.status === "waiting";
  return html`
    <div class="title"><h1>Sessions</h1><p class="soft">${foundWords(sessionRoster, fleet.sessionCount)}</p></div>
    <div class="tools">
      <${Search} screen=${screen} label="Search sessions" />
      <button class="toggle" type="button" data-testid="only-waiting" aria-pressed=${isWaiting} onClick=${() => screen.choose({ status: isWaiting ? "all" : "waiting" })}>
        <span data-count="waiting"><span class="shape" aria-hidden="true"></span></span>Only waiting</button>
    </div>
    ${sessionRoster.found === 0
      ? html`<div class="card none" data-testid="none"><p>${fleet.sessionCount === 0 ? "No agent has a session yet. One appears with its first activity." : "No session fits what you chose."}</p></div>`
      : html`<${WindowList} screen=${screen} items=${sessionRoster.items} memory=${memory} testid="sessions" label="Sessions" head=${HEAD} pending=${sessionRoster.pending}
          scope=${JSON.stringify([place.status, place.search])} row=${(item, at) => row(screen, item, at)} />`}
  `;
}

function foundWords({ found, items }, all) {
  const words = found === all ? plural(all, "session") : `${count(found)} of ${plural(all, "session")}`;
  return found > LISTED_MAX ? `${words}, the latest ${count(items.length)} listed` : words;
}

function row(screen, { key, agentId, sessionId }, at) {
  const session = screen.fleet.sessions.get(agentId)?.get(sessionId) ?? null;
  const agent = screen.fleet.agents.get(agentId) ?? null;
  const second = Math.floor(screen.now() / 1000);
  return html`<${SessionRow} key=${key} rowKey=${key} agentId=${agentId} sessionId=${sessionId} session=${session} agent=${agent} second=${second} ...${at} />`;
}

class SessionRow extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some((key) => next[key] !== this.props[key]);
  }

  render({ rowKey, agentId, sessionId, session, agent, second, index, top, hasFocus }) {
    const now = second * 1000 + 999;
    // What a session was doing says nothing once its agent is gone.
    const state = agent?.status === "online" ? (session?.detail.state ?? "") : "";
    return html`<div class="row session-row" role="row" data-testid="session" data-key=${rowKey} data-agent-id=${agentId} data-session-id=${sessionId}
      data-status=${agent?.status ?? "unknown"} data-waits=${state === "waiting"} aria-rowindex=${index + 2} style=${{ transform: `translateY(${top})` }}>
      <div class="cell who" role="cell">
        <p class="id">${sessionId}</p>
        <p class="of"><span class="shape" aria-hidden="true"></span><a href=${agentHash(agentId)} data-focus data-testid="session-agent" tabindex=${hasFocus ? 0 : -1}>${agentId}</a>
          <span class="for-ears">${statusWord(agent?.status)}</span></p>
      </div>
      <div class="cell says" role="cell"><p class="first">
        ${state !== "" && html`<${State} word=${state} testid="session-state" />`}
        <span data-testid="session-message">${session === null ? "Removed" : session.lastMessage}${session?.detail.truncated === true ? "…" : ""}</span>
      </p></div>
      <div class="cell when" role="cell">${session !== null && html`<time datetime=${isoTime(session.timestamp)} title=${fullTime(session.timestamp)}>${ago(now - session.timestamp)}</time>`}</div>
    </div>`;
  }
}
