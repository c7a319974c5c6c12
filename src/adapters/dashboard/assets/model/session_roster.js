// The sessions of the whole fleet, the one that spoke last first. It reads the client's fleet; no DOM.

import { HeldList } from "./held_list.js";
import { finds, termsOf, textOfSession } from "./search.js";

export class SessionRoster {
  #list = new HeldList();
  found = 0;

  /** `{key, session}`. */
  get items() {
    return this.#list.items;
  }

  get pending() {
    return this.#list.pending;
  }

  /** Of agents that are up, those that wait for a person where `place.status` says so, and those that the search finds. */
  refresh(fleet, place, isHeld) {
    const terms = termsOf(place.search);
    const isChosen = place.status === "waiting" ? ({ detail }) => detail.state === "waiting" : () => true;
    const found = [];
    for (const [agentId, sessions] of fleet.sessions) {
      if (place.status === "waiting" && fleet.agents.get(agentId)?.status !== "online") continue;
      for (const session of sessions.values()) {
        if (isChosen(session) && finds(terms, session, textOfSession)) found.push(session);
      }
    }
    found.sort((a, b) => b.timestamp - a.timestamp || (a.agentId < b.agentId ? -1 : 1));
    this.found = found.length;
    const items = found.map(({ agentId, sessionId }) => ({ key: `${agentId} ${sessionId}`, agentId, sessionId }));
    this.#list.offer(items, isHeld, JSON.stringify([place.status, place.search]));
  }
}
