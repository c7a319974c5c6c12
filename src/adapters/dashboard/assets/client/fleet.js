// The fold: agents and sessions as frames say they are, and what each frame changed. No socket, no clock. Fields that a
// server adds later stand in `detail` as they came.
import { isObject } from "./frames.js";
import { heardTime, remarked, staysStale, voucher } from "./heard.js";
import { same } from "./same.js";
export class Fleet {
    agents = new Map();
    /** agentId → sessionId → session. */
    sessions = new Map();
    sessionCount = 0;
    /** Agents that are not stale only by their own clocks: a read of the server may say otherwise. */
    #guessed = new Set();
    /** One event, or one frame of a delta. `seq` is its position. */
    apply(frame, seq, telling) {
        const { agentId } = frame.payload;
        if (typeof agentId !== "string")
            return [];
        const at = { agentId, seq, source: telling.source };
        switch (frame.type) {
            case "agent:status":
                return this.#status(frame, at, telling);
            case "agent:lifecycle":
                return this.#lifecycle(frame, at, telling);
            case "session:activity":
                return this.#activity(frame, at, telling);
            case "agent:removed":
                return this.#remove(at);
            case "session:removed":
                return this.#removeSession(frame.payload["sessionId"], at);
            default:
                return [];
        }
    }
    /** A whole copy: what is absent from it is gone. The maps stay the same ones, for whoever holds them. */
    replaceWith(frames, isSameHistory, now) {
        const copy = new Fleet();
        for (const frame of frames)
            copy.apply(frame, seqOf(frame), { source: "catch-up", now });
        this.#guessed.clear();
        const gone = [...goneSessions(this, copy), ...goneAgents(this, copy)];
        for (const change of gone)
            this.#forget(change);
        const changes = [...gone];
        for (const [agentId, found] of copy.agents) {
            const before = this.agents.get(agentId);
            const heardAt = isSameHistory ? Math.max(found.heardAt, before?.heardAt ?? 0) : found.heardAt;
            const after = { ...found, heardAt };
            if (same(before, after))
                continue;
            this.agents.set(agentId, after);
            changes.push({ kind: "agent", agentId, seq: after.rev, source: "catch-up", before, after, removed: false });
        }
        for (const [agentId, sessions] of copy.sessions) {
            for (const [sessionId, after] of sessions) {
                const before = this.sessions.get(agentId)?.get(sessionId);
                if (same(before, after))
                    continue;
                this.#setSession(after);
                changes.push({ kind: "session", agentId, sessionId, seq: after.rev, source: "catch-up", before, after, removed: false });
            }
        }
        return changes;
    }
    /** The server restarted: nobody was heard by it yet, but for those of whom it says more itself. */
    doubt(isTold) {
        this.#guessed.clear();
        return this.#each((agent) => (isTold(agent.agentId) ? agent : { ...agent, detail: { ...agent.detail, stale: true } }));
    }
    /** Marks of life out of a read of the fleet: they move without events. Only agents that are as they were read count. */
    remark(read) {
        return this.#each((agent) => {
            const { agentId, rev } = agent;
            const frame = read.get(agentId);
            if (frame?.detail === undefined || frame.rev !== rev)
                return agent;
            return remarked(agent, frame.detail, this.#guessed.has(agentId));
        });
    }
    #each(change) {
        const changes = [];
        for (const [agentId, before] of this.agents) {
            const after = change(before);
            if (same(before, after))
                continue;
            this.agents.set(agentId, after);
            changes.push({ kind: "agent", agentId, seq: after.rev, source: "catch-up", before, after, removed: false });
        }
        return changes;
    }
    // A detail that tells `since` is whole: what is absent from it is none. One that does not is read like a report:
    // absent labels and restarts stay, an absent message or state is none.
    #status(frame, at, telling) {
        const { payload, detail, sync } = frame;
        const { status, timestamp } = payload;
        if (typeof status !== "string" || typeof timestamp !== "number")
            return [];
        const before = this.agents.get(at.agentId);
        const isWhole = sync === true || detail?.["since"] !== undefined;
        const since = before?.status === status ? before.detail.since : timestamp;
        const kept = isWhole || before === undefined ? {} : pick(before.detail, ["labels", "restarts"]);
        // What a copy says of it stands in its detail.
        const stale = sync === true ? {} : this.#stale(before, frame, at.agentId, telling);
        const whole = { reason: "reported", since, ...kept, ...stale, ...detail };
        const heardAt = Math.max(before?.heardAt ?? 0, heardTime(frame, telling));
        const after = { agentId: at.agentId, status: status, timestamp, rev: at.seq, detail: whole, heardAt };
        if (sync === true)
            this.#guessed.delete(at.agentId);
        this.agents.set(at.agentId, after);
        return [{ kind: "agent", ...at, before, after, removed: false }];
    }
    // A restart of what is online makes no status event: its labels and count come here alone.
    #lifecycle(frame, at, telling) {
        const { payload, detail = {} } = frame;
        const { event, timestamp } = payload;
        if (typeof event !== "string" || typeof timestamp !== "number")
            return [];
        const before = this.agents.get(at.agentId);
        let after;
        if (before !== undefined) {
            const heard = this.#heardAgain(before, frame, telling);
            after = { ...heard, rev: at.seq, detail: { ...heard.detail, ...pick(detail, ["labels", "restarts"]) } };
            this.agents.set(at.agentId, after);
        }
        return [{ kind: "lifecycle", ...at, event: event, timestamp, detail, before, after }];
    }
    #activity(frame, at, telling) {
        const { payload, detail = {}, sync } = frame;
        const { agentId } = at;
        const { sessionId, lastMessage, timestamp } = payload;
        if (typeof sessionId !== "string" || typeof lastMessage !== "string" || typeof timestamp !== "number")
            return [];
        const before = this.sessions.get(agentId)?.get(sessionId);
        const after = { agentId, sessionId, lastMessage, timestamp, rev: at.seq, detail };
        this.#setSession(after);
        // An agent that the interest hides, or that comes later in the same copy, is not made up here.
        const agent = this.agents.get(agentId);
        if (agent !== undefined && sync !== true)
            this.agents.set(agentId, this.#heardAgain(agent, frame, telling));
        return [{ kind: "session", ...at, sessionId, before, after, removed: false }];
    }
    // Whoever speaks is no longer "not heard since the restart".
    #heardAgain(agent, frame, telling) {
        const { stale: _, ...detail } = agent.detail;
        const stale = this.#stale(agent, frame, agent.agentId, telling);
        return { ...agent, detail: { ...detail, ...stale }, heardAt: Math.max(agent.heardAt, heardTime(frame, telling)) };
    }
    #stale(before, frame, agentId, telling) {
        if (staysStale(before, frame, telling))
            return { stale: true };
        const by = voucher(frame, telling);
        if (by === "server")
            this.#guessed.delete(agentId);
        else if (by === "sender" && (before === undefined || before.detail.stale === true))
            this.#guessed.add(agentId);
        return {};
    }
    #remove(at) {
        const changes = [];
        for (const [sessionId, before] of this.sessions.get(at.agentId) ?? []) {
            changes.push({ kind: "session", ...at, sessionId, before, after: undefined, removed: true });
        }
        const before = this.agents.get(at.agentId);
        if (before !== undefined)
            changes.push({ kind: "agent", ...at, before, after: undefined, removed: true });
        for (const change of changes)
            this.#forget(change);
        return changes;
    }
    #removeSession(sessionId, at) {
        if (typeof sessionId !== "string")
            return [];
        const before = this.sessions.get(at.agentId)?.get(sessionId);
        if (before === undefined)
            return [];
        const change = { kind: "session", ...at, sessionId, before, after: undefined, removed: true };
        this.#forget(change);
        return [change];
    }
    #setSession(session) {
        let sessions = this.sessions.get(session.agentId);
        if (sessions === undefined)
            this.sessions.set(session.agentId, (sessions = new Map()));
        if (!sessions.has(session.sessionId))
            this.sessionCount += 1;
        sessions.set(session.sessionId, session);
    }
    #forget(change) {
        if (change.kind === "agent") {
            this.agents.delete(change.agentId);
            this.#guessed.delete(change.agentId);
            return;
        }
        const sessions = this.sessions.get(change.agentId);
        if (sessions?.delete(change.sessionId) === true)
            this.sessionCount -= 1;
        if (sessions?.size === 0)
            this.sessions.delete(change.agentId);
    }
}
/** The position of a frame: `rev` in a copy, `seq` elsewhere. */
export function seqOf({ seq, rev }) {
    return typeof rev === "number" ? rev : typeof seq === "number" ? seq : 0;
}
function pick(from, keys) {
    const picked = {};
    if (isObject(from))
        for (const key of keys)
            if (from[key] !== undefined)
                picked[key] = from[key];
    return picked;
}
function goneAgents(now, copy) {
    const gone = [...now.agents].filter(([agentId]) => !copy.agents.has(agentId));
    return gone.map(([agentId, before]) => {
        return { kind: "agent", agentId, seq: before.rev, source: "catch-up", before, after: undefined, removed: true };
    });
}
function goneSessions(now, copy) {
    const all = [...now.sessions.values()].flatMap((sessions) => [...sessions.values()]);
    const gone = all.filter(({ agentId, sessionId }) => copy.sessions.get(agentId)?.has(sessionId) !== true);
    return gone.map((before) => {
        const { agentId, sessionId, rev } = before;
        return { kind: "session", agentId, sessionId, seq: rev, source: "catch-up", before, after: undefined, removed: true };
    });
}
