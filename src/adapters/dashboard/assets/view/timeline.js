// An agent's past as a picture: lanes of status, marks and activity over a time axis. One stop for the keyboard, whose
// arrows go from event to event. What is drawn is worked out by model/timeline.js; nothing is reckoned here.

import { clockTime, count, duration, plural } from "../model/words.js";
import { RANGES, timeline } from "../model/timeline.js";
import { Lanes, PLOT } from "./lanes.js";
import { Component, createRef, html } from "./html.js";
import { bandWords, markWords, statusLabel } from "./past_words.js";

/** Pixels around a mark in which the pointer means it. */
const NEAR = 12;
const TIP_WIDTH = 260;
const FIRST_RANGE = "1h";

export class Timeline extends Component {
  /** `chosen` is a range that the person chose, or "". */
  state = { chosen: "", width: 800, picked: null };
  #plot = createRef();
  #observer = null;
  #key = "";
  #picture = null;

  componentDidMount() {
    this.#observer = new ResizeObserver(([{ contentRect }]) => this.setState({ width: Math.max(240, Math.round(contentRect.width)) }));
    this.#observer.observe(this.#plot.current);
    this.#reach();
  }

  componentWillUnmount() {
    this.#observer.disconnect();
  }

  // Of an agent that is new, all that is known: an hour of nothing says nothing.
  #rangeName() {
    const { chosen } = this.state;
    if (chosen !== "") return chosen;
    const { screen, history } = this.props;
    const [first] = history.facts;
    const isNew = history.hasAllFacts && first !== undefined && screen.now() - first.at < rangeOf(FIRST_RANGE).ms;
    return isNew ? "all" : FIRST_RANGE;
  }

  #reach() {
    const { ms } = rangeOf(this.#rangeName());
    if (Number.isFinite(ms)) this.props.history.reach(this.props.screen.now() - ms);
  }

  #choose(chosen) {
    this.setState({ chosen, picked: null }, () => this.#reach());
  }

  // Drawn anew once a second, or when something happened: not with every other agent's change.
  #drawn() {
    const { screen, history, agent } = this.props;
    const { width } = this.state;
    const rangeName = this.#rangeName();
    const now = screen.now();
    const key = [history.version, agent?.rev, agent?.detail.stale, Math.floor(now / 1_000), rangeName, width].join();
    if (key !== this.#key) {
      const { facts, activities, activitiesFloor } = history;
      const doubtFrom = agent?.detail.stale === true ? (screen.fleet.hello?.serverStartedAt ?? agent.heardAt) : Infinity;
      const { ms: rangeMs } = rangeOf(rangeName);
      const pixels = width - PLOT.after;
      this.#picture = timeline({ facts, activities, activitiesFloor, agent, doubtFrom, rangeMs, now, pixels });
      this.#key = key;
    }
    return this.#picture;
  }

  #stops({ bands, marks }) {
    const stops = [...bands.map((band) => ({ kind: "band", at: band.from, it: band })), ...marks.map((mark) => ({ kind: "mark", at: mark.at, it: mark }))];
    return stops.sort((one, other) => one.at - other.at);
  }

  #onPointer = (event) => {
    if (event.target.closest(".tl-tip") !== null) return;
    const { left, top } = this.#plot.current.getBoundingClientRect();
    this.setState({ picked: this.#at(event.clientX - left, event.clientY - top) });
  };

  #at(x, y) {
    const picture = this.#drawn();
    const { from, to, marks, bands, activity } = picture;
    const pixels = this.state.width - PLOT.after;
    const at = from + (x * (to - from)) / pixels;
    const near = (mark) => Math.abs(((mark.at - from) / (to - from)) * pixels - x);
    const mark = marks.filter((each) => near(each) <= NEAR).sort((one, other) => near(one) - near(other))[0];
    if (mark !== undefined && y < PLOT.statusEnd) return { kind: "mark", at: mark.at };
    const inside = (each) => each.from <= at && at < each.to;
    if (y > PLOT.statusEnd && activity.some(inside)) return { kind: "bin", at: activity.find(inside).from };
    const band = bands.find(inside);
    return band === undefined ? null : { kind: "band", at: band.from };
  }

  #onKey = (event) => {
    const stops = this.#stops(this.#drawn());
    const here = stops.findIndex((stop) => isPicked(stop, this.state.picked));
    const steps = { ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1, Home: 0, End: stops.length - 1 };
    if (event.key === "Escape" && this.state.picked !== null) this.setState({ picked: null });
    else if (event.key in steps) {
      const { kind, at } = stops[Math.max(0, Math.min(stops.length - 1, steps[event.key]))];
      this.setState({ picked: { kind, at } });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #onFocus = () => {
    const last = this.#stops(this.#drawn()).at(-1);
    if (this.state.picked === null && last !== undefined) this.setState({ picked: { kind: last.kind, at: last.at } });
  };

  #away = () => this.setState({ picked: null });

  render({ screen, history, agent }, { width, picked }) {
    const rangeName = this.#rangeName();
    const picture = this.#drawn();
    const stops = this.#stops(picture);
    const here = stops.findIndex((stop) => isPicked(stop, picked));
    const tip = tipOf(picture, stops[here], picked);
    const isLive = screen.fleet.state.name === "live";
    const x = tip === null ? 0 : ((tip.at - picture.from) / (picture.to - picture.from)) * (width - PLOT.after);
    return html`<section class="card tl" aria-labelledby="tl-title">
      <header class="part-head">
        <h2 id="tl-title">Timeline</h2>
        ${history.isReading && html`<span class="part-note" role="status">Reading the past…</span>`}
        <div class="segments" role="group" aria-label="Range">
          ${RANGES.map(({ name, label }) => html`<button type="button" key=${name} data-range=${name} aria-pressed=${String(name === rangeName)} onClick=${() => this.#choose(name)}>${label}</button>`)}
        </div>
      </header>
      <div class="tl-plot" ref=${this.#plot} onPointerMove=${this.#onPointer} onPointerDown=${this.#onPointer} onPointerLeave=${this.#away}>
        <${Lanes} picture=${picture} width=${width} isLive=${isLive && agent !== undefined} picked=${tip} label=${summary(picture, rangeName)} />
        <div class="tl-stops" role="slider" tabindex="0" aria-label="Events on the timeline" aria-valuemin="0" aria-valuemax=${stops.length}
          aria-valuenow=${here + 1} aria-valuetext=${tip?.words ?? "None chosen"} onKeyDown=${this.#onKey} onFocus=${this.#onFocus} onBlur=${this.#away}></div>
        ${tip !== null && html`<div class="tl-tip" aria-hidden="true" style=${{ left: `${Math.round(Math.max(0, Math.min(x - TIP_WIDTH / 2, width - TIP_WIDTH)))}px` }}>
          <strong>${tip.title}</strong>${tip.lines.map((line) => html`<span>${line}</span>`)}
        </div>`}
      </div>
      <${Key} totals=${picture.totals} ms=${picture.to - picture.from} />
    </section>`;
  }
}

/** How long each status was had; the shapes are those of the lane. */
function Key({ totals, ms }) {
  return html`<ul class="tl-key">
    ${totals.map(({ status, ms: part }) => html`<li key=${status} data-status=${status}><span class="shape" aria-hidden="true"></span>
      ${statusLabel(status)} <span class="soft">${duration(part)} · ${percent(part / ms)}</span></li>`)}
  </ul>`;
}

function percent(part) {
  if (part > 0 && part < 0.001) return "< 0.1 %";
  return `${(part * 100).toFixed(part > 0.999 || part < 0.1 ? 1 : 0).replace(/\.0$/, "")} %`;
}

function rangeOf(name) {
  return RANGES.find((range) => range.name === name);
}

function isPicked(stop, picked) {
  return picked !== null && stop.kind === picked.kind && stop.at === picked.at;
}

function tipOf({ activity }, stop, picked) {
  const bin = picked?.kind === "bin" ? activity.find(({ from }) => from === picked.at) : undefined;
  if (bin !== undefined) {
    const lines = [`${clockTime(bin.from)} – ${clockTime(bin.to)}`];
    return { kind: "bin", at: (bin.from + bin.to) / 2, ...told(plural(bin.count, "activity", "activities"), lines) };
  }
  if (stop === undefined) return null;
  const { title, lines } = stop.kind === "mark" ? markWords(stop.it) : bandWords(stop.it);
  const at = stop.kind === "mark" ? stop.at : (stop.it.from + stop.it.to) / 2;
  return { kind: stop.kind, at, from: stop.at, ...told(title, lines) };
}

function told(title, lines) {
  return { title, lines, words: [title, ...lines].join(". ") };
}

/** The picture in one sentence; the list of events below says all of it. */
function summary({ totals, marks, activity }, rangeName) {
  const tally = {};
  for (const mark of marks) for (const [event, number] of Object.entries(mark.tally)) tally[event] = (tally[event] ?? 0) + number;
  const named = { start: ["start"], stop: ["stop"], restart: ["restart"], crash: ["crash", "crashes"], removed: ["removal"] };
  const events = Object.entries(tally).map(([event, number]) => plural(number, ...(named[event] ?? [event])));
  const acts = activity.reduce((sum, bin) => sum + bin.count, 0);
  const times = totals.map(({ status, ms }) => `${statusLabel(status).toLowerCase()} ${duration(ms)}`);
  const range = rangeName === "all" ? "All that is known" : `Last ${rangeOf(rangeName).label}`;
  return `${range}: ${times.join(", ")}; ${events.join(", ") || "no starts, stops or crashes"}; ${count(acts)} activities. All events are listed below.`;
}
