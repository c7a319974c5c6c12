// The sessions of one agent, latest first, and the messages of the one that is chosen. While the pointer or the focus is in
// the list, its order stands still; what the rows say goes on.

import { ago, clockTime, fullTime, isoTime, plural } from "../model/words.js";
import { Component, html } from "./html.js";

const MESSAGES_SHOWN = 100;
const ROWS_SHOWN = 100;

export class AgentSessions extends Component {
  state = { held: null, chosen: null };
  #reasons = new Set();

  #hold(reason, isHeld) {
    if (isHeld) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    if (this.#reasons.size === 0) this.setState({ held: null });
    else if (this.state.held === null) this.setState({ held: latestFirst(this.props.sessions).map(({ sessionId }) => sessionId) });
  }

  #focusOut = (event) => {
    if (!event.currentTarget.contains(event.relatedTarget)) this.#hold("focus", false);
  };

  render({ screen, history, sessions, titleId }, { held, chosen }) {
    const ordered = inOrder(sessions, held).slice(0, ROWS_SHOWN);
    const now = screen.now();
    return html`<section class="card sess" aria-labelledby=${titleId}>
      <header class="part-head"><h2 id=${titleId}>Sessions</h2><span class="part-note">${plural(sessions.length, "session")}</span></header>
      ${sessions.length === 0 && html`<p class="part-empty">It has told of no session.</p>`}
      <ul class="sess-list" onPointerEnter=${() => this.#hold("pointer", true)} onPointerLeave=${() => this.#hold("pointer", false)}
        onFocusIn=${() => this.#hold("focus", true)} onFocusOut=${this.#focusOut}>
        ${ordered.map((session) => {
          const isOpen = session.sessionId === chosen;
          const toggle = () => this.setState({ chosen: isOpen ? null : session.sessionId });
          return html`<${Row} key=${session.sessionId} session=${session} now=${now} isOpen=${isOpen} toggle=${toggle} history=${history} />`;
        })}
      </ul>
    </section>`;
  }
}

function Row({ session, now, isOpen, toggle, history }) {
  const { agentId, sessionId, lastMessage, timestamp, detail } = session;
  return html`<li class="sess-row" data-testid="session" data-agent-id=${agentId} data-session-id=${sessionId} data-open=${String(isOpen)}>
    <button type="button" class="sess-button" aria-expanded=${String(isOpen)} onClick=${toggle}>
      <span class="sess-top"><span class="sess-id">${sessionId}</span>
        ${detail?.state && html`<span class="chip" data-state=${detail.state} data-testid="session-state">${detail.state}</span>`}
        <span class="sess-age" title=${fullTime(timestamp)}>${ago(now - timestamp)}</span></span>
      <span class="sess-message" data-testid="session-message" key=${session.rev}>${lastMessage}</span>
    </button>
    ${isOpen && html`<${Messages} history=${history} sessionId=${sessionId} />`}
  </li>`;
}

function Messages({ history, sessionId }) {
  const said = history.activities.filter((entry) => entry.sessionId === sessionId).slice(-MESSAGES_SHOWN).reverse();
  return html`<div class="sess-said">
    ${said.length === 0 && html`<p class="soft">${history.isReading ? "Reading…" : "None of its messages has been read yet."}</p>`}
    <ol aria-label="Messages, newest first">
      ${said.map(({ seq, at, text, state }) => html`<li key=${seq}><time datetime=${isoTime(at)} title=${fullTime(at)}>${clockTime(at)}</time>
        <span class="sess-text">${text}</span>${state && html`<span class="soft">${state}</span>`}</li>`)}
    </ol>
    ${said.length < MESSAGES_SHOWN && history.hasEarlier && html`<button class="quiet" type="button" disabled=${history.isReading} onClick=${() => history.earlier()}>Look further back</button>`}
  </div>`;
}

function latestFirst(sessions) {
  return [...sessions].sort((one, other) => other.rev - one.rev);
}

/** As it was when it was held; what came since is at the end, where nothing has to move for it. */
export function inOrder(sessions, held) {
  if (held === null) return latestFirst(sessions);
  const places = new Map(held.map((sessionId, place) => [sessionId, place]));
  const placeOf = ({ sessionId }) => places.get(sessionId) ?? Infinity;
  return [...sessions].sort((one, other) => {
    const [a, b] = [placeOf(one), placeOf(other)];
    return a === b ? one.rev - other.rev : a - b;
  });
}
