// When an agent was heard, and whether it was since its server started. Pure.
/** The reasons of a status that the server made because it heard nothing. */
const SILENCES = new Set(["lease_expired", "not_heard_since_restart", "disconnected"]);
/** When what a frame tells was heard, by the server's clock. Clocks of senders are believed only where nothing else is there. */
export function heardTime({ payload, detail }, { source, now }) {
    const seen = detail?.["lastSeenAt"];
    if (typeof seen === "number")
        return seen;
    const timestamp = payload["timestamp"];
    return source === "live" || typeof timestamp !== "number" ? now : Math.min(timestamp, now);
}
/** After an event: is its agent still one that was not heard since the server started? */
export function staysStale(before, frame, telling) {
    const { restartedAt } = telling;
    const wasStale = before === undefined ? restartedAt !== undefined : before.detail.stale === true;
    if (!wasStale)
        return false;
    return voucher(frame, telling) === "nobody" || (restartedAt !== undefined && heardTime(frame, telling) <= restartedAt);
}
/** Whose word it is that the agent was heard since the server started, where that was heard at all. */
export function voucher({ detail }, { restartedAt }) {
    if (SILENCES.has(detail?.["reason"]))
        return "nobody";
    return restartedAt === undefined || typeof detail?.["lastSeenAt"] === "number" ? "server" : "sender";
}
/** The agent with the marks of life that a read has of it, which may be a second old: nothing goes back. */
export function remarked(agent, read, mayBeStale) {
    const { lastSeenAt: known, stale, unleased: _, ...detail } = agent.detail;
    const seen = typeof read.lastSeenAt !== "number" ? undefined : Math.max(read.lastSeenAt, known ?? 0);
    const isStale = read.stale === true && (stale === true || mayBeStale);
    return {
        ...agent,
        detail: {
            ...detail,
            ...(read.unleased === true && { unleased: true }),
            ...(isStale && { stale: true }),
            ...(seen !== undefined && { lastSeenAt: seen }),
        },
        heardAt: Math.max(agent.heardAt, seen ?? 0),
    };
}
