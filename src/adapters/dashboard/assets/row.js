// One agent's row: made once, then changed in place. `draw` shows what the agent is, `tick` only how long ago.

import { el, setAttribute, setChildren, setText, setTextOrHide } from "./dom.js";
import { Sessions } from "./sessions.js";
import { ago, clockTime, duration, eventWords, fullTime, plural, reasonWords, statusWord } from "./words.js";

const KNOWN = new Set(["online", "offline", "error"]);
const LABELS_SHOWN = 6;

export class Row {
  #agent = null;
  #drawn = false;
  #shape = el("span", { class: "shape", "aria-hidden": "true" });
  #status = el("span", { "data-testid": "agent-status" });
  #since = el("time", { class: "since", "data-testid": "agent-since" });
  #id = el("h2", { class: "id", "data-testid": "agent-id" });
  #state = el("span", { class: "state", "data-testid": "agent-state" });
  #reason = el("span", { "data-testid": "agent-reason" });
  #restarts = el("span", { "data-testid": "agent-restarts" });
  #heard = el("span", { class: "heard", "data-testid": "agent-heard" });
  #message = el("p", { class: "message", "data-testid": "agent-message" });
  #events = el("ul", { class: "events", "data-testid": "agent-events", "aria-label": "Latest lifecycle events" });
  #labels = el("ul", { class: "labels", "data-testid": "agent-labels", "aria-label": "Labels" });
  #sessions = new Sessions();

  constructor() {
    this.element = el(
      "li",
      { class: "agent", "data-testid": "agent" },
      el("p", { class: "status" }, this.#shape, this.#status),
      el(
        "div",
        { class: "body" },
        el("div", { class: "head" }, this.#id, this.#labels),
        el("div", { class: "line" }, el("p", { class: "facts" }, this.#state, this.#reason, this.#restarts, this.#heard), this.#events),
        this.#message,
        this.#sessions.element,
      ),
      this.#since,
    );
  }

  /** Shows the agent as it is now. */
  draw(agent, now) {
    this.#agent = agent;
    const { detail } = agent;
    const statusBefore = this.element.dataset.status;
    const status = KNOWN.has(agent.status) ? agent.status : "unknown";
    setAttribute(this.element, "data-status", status);
    setAttribute(this.element, "data-agent-id", agent.agentId);
    setAttribute(this.element, "data-stale", String(detail.stale === true));
    setText(this.#id, agent.agentId);
    setText(this.#status, statusWord(agent.status));
    setTextOrHide(this.#state, typeof detail.state === "string" ? detail.state : "");
    setAttribute(this.#state, "data-word", this.#state.textContent);
    setTextOrHide(this.#reason, this.#reasonOf(agent));
    setTextOrHide(this.#restarts, detail.restarts > 0 ? plural(detail.restarts, "restart") : "");
    setTextOrHide(this.#message, typeof detail.message === "string" ? detail.message + (detail.truncated === true ? "…" : "") : "");
    this.#drawLabels(detail.labels ?? {});
    this.#drawEvents(agent);
    // What a session was doing says nothing once its agent is gone.
    this.#sessions.draw(agent.sessions, agent.status === "online", now);
    if (agent.since > 0) {
      setAttribute(this.#since, "datetime", new Date(agent.since).toISOString());
      setAttribute(this.#since, "title", `${statusWord(agent.status)} since ${fullTime(agent.since)}`);
    }
    this.tick(now);
    if (this.#drawn && statusBefore !== status) this.#flash();
    this.#drawn = true;
  }

  /** Moves the ages on. */
  tick(now) {
    const agent = this.#agent;
    setText(this.#since, agent.since > 0 ? `for ${duration(now - agent.since)}` : "");
    // Without a lease nothing takes a silent agent offline, so the screen says how long it has been silent.
    const silent = agent.detail.unleased === true || agent.detail.stale === true || agent.detail.reason === "lease_expired";
    setTextOrHide(this.#heard, silent && agent.heardAt > 0 ? `heard ${ago(now - agent.heardAt)}` : "");
    this.#sessions.tick(now);
  }

  // A lifecycle event that stands beside it already says why.
  #reasonOf({ detail, events }) {
    if (detail.stale === true) return "not heard since the server restarted";
    return events.at(-1)?.event === detail.reason ? "" : reasonWords(detail.reason);
  }

  #drawLabels(labels) {
    const pairs = Object.entries(labels).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
    const key = JSON.stringify(pairs);
    if (this.#labels.dataset.key === key) return;
    this.#labels.dataset.key = key;
    const shown = pairs.slice(0, LABELS_SHOWN).map((pair) => el("li", {}, pair));
    if (pairs.length > LABELS_SHOWN) {
      shown.push(el("li", { title: pairs.slice(LABELS_SHOWN).join("\n") }, `+${pairs.length - LABELS_SHOWN}`));
    }
    setChildren(this.#labels, shown);
    this.#labels.hidden = pairs.length === 0;
  }

  // After a reload only the status is left of a crash; its exit code is shown from there if the server gives it.
  #drawEvents({ events, status, detail, since }) {
    const fromStatus = status === "error" && (detail.exitCode !== undefined || detail.signal !== undefined);
    const shown = events.length === 0 && fromStatus ? [{ event: "crash", timestamp: since, ...detail }] : events;
    const key = JSON.stringify([shown, detail.message]);
    if (this.#events.dataset.key === key) return;
    this.#events.dataset.key = key;
    setChildren(this.#events, shown.map((event) => eventItem(event, detail.message)));
    this.#events.hidden = shown.length === 0;
  }

  #flash() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.element.animate([{ backgroundColor: "var(--flash)" }, {}], { duration: 1200, easing: "ease-out" });
  }
}

function eventItem(event, messageShown) {
  const when = el("time", { datetime: new Date(event.timestamp).toISOString(), title: fullTime(event.timestamp) }, clockTime(event.timestamp));
  const words = el("span", {}, eventWords(event));
  const item = el("li", { "data-event": event.event, "data-testid": "agent-event" }, words, when);
  if (event.message && event.message !== messageShown) words.append(`: ${event.message}`);
  return item;
}
