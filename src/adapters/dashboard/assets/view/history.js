// The list of what happened to an agent, newest first: each with its time, in words. Draws what the history holds and asks it
// for more; reads nothing itself.

import { KEPT } from "../model/history.js";
import { clockTime, count, fullTime, isoTime, reasonWords } from "../model/words.js";
import { Component, html } from "./html.js";
import { Glyph } from "./lanes.js";
import { pastEventWords, statusLabel } from "./past_words.js";

const FILTERS = [
  { name: "all", label: "All" },
  { name: "facts", label: "Lifecycle & status" },
  { name: "activity", label: "Activity" },
];
const ROWS_STEP = 100;

export class HistoryList extends Component {
  state = { filter: "all", rows: ROWS_STEP };

  #earlier(hidden) {
    this.setState(({ rows }) => ({ rows: rows + ROWS_STEP }));
    if (hidden < ROWS_STEP) this.props.history.earlier();
  }

  render({ screen, history, titleId }, { filter, rows }) {
    const all = entriesOf(history, filter);
    const hidden = Math.max(0, all.length - rows);
    const isMore = hidden > 0 || history.hasEarlier;
    return html`<section class="card past" aria-labelledby=${titleId}>
      <header class="part-head">
        <h2 id=${titleId}>History</h2>
        <div class="segments" role="group" aria-label="Show">
          ${FILTERS.map(({ name, label }) => html`<button type="button" key=${name} data-filter=${name} aria-pressed=${String(name === filter)}
            onClick=${() => this.setState({ filter: name, rows: ROWS_STEP })}>${label}</button>`)}
        </div>
      </header>
      <${Trouble} history=${history} />
      <ol class="events" aria-label="Events, newest first">${rowsOf(all, hidden, filter === "facts" ? 0 : history.activitiesFloor, screen.now())}</ol>
      ${all.length === 0 && history.state === "ready" && html`<p class="part-empty">${filter === "all" ? "Nothing is kept of its past." : "Nothing of this kind."}</p>`}
      ${all.length === 0 && history.state === "loading" && html`<p class="part-empty" role="status">Reading the past…</p>`}
      <footer class="past-foot">
        ${isMore && html`<button class="quiet" type="button" data-testid="earlier" disabled=${history.isReading && hidden === 0} onClick=${() => this.#earlier(hidden)}>
          ${history.isReading && hidden === 0 ? "Reading…" : "Show earlier"}</button>`}
        ${!isMore && all.length > 0 && history.state === "ready" && html`<span class="soft">${endWords(history)}</span>`}
      </footer>
    </section>`;
  }
}

function endWords({ isFull }) {
  if (!isFull) return "This is all that the server keeps.";
  return `This page holds ${count(KEPT.facts)} changes and ${count(KEPT.activities)} activities; the server may keep older ones.`;
}

function Trouble({ history }) {
  if (history.state !== "failed") return null;
  return html`<div class="trouble" role="alert"><p>${history.why}</p>
    ${!history.isUnknown && html`<button class="quiet" type="button" data-testid="history-retry" onClick=${() => history.retry()}>Try again</button>`}</div>`;
}

/** Oldest first, by position. */
export function entriesOf({ facts, activities }, filter) {
  if (filter === "facts") return facts;
  if (filter === "activity") return activities;
  const all = [];
  let next = 0;
  for (const fact of facts) {
    while (next < activities.length && activities[next].seq < fact.seq) all.push(activities[next++]);
    all.push(fact);
  }
  return all.concat(activities.slice(next));
}

function rowsOf(all, hidden, floor, now) {
  const rows = [];
  let day = dayOf(now, now);
  let isBelow = false;
  for (let index = all.length - 1; index >= hidden; index -= 1) {
    const entry = all[index];
    if (!isBelow && entry.seq <= floor && index < all.length - 1) {
      isBelow = true;
      rows.push(html`<li class="ev-note" key="floor">Activities before this are not read yet.</li>`);
    }
    const its = dayOf(entry.at, now);
    if (its !== day) rows.push(html`<li class="ev-day" key=${`day-${entry.seq}`}>${its}</li>`);
    day = its;
    rows.push(html`<${Entry} key=${entry.seq} entry=${entry} before=${all[index - 1]} />`);
  }
  return rows;
}

function dayOf(at, now) {
  const day = new Date(at);
  const isThisYear = day.getFullYear() === new Date(now).getFullYear();
  if (day.toDateString() === new Date(now).toDateString()) return "Today";
  return day.toLocaleDateString([], { weekday: "short", day: "numeric", month: "long", ...(!isThisYear && { year: "numeric" }) });
}

/** Entries never change, so they are drawn once. */
class Entry extends Component {
  shouldComponentUpdate({ entry, before }) {
    return entry !== this.props.entry || before?.seq !== this.props.before?.seq;
  }

  render({ entry, before }) {
    const { at, kind, isAfter } = entry;
    const said = SAY[kind](entry, before);
    return html`<li class="ev" data-testid="event" data-event=${kind === "lifecycle" ? entry.event : kind}>
      <time datetime=${isoTime(at)} title=${fullTime(at)}>${isAfter ? "after " : ""}${clockTime(at)}</time>
      ${said.icon}
      <p class="ev-what">${said.title}${said.note && html` <span class="ev-note-text">${said.note}</span>`}</p>
    </li>`;
  }
}

const glyph = (event) => html`<svg class="ev-icon" viewBox="-8 -8 16 16" aria-hidden="true"><${Glyph} event=${event} /></svg>`;
const strong = (words) => html`<strong>${words}</strong>`;

const SAY = {
  lifecycle: (entry) => ({ icon: glyph(entry.event), title: strong(pastEventWords(entry)), note: entry.message }),
  // What a start or crash said is told once, by it.
  status: ({ status, reason, state, message, crashes }, before) => {
    const isTold = before?.kind === "lifecycle" && before.message === message;
    const why = [reasonWords(reason), crashes > 0 && `${count(crashes)} crashes or restarts in 5 minutes`, state].filter(Boolean).join(" · ");
    const title = html`${strong(statusLabel(status))}${why && html` <span class="ev-why">${why}</span>`}`;
    return { icon: html`<span class="ev-icon ev-status" data-status=${status}><span class="shape" aria-hidden="true"></span></span>`, title, note: isTold ? "" : message };
  },
  activity: ({ sessionId, text, state }) => {
    const title = html`<span class="ev-session">${sessionId}</span>${state && state !== "working" && html` <span class="chip" data-state=${state}>${state}</span>`}`;
    return { icon: html`<span class="ev-icon ev-dot" aria-hidden="true"></span>`, title, note: text };
  },
  removed: () => ({ icon: glyph("removed"), title: strong("Removed"), note: "The server forgot it and its sessions." }),
  "session-removed": ({ sessionId }) => ({ icon: glyph("removed"), title: html`Session <span class="ev-session">${sessionId}</span> ended`, note: "" }),
};
