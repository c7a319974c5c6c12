// Where in the page one is, as the address says it after `#`: so that a view can be shared, and the browser's back and
// forward work. Pure.

import { STATUSES } from "./standing.js";

/** Orders of the agents. */
export const SORTS = ["name", "attention", "changed", "longest"];
const TEXT_MAX = 200;

const FLEET = { name: "fleet", agentId: null, status: "all", search: "", group: "", sort: "name" };

/** Reads `#/…`; what it does not know is the fleet. */
export function readPlace(hash) {
  const [path, query = ""] = hash.replace(/^#/, "").split("?", 2);
  const parts = path.split("/").filter((part) => part !== "");
  if (parts[0] === "agents" && parts.length === 2) return { ...FLEET, name: "agent", agentId: decoded(parts[1]) };
  const asked = new URLSearchParams(query);
  const word = (key) => (asked.get(key) ?? "").slice(0, TEXT_MAX);
  return {
    ...FLEET,
    name: parts[0] === "sessions" ? "sessions" : "fleet",
    status: STATUSES.includes(word("status")) ? word("status") : FLEET.status,
    sort: SORTS.includes(word("sort")) ? word("sort") : FLEET.sort,
    search: word("q"),
    group: word("group"),
  };
}

/** The address of a place, `#` included. */
export function placeHash({ name, agentId, status, search, group, sort }) {
  if (name === "agent") return agentHash(agentId);
  const query = new URLSearchParams();
  if (status !== FLEET.status) query.set("status", status);
  if (search !== "") query.set("q", search);
  if (group !== "") query.set("group", group);
  if (sort !== FLEET.sort) query.set("sort", sort);
  const text = query.toString();
  return `#/${name === "sessions" ? "sessions" : ""}${text === "" ? "" : `?${text}`}`;
}

export function agentHash(agentId) {
  return `#/agents/${encodeURIComponent(agentId)}`;
}

/** The one-time code of a sign-in link, or null. */
export function codeIn(hash) {
  return hash.startsWith("#code=") ? new URLSearchParams(hash.slice(1)).get("code") : null;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
