// The stream's bookkeeping: where the cursor stands, when a copy is whole, and whether anything is missing. Frames go
// in; what changed, and whether the connection can be trusted, comes out. No socket, no clock.
import { cursorText, isSeq } from "./cursor.js";
import { Fleet, seqOf } from "./fleet.js";
import { isObject } from "./frames.js";
const NOTHING = { verdict: "ok", changes: [] };
const LOST = { verdict: "lost", changes: [] };
export class Feed {
    fleet = new Fleet();
    #cursor = null;
    /** The history of what the fleet shows; known also where the cursor was given up. */
    #epoch = null;
    /** Nothing is hidden: positions follow without holes, and a hole is a lost event. */
    #complete = false;
    #greeted = false;
    #copy = null;
    #replay = null;
    /** When the server started by which the fleet's marks of life are. */
    #startedAt;
    /** Its restart: events up to this position may be from before. */
    #restart = null;
    /** As the server reads it, or null before the first copy is whole. Moved only by what was applied. */
    get cursor() {
        return this.#cursor === null ? null : cursorText(this.#cursor);
    }
    get complete() {
        return this.#complete;
    }
    /** Is everything there that was there when the connection began? */
    get isCaughtUp() {
        return this.#greeted && this.#copy === null && this.#replay === null && this.#cursor !== null;
    }
    /** A replay in which events may be hidden: silence is the only sign of its end before the next heartbeat. */
    get endsInSilence() {
        return this.#replay !== null && !this.#complete;
    }
    /** Another connection: what was on its way never comes. */
    begin() {
        this.#greeted = false;
        this.#copy = null;
        this.#replay = null;
    }
    /** `now`: what time it is at the server. */
    take(frame, now) {
        if (frame.type === "hello")
            return this.#hello(frame);
        if (!this.#greeted)
            return NOTHING;
        if (frame.type === "resync")
            return this.#resync(frame);
        if (frame.type === "sync:end")
            return this.#endCopy(frame, now);
        if (frame.type === "heartbeat")
            return this.#heartbeat(frame);
        return this.#event(frame, now);
    }
    /** Marks of life as a read of the fleet has them; null where it is no such read, or of another history. */
    remark(epoch, frames) {
        if (this.#cursor === null || epoch !== this.#cursor.epoch || !Array.isArray(frames))
            return null;
        const read = new Map();
        for (const frame of frames) {
            if (!isObject(frame) || !isObject(frame["payload"]) || !isObject(frame["detail"]))
                continue;
            read.set(String(frame["payload"]["agentId"]), frame);
        }
        return this.fleet.remark(read);
    }
    /** The replay is over. */
    settle() {
        const replay = this.#replay;
        if (replay === null)
            return undefined;
        this.#replay = null;
        return { mode: replay.mode, reason: replay.reason, missed: replay.events, first: false, newHistory: false };
    }
    #hello({ payload }) {
        this.begin();
        const { epoch, seq, view, complete, mode, reason, startedAt } = words(payload);
        if (epoch === "" || !isSeq(seq))
            return this.#anew();
        this.#greeted = true;
        const begun = { mode, reason };
        if (mode === "snapshot" || (mode === "delta" && epoch === this.#cursor?.epoch)) {
            this.#copy = { ...begun, startedAt, epoch, view: view ?? "", complete: complete === true, frames: [] };
            return { ...NOTHING, begun };
        }
        const isOurs = epoch === this.#cursor?.epoch && (view ?? this.#cursor.view) === this.#cursor.view;
        if (!isOurs || (mode !== "replay" && mode !== "live"))
            return this.#anew();
        this.#complete = complete === true;
        this.#replay = { ...begun, to: mode === "live" ? 0 : seq, events: 0 };
        const changes = this.#started(startedAt, seq) ? this.fleet.doubt(() => false) : [];
        return { verdict: "ok", changes, begun, ...this.#replayed() };
    }
    // What a resync does not say stays as it is, or as the copy that it takes the place of had it.
    #resync({ payload }) {
        const { view, complete, mode, reason } = words(payload);
        const known = this.#copy ?? { epoch: "", view: "", ...this.#cursor, complete: this.#complete, startedAt: undefined };
        if (known.epoch === "")
            return this.#anew();
        // Nothing was promised that these two words could mean here; with the cursor nothing is lost.
        if (mode === "live" || mode === "replay")
            return LOST;
        if (mode !== "snapshot" && !(mode === "delta" && known.epoch === this.#cursor?.epoch))
            return this.#anew();
        const { epoch, startedAt } = known;
        this.#copy = { mode, reason, startedAt, epoch, view: view ?? known.view, complete: complete ?? known.complete, frames: [] };
        this.#replay = null;
        return { ...NOTHING, begun: { mode, reason } };
    }
    // Applied as a whole: a connection that breaks in the middle leaves the old fleet and the old cursor.
    #endCopy({ payload, seq }, now) {
        const copy = this.#copy;
        if (copy === null)
            return NOTHING;
        if (!isSeq(seq) || !holdsWhatItCounts(copy.frames, payload))
            return LOST;
        const before = this.#cursor;
        const shown = this.#epoch;
        const isSameHistory = shown === copy.epoch;
        // What it holds and what follows it are of this server.
        const isRestarted = this.#started(copy.startedAt, seq);
        const changes = copy.mode === "delta"
            ? this.#applyDelta(copy.frames, isRestarted, now)
            : this.fleet.replaceWith(copy.frames, isSameHistory, now);
        const isCounted = before?.epoch === copy.epoch && this.#complete && copy.complete;
        this.#restart = null;
        if (copy.mode !== "delta")
            this.#startedAt = copy.startedAt ?? this.#startedAt;
        const missed = isCounted ? Math.max(0, seq - before.seq) : null;
        this.#cursor = { epoch: copy.epoch, seq, view: copy.view };
        this.#epoch = copy.epoch;
        this.#complete = copy.complete;
        this.#copy = null;
        const { mode, reason } = copy;
        const caughtUp = { mode, reason, missed, first: shown === null, newHistory: shown !== null && !isSameHistory };
        return { verdict: "ok", changes, caughtUp };
    }
    // Of agents that are not in it a delta says nothing: not that they were not heard since the restart, and only by their
    // sessions that they were.
    #applyDelta(frames, isRestarted, now) {
        const told = new Set(frames.filter(({ type }) => type.startsWith("agent:")).map(({ payload }) => payload["agentId"]));
        const doubted = isRestarted ? this.fleet.doubt((agentId) => told.has(agentId)) : [];
        const applied = frames.flatMap((frame) => {
            const seq = seqOf(frame);
            const event = told.has(frame.payload["agentId"]) ? frame : { ...frame, sync: undefined };
            return this.fleet.apply(event, seq, { source: "catch-up", now, restartedAt: this.#restartedAfter(seq) });
        });
        return [...doubted, ...applied];
    }
    /** Whether the server of a hello started later than the one we knew. `upTo`: the position that it begins at. */
    #started(startedAt, upTo) {
        const known = this.#startedAt;
        if (startedAt === undefined || (known !== undefined && startedAt <= known))
            return false;
        this.#startedAt = startedAt;
        if (known === undefined)
            return false;
        this.#restart = { at: startedAt, upTo };
        return true;
    }
    #heartbeat({ seq }) {
        if (this.#copy !== null || this.#cursor === null || !isSeq(seq))
            return NOTHING;
        if (seq > this.#cursor.seq) {
            if (this.#complete)
                return LOST;
            this.#cursor = { ...this.#cursor, seq };
        }
        const caughtUp = this.settle();
        return caughtUp === undefined ? NOTHING : { ...NOTHING, caughtUp };
    }
    /** When the server restarted, where what is at this position may be from before. */
    #restartedAfter(seq) {
        return this.#restart !== null && seq <= this.#restart.upTo ? this.#restart.at : undefined;
    }
    #event(frame, now) {
        if (frame.sync === true) {
            this.#copy?.frames.push(frame);
            return NOTHING;
        }
        const { seq } = frame;
        // While a copy arrives, it holds what comes before its end; what comes after is sent after it.
        if (!isSeq(seq) || this.#copy !== null || this.#cursor === null || seq <= this.#cursor.seq)
            return NOTHING;
        if (this.#complete && seq !== this.#cursor.seq + 1)
            return LOST;
        const source = this.#replay !== null && seq <= this.#replay.to ? "catch-up" : "live";
        const changes = this.fleet.apply(frame, seq, { source, now, restartedAt: this.#restartedAfter(seq) });
        this.#cursor = { ...this.#cursor, seq };
        if (this.#replay !== null && source === "catch-up")
            this.#replay.events += 1;
        return { verdict: "ok", changes, ...this.#replayed() };
    }
    #replayed() {
        if (this.#replay === null || this.#cursor === null || this.#cursor.seq < this.#replay.to)
            return {};
        const caughtUp = this.settle();
        return caughtUp === undefined ? {} : { caughtUp };
    }
    #anew() {
        this.begin();
        this.#cursor = null;
        this.#complete = false;
        return { verdict: "anew", changes: [] };
    }
}
/** What `hello` and `resync` say, each only as far as it is what it should be. */
function words(payload) {
    const text = (name) => (typeof payload[name] === "string" ? payload[name] : "");
    const view = payload["view"] === undefined ? undefined : text("view");
    const complete = typeof payload["complete"] === "boolean" ? payload["complete"] : undefined;
    const startedAt = typeof payload["serverStartedAt"] === "number" ? payload["serverStartedAt"] : undefined;
    return { epoch: text("epoch"), seq: payload["seq"], view, complete, mode: text("mode"), reason: text("reason"), startedAt };
}
/** A copy that says how much it holds is believed only if that is what came. */
function holdsWhatItCounts(frames, counts) {
    const held = { agents: 0, sessions: 0, removed: 0 };
    for (const { type } of frames) {
        if (type === "agent:status")
            held.agents += 1;
        else if (type === "session:activity")
            held.sessions += 1;
        else if (type === "agent:removed" || type === "session:removed")
            held.removed += 1;
    }
    return ["agents", "sessions", "removed"].every((name) => (counts[name] ?? held[name]) === held[name]);
}
