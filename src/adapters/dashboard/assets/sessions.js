// The sessions of one agent, below its row: the latest few, in the order of their ids so that a busy one does not jump.

import { el, setAttribute, setChildren, setHidden, setText, setTextOrHide } from "./dom.js";
import { ago, plural } from "./words.js";

const SHOWN = 4;
const byId = new Intl.Collator("en", { numeric: true });

export class Sessions {
  #list = el("ul", { class: "sessions", "data-testid": "sessions", "aria-label": "Sessions" });
  #more = el("button", { class: "quiet", type: "button", "aria-expanded": "false" });
  #items = new Map();
  #all = false;
  #sessions = new Map();
  #alive = false;
  #now = 0;

  constructor() {
    this.element = el("div", { class: "session-box" }, this.#list, this.#more);
    this.#more.addEventListener("click", () => {
      this.#all = !this.#all;
      this.draw(this.#sessions, this.#alive, this.#now);
    });
  }

  /** Shows them; a session's state only while its agent is `alive`. */
  draw(sessions, alive, now) {
    this.#sessions = sessions;
    this.#alive = alive;
    const all = [...sessions.values()];
    const latest = [...all].sort((a, b) => b.timestamp - a.timestamp).slice(0, this.#all ? all.length : SHOWN);
    latest.sort((a, b) => byId.compare(a.sessionId, b.sessionId));
    const items = new Map();
    for (const session of latest) {
      const item = this.#items.get(session.sessionId) ?? new Item(session.sessionId);
      item.draw(session, alive);
      items.set(session.sessionId, item);
    }
    this.#items = items;
    setChildren(this.#list, [...items.values()].map((item) => item.element));
    setHidden(this.element, all.length === 0);
    setHidden(this.#more, all.length <= SHOWN);
    setText(this.#more, this.#all ? "Show only the latest" : `Show all ${plural(all.length, "session")}`);
    this.#more.setAttribute("aria-expanded", String(this.#all));
    this.tick(now);
  }

  tick(now) {
    this.#now = now;
    for (const item of this.#items.values()) item.tick(now);
  }
}

class Item {
  #session = null;
  #state = el("span", { class: "state", "data-testid": "session-state" });
  #message = el("p", { class: "last", "data-testid": "session-message" });
  #when = el("time", { class: "when" });

  constructor(sessionId) {
    this.element = el(
      "li",
      { class: "session", "data-testid": "session", "data-session-id": sessionId },
      el("p", { class: "session-id" }, el("span", { "data-testid": "session-id" }, sessionId), this.#state),
      this.#message,
      this.#when,
    );
  }

  draw(session, alive) {
    this.#session = session;
    setText(this.#message, String(session.lastMessage ?? "") + (session.truncated ? "…" : ""));
    setTextOrHide(this.#state, alive && typeof session.state === "string" ? session.state : "");
    setAttribute(this.#state, "data-word", this.#state.textContent);
  }

  tick(now) {
    setText(this.#when, ago(now - this.#session.timestamp));
  }
}
