// What an agent or a session is to a person who looks: which needs somebody, and what silence means. Pure.

/** Silence of an agent that nothing takes offline, after which it is shown as not heard. */
const QUIET_MS = 10 * 60_000;

/** How soon an agent needs somebody, the most urgent first: the order of "Needs attention". */
export const RANKS = ["crash_loop", "error", "waiting", "stale", "offline", "online"];

/** Waits for a person: by its own word, or by one of its sessions. What an agent said before it went says nothing. */
export function isWaiting(agent, waitingSessions) {
  return agent.status === "online" && (agent.detail.state === "waiting" || waitingSessions > 0);
}

/** Not known to be as it is shown: not heard since the server restarted, or silent for long without a lease. */
export function isStale(agent, now) {
  if (agent.detail.stale === true) return true;
  return agent.detail.unleased === true && agent.status === "online" && now - agent.heardAt > QUIET_MS;
}

/** The place of an agent in `RANKS`. */
export function rankOf(agent, waitingSessions, now) {
  if (agent.status === "error") return agent.detail.reason === "crash_loop" ? 0 : 1;
  if (isWaiting(agent, waitingSessions)) return 2;
  if (isStale(agent, now)) return 3;
  return agent.status === "offline" ? 4 : 5;
}

/** Whether how long ago it was heard is worth a word: with a lease, silence is the server's to judge. */
export function tellsSilence(agent) {
  const { unleased, stale, reason } = agent.detail;
  return unleased === true || stale === true || reason === "lease_expired" || reason === "not_heard_since_restart";
}

/** Of those that wait for a person, the session that spoke last, or undefined. */
export function waitingSession(sessions) {
  return latestSession(sessions, ({ detail }) => detail.state === "waiting");
}

/** The session that spoke last by the server's order, for clocks of senders differ; or undefined. */
export function latestSession(sessions, isMeant = () => true) {
  let latest;
  for (const session of sessions?.values() ?? []) {
    if (!isMeant(session)) continue;
    if (latest === undefined || session.rev > latest.rev) latest = session;
  }
  return latest;
}
