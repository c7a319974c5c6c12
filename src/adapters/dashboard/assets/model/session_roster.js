// The sessions of the whole fleet, the one that spoke last first, by the server's order. Kept in that order as they speak, for
// sorting hundreds of thousands anew would be felt. No DOM.

import { HeldList } from "./held_list.js";
import { finds, termsOf, textOfSession } from "./search.js";

/** So many are listed; what is older is found by a search. */
export const LISTED_MAX = 10_000;

export class SessionRoster {
  #list = new HeldList();
  /** Key → session, the one that spoke last at the end. */
  #byAge = new Map();
  #isInOrder = true;
  /** How many there are that fit, listed or not. */
  found = 0;

  /** `{key, agentId, sessionId}`. */
  get items() {
    return this.#list.items;
  }

  get pending() {
    return this.#list.pending;
  }

  /** One change of the client's. */
  take({ kind, agentId, sessionId, after, source }) {
    if (kind !== "session") return;
    const key = `${agentId} ${sessionId}`;
    this.#byAge.delete(key);
    if (after === undefined) return;
    this.#byAge.set(key, after);
    // What happens live is the latest there is; a copy comes in an order of its own.
    if (source !== "live") this.#isInOrder = false;
  }

  /** Of agents that are up, those that wait for a person where `place.status` says so, and those that the search finds. */
  refresh(fleet, place, isHeld) {
    this.#putInOrder();
    const terms = termsOf(place.search);
    const onlyWaiting = place.status === "waiting";
    const items = [];
    this.found = 0;
    const all = [...this.#byAge];
    for (let index = all.length - 1; index >= 0; index -= 1) {
      const [key, session] = all[index];
      const { agentId, sessionId, detail } = session;
      if (onlyWaiting && (detail.state !== "waiting" || fleet.agents.get(agentId)?.status !== "online")) continue;
      if (!finds(terms, session, textOfSession)) continue;
      this.found += 1;
      if (items.length < LISTED_MAX) items.push({ key, agentId, sessionId });
    }
    this.#list.offer(items, isHeld, JSON.stringify([place.status, place.search]));
  }

  #putInOrder() {
    if (this.#isInOrder) return;
    this.#byAge = new Map([...this.#byAge].sort(([, one], [, other]) => one.rev - other.rev));
    this.#isInOrder = true;
  }
}
