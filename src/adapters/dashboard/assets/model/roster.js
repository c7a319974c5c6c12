// The agents in the order, choice and groups that the person asked for, and the counts of all. It reads the client's fleet
// and changes nothing in it; no DOM.

import { HeldList } from "./held_list.js";
import { compareNames, Names } from "./names.js";
import { finds, termsOf, textOfAgent } from "./search.js";
import { rankOf, standingOf, STATUSES } from "./standing.js";

/** The group of agents that lack the label; "" is a value like any other. */
const WITHOUT = null;
const LABELS_MAX = 50;

export class Roster {
  #names = new Names();
  #list = new HeldList();
  /** agentId → how many of its sessions wait for a person. */
  #waiting = new Map();
  #closed = new Set();
  #label = "";
  counts = emptyCounts();
  /** Value of the label → counts; where the agents are in groups. */
  groups = new Map();
  /** Keys of labels that agents have, for choosing. */
  labelKeys = [];
  /** How many agents the choice leaves. */
  found = 0;

  /** `{kind: "agent", key}` or `{kind: "group", key, value, isOpen}`. */
  get items() {
    return this.#list.items;
  }

  get pending() {
    return this.#list.pending;
  }

  waitingSessions(agentId) {
    return this.#waiting.get(agentId) ?? 0;
  }

  /** One change of the client's. */
  take(change) {
    if (change.kind !== "session") return;
    const by = Number(change.after?.detail.state === "waiting") - Number(change.before?.detail.state === "waiting");
    if (by === 0) return;
    const waiting = this.waitingSessions(change.agentId) + by;
    if (waiting > 0) this.#waiting.set(change.agentId, waiting);
    else this.#waiting.delete(change.agentId);
  }

  /** Opens or closes a group of the label that was chosen last. */
  toggle(value) {
    if (!this.#closed.delete(value)) this.#closed.add(value);
  }

  /** Brings everything to what the agents are now. */
  refresh(agents, place, now, isHeld) {
    this.#names.follow(agents);
    const terms = termsOf(place.search);
    const counts = emptyCounts();
    const keys = new Set();
    const chosen = [];
    for (const agentId of this.#names.all) {
      const agent = agents.get(agentId);
      const is = standingOf(agent, this.waitingSessions(agentId), now);
      const rank = rankOf(agent, is);
      add(counts, is);
      for (const key in agent.detail.labels) if (keys.size < LABELS_MAX) keys.add(key);
      if (is[place.status] && finds(terms, agent, textOfAgent)) chosen.push({ kind: "agent", key: agentId, agent, rank, is });
    }
    this.counts = counts;
    this.labelKeys = [...keys].sort(compareNames);
    this.found = chosen.length;
    sort(chosen, place.sort);
    const scope = JSON.stringify([place.status, place.search, place.group, place.sort, [...this.#closed]]);
    this.#list.offer(place.group === "" ? chosen : this.#grouped(chosen, place.group), isHeld, scope);
  }

  #grouped(chosen, label) {
    if (label !== this.#label) this.#closed.clear();
    this.#label = label;
    const groups = new Map();
    for (const item of chosen) {
      const { labels = {} } = item.agent.detail;
      const value = Object.hasOwn(labels, label) ? labels[label] : WITHOUT;
      if (!groups.has(value)) groups.set(value, []);
      groups.get(value).push(item);
    }
    this.groups = new Map();
    const items = [];
    for (const value of [...groups.keys()].sort(lastWithout)) {
      const members = groups.get(value);
      const isOpen = !this.#closed.has(value);
      this.groups.set(value, countAll(members));
      items.push({ kind: "group", key: value === WITHOUT ? "group" : `group ${value}`, value, isOpen });
      if (isOpen) items.push(...members);
    }
    return items;
  }
}

function emptyCounts() {
  return Object.fromEntries(STATUSES.map((status) => [status, 0]));
}

/** They come in the order of their names, and stay in it where nothing else decides. */
function sort(items, by) {
  if (by === "attention") items.sort((a, b) => a.rank - b.rank);
  else if (by === "changed") items.sort((a, b) => b.agent.detail.since - a.agent.detail.since);
  else if (by === "longest") items.sort((a, b) => a.agent.detail.since - b.agent.detail.since);
}

function countAll(members) {
  const counts = emptyCounts();
  for (const { is } of members) add(counts, is);
  return counts;
}

function add(counts, is) {
  for (const status of STATUSES) counts[status] += Number(is[status]);
}

function lastWithout(a, b) {
  if (a === WITHOUT || b === WITHOUT) return a === b ? 0 : a === WITHOUT ? 1 : -1;
  return compareNames(a, b);
}
