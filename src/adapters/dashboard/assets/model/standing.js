// What an agent or a session is to a person who looks: which needs somebody, and what silence means. Pure.

/** Silence of an agent that nothing takes offline, after which it is shown as not heard. */
const QUIET_MS = 10 * 60_000;

/** What agents are counted and chosen by; one may be several of them. */
export const STATUSES = ["all", "online", "waiting", "error", "offline", "stale"];

/** Waits for a person: by its own word, or by one of its sessions. What an agent said before it went says nothing. */
export function isWaiting(agent, waitingSessions) {
  return agent.status === "online" && (agent.detail.state === "waiting" || waitingSessions > 0);
}

/** Not known to be as it is shown: not heard since the server restarted, or silent for long without a lease. */
export function isStale(agent, now) {
  if (agent.detail.stale === true) return true;
  return agent.detail.unleased === true && agent.status === "online" && now - agent.heardAt > QUIET_MS;
}

/** Which of `STATUSES` an agent is. */
export function standingOf(agent, waitingSessions, now) {
  return {
    all: true,
    online: agent.status === "online",
    waiting: isWaiting(agent, waitingSessions),
    error: agent.status === "error",
    offline: agent.status === "offline",
    stale: isStale(agent, now),
  };
}

/** How soon an agent that is so needs somebody, the least first: the order of "Needs attention". */
export function rankOf(agent, is) {
  if (is.error) return agent.detail.reason === "crash_loop" ? 0 : 1;
  if (is.waiting) return 2;
  if (is.stale) return 3;
  return is.offline ? 4 : 5;
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
