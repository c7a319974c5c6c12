// What chooses among the agents: counters, search, group, order; and the button that lets a list go that stood still.

import { SORTS } from "../model/place.js";
import { STATUSES } from "../model/standing.js";
import { count, plural } from "../model/words.js";
import { html } from "./html.js";

const COUNTER_WORDS = { all: "Agents", online: "Online", waiting: "Waiting", error: "Error", offline: "Offline", stale: "Stale" };
const SORT_WORDS = { name: "Name", attention: "Needs attention", changed: "Latest change", longest: "Longest in state" };

export function Counters({ screen }) {
  const { roster, place } = screen;
  return html`<div class="counters" role="group" aria-label="Show agents by status">
    ${STATUSES.map((key, index) => html`<button key=${key} class="counter" type="button" data-counter=${key} data-status=${key}
      data-some=${roster.counts[key] > 0} aria-pressed=${place.status === key} title=${`${COUNTER_WORDS[key]} (key ${index + 1})`} onClick=${() => screen.choose({ status: key })}>
      <span class="number" data-testid=${`count-${key}`}>${count(roster.counts[key])}</span>
      <span class="word">${key !== "all" && html`<span class="shape" aria-hidden="true"></span>`}${COUNTER_WORDS[key]}</span>
    </button>`)}
    <a class="counter" href="#/sessions"><span class="number" data-testid="count-sessions">${count(screen.fleet.sessionCount)}</span><span class="word">Sessions</span></a>
  </div>`;
}

export function Tools({ screen }) {
  const { roster, place } = screen;
  const keys = place.group === "" || roster.labelKeys.includes(place.group) ? roster.labelKeys : [place.group, ...roster.labelKeys];
  return html`<div class="tools">
    <${Search} screen=${screen} label="Search agents" />
    <${Choice} label="Group by" testid="group" value=${place.group} onChoice=${(group) => screen.choose({ group })}
      options=${[["", "No groups"], ...keys.map((key) => [key, key])]} />
    <${Choice} label="Order by" testid="sort" value=${place.sort} onChoice=${(sort) => screen.choose({ sort })} options=${SORTS.map((key) => [key, SORT_WORDS[key]])} />
  </div>`;
}

export function Search({ screen, label }) {
  return html`<div class="search">
    <input type="search" data-testid="search" aria-label=${label} placeholder=${`${label}  ( / )`} autocomplete="off" spellcheck="false" maxlength="200"
      ref=${(field) => takeFocus(screen, field)} value=${screen.place.search} onInput=${({ currentTarget }) => screen.choose({ search: currentTarget.value })} />
  </div>`;
}

// Asked for where there was no search: it has the focus as soon as there is one.
function takeFocus(screen, field) {
  if (field === null || !screen.wantsSearch) return;
  screen.wantsSearch = false;
  field.focus();
}

/** A list that stands still under the pointer says how much waits. */
export function Pending({ screen, pending }) {
  if (pending === 0) return null;
  return html`<button class="pending" type="button" data-testid="pending" onClick=${() => screen.lists.release()}>Show ${plural(pending, "change")} to the order</button>`;
}

function Choice({ label, testid, value, options, onChoice }) {
  return html`<label class="choice"><span>${label}</span>
    <select data-testid=${testid} value=${value} onChange=${({ currentTarget }) => onChoice(currentTarget.value)}>
      ${options.map(([key, word]) => html`<option key=${key} value=${key} selected=${key === value}>${word}</option>`)}
    </select>
  </label>`;
}
