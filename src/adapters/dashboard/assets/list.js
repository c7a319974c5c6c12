// The list of agents: keyed rows in the order of their ids, so that nothing jumps when a status changes. It draws at
// most a window of rows, however large the fleet is.

import { byId, setChildren, setHidden, setText } from "./dom.js";
import { Row } from "./row.js";
import { count } from "./words.js";

const WINDOW = 200;
const inOrder = new Intl.Collator("en", { numeric: true });

export class List {
  #fleet;
  #rows = new Map();
  #order = [];
  #filter = "all";
  #limit = WINDOW;

  constructor(fleet, redraw) {
    this.#fleet = fleet;
    byId("more-button").addEventListener("click", () => {
      this.#limit += WINDOW;
      redraw();
    });
  }

  /** Only agents of this status, or "all". */
  set filter(status) {
    this.#filter = status;
    this.#limit = WINDOW;
  }

  /** Brings the page to what the fleet is now. */
  draw(now) {
    const { agents, changed } = this.#fleet;
    if (this.#fleet.membersChanged) {
      this.#order = [...agents.keys()].sort(inOrder.compare);
      this.#fleet.membersChanged = false;
    }
    const wanted = this.#filter === "all" ? this.#order : this.#order.filter((id) => agents.get(id).status === this.#filter);
    const shown = wanted.slice(0, this.#limit);
    const rows = new Map();
    for (const agentId of shown) {
      const known = this.#rows.get(agentId);
      const row = known ?? new Row();
      if (known === undefined || changed.has(agentId)) row.draw(agents.get(agentId), now);
      rows.set(agentId, row);
    }
    this.#rows = rows;
    changed.clear();
    setChildren(byId("agents"), [...rows.values()].map((row) => row.element));
    setHidden(byId("agents"), shown.length === 0);
    setHidden(byId("none"), this.#filter === "all" || shown.length > 0);
    setHidden(byId("more"), shown.length === wanted.length);
    setText(byId("more-text"), `Showing ${count(shown.length)} of ${count(wanted.length)}.`);
  }

  tick(now) {
    for (const row of this.#rows.values()) row.tick(now);
  }
}
