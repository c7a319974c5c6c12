// A client of the real server that notes what it is told.

import WebSocket from "ws";
import { connect } from "../../dist/index.js";

export const QUICK = { firstMs: 50, maxMs: 200 };

export function watcher(server, options = {}) {
  const errors = [];
  const fleet = connect({
    url: server.url,
    token: () => server.token(),
    WebSocket,
    backoff: QUICK,
    onError: (error) => errors.push(error),
    ...options,
  });
  const told = { states: [], changes: [], caughtUp: [], errors };
  fleet.on("state", (state) => told.states.push(state));
  fleet.on("change", (change) => told.changes.push(change));
  fleet.on("caught-up", (caughtUp) => told.caughtUp.push(caughtUp));
  return { fleet, told };
}

export const seqOf = (cursor) => (cursor === null ? -1 : Number(cursor.split(":")[1]));

/** Marks of life move without events: a read has them as of now. */
function lasting({ lastSeenAt, stale, unleased, ...detail } = {}) {
  return detail;
}

/** What the client holds, to compare with a read of the server. */
export function held({ agents, sessions }) {
  return {
    agents: Object.fromEntries([...agents].map(([id, { status, timestamp, rev, detail }]) => [id, { status, timestamp, rev, ...lasting(detail) }])),
    sessions: Object.fromEntries(
      [...sessions.values()].flatMap((of) => [...of.values()]).map(({ agentId, sessionId, lastMessage, rev }) => [`${agentId}/${sessionId}`, { lastMessage, rev }]),
    ),
  };
}

/** The same of `GET /api/v1/fleet`. */
export function served({ agents, sessions }) {
  return {
    agents: Object.fromEntries(
      agents.map(({ payload: { agentId, status, timestamp }, rev, detail }) => [agentId, { status, timestamp, rev, ...lasting(detail) }]),
    ),
    sessions: Object.fromEntries(sessions.map(({ payload: { agentId, sessionId, lastMessage }, rev }) => [`${agentId}/${sessionId}`, { lastMessage, rev }])),
  };
}
