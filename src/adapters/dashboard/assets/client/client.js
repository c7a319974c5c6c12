// The live fleet: connects, keeps it true, comes back after a loss, and says at each moment what can be believed.
import { Api } from "./api.js";
import { Elapsed } from "./clock.js";
import { Connection } from "./connection.js";
import { Credentials } from "./credentials.js";
import { Feed } from "./feed.js";
import { Http } from "./http.js";
import { Listeners } from "./listeners.js";
import { Marks } from "./marks.js";
import { settle } from "./options.js";
import { Retry } from "./retry.js";
import { Standing } from "./standing.js";
import { why } from "./state.js";
import { Times } from "./times.js";
import { watchPage } from "./wake.js";
import { Wanted } from "./wanted.js";
/** Silence after which a replay with hidden events is over. */
const SETTLED_MS = 1_000;
export class LiveFleet {
    #means;
    #listeners;
    #feed = new Feed();
    #times;
    #standing;
    #retry;
    #marks;
    #unwatchPage;
    #wanted;
    #connection = null;
    #hello = null;
    constructor(options) {
        const { base, fetcher, clock, socketClass, onError, interest, random, backoff } = settle(options);
        const api = new Api(new Http(base, fetcher, clock));
        const credentials = new Credentials(options.token, options.ticket, api, clock);
        const elapsed = new Elapsed(clock);
        this.#times = new Times(clock, elapsed);
        this.#standing = new Standing(this.#times, (state) => this.#listeners.tell("state", state));
        this.#retry = new Retry({ clock, elapsed, random, backoff }, () => this.#attempt());
        this.#marks = new Marks(api, credentials);
        this.#means = { base, socketClass, clock, elapsed, credentials };
        this.#listeners = new Listeners(onError);
        this.#wanted = new Wanted(interest);
        this.#unwatchPage = watchPage({ wake: () => this.wake(), probe: () => this.probe(), rest: () => this.#rest() });
        // After the caller had the chance to listen.
        this.#retry.in(0);
    }
    get agents() {
        return this.#feed.fleet.agents;
    }
    /** agentId → sessionId → session. */
    get sessions() {
        return this.#feed.fleet.sessions;
    }
    get sessionCount() {
        return this.#feed.fleet.sessionCount;
    }
    get state() {
        return this.#standing.state;
    }
    /** How far the fleet is: `<epoch>:<seq>:<view>`. */
    get cursor() {
        return this.#feed.cursor;
    }
    /** What the server said of itself at the last connection. */
    get hello() {
        return this.#hello;
    }
    /** What time it is at the server, as far as it told; clocks that are set here do not matter. */
    serverNow() {
        return this.#times.serverNow();
    }
    /** As of when the fleet is as shown, by the server's clock: while it is not live, the time of the last word. */
    now() {
        return this.#standing.now();
    }
    /** How long it still is to the next try; null where none is waited for. */
    get retryInMs() {
        return this.state.retryAt === null ? null : this.#retry.leftMs;
    }
    /** For how long the server has said nothing; null before its first word. */
    get silentMs() {
        return this.#times.silentMs;
    }
    /**
     * Reads the marks of life that move without events: `lastSeenAt`, `stale`, `unleased`, and so `heardAt`. Says whether they
     * are in place; false where there are only tickets, it is not live, or nothing could be read. Never throws.
     */
    refreshMarks() {
        const connection = this.#connection;
        if (this.state.name !== "live")
            return Promise.resolve(false);
        return this.#marks.read(({ epoch, agents }) => {
            const changes = this.#connection === connection ? this.#feed.remark(epoch, agents) : null;
            this.#tell(changes ?? [], connection);
            return changes !== null;
        });
    }
    /** The answer takes it back. A listener that throws disturbs nobody. */
    on(name, listener) {
        return this.#listeners.on(name, listener);
    }
    /** Another interest, in place of the one before: absent means all. Throws a RangeError where the server would refuse. */
    subscribe(interest) {
        this.#wanted.change(interest);
        this.#wanted.tell(this.#connection);
    }
    /** Looks after the connection now: asks for a sign of life, or comes back without waiting longer. */
    wake() {
        if (this.state.name === "stale") {
            const leftMs = this.#retry.askedLeftMs;
            this.#retry.cancel();
            if (leftMs <= 0)
                this.#attempt();
            else {
                this.#retry.in(leftMs);
                this.#becomeStale(this.state.why);
            }
        }
        else {
            this.#standing.woke();
            this.probe();
        }
    }
    /** Asks for a sign of life; without one the connection is taken for lost 5 seconds later. */
    probe() {
        this.#connection?.probe();
    }
    /** Begins again after a sign-out or a stop, as for a person who signed in or asks for it. */
    reconnect() {
        if (this.state.name === "closed")
            return;
        this.#disconnect();
        this.#retry.forget();
        this.#attempt();
    }
    /** The end: nothing is told after it but the state. */
    close() {
        if (this.state.name === "closed")
            return;
        this.#unwatchPage();
        this.#disconnect();
        this.#become("closed");
    }
    #attempt() {
        this.#feed.begin();
        const connection = new Connection(this.#means, {
            query: () => this.#wanted.query(this.#feed.cursor),
            frame: (frame) => this.#take(frame, connection),
            tick: () => this.#tick(),
            ended: (ending) => this.#ended(ending),
        });
        this.#connection = connection;
        this.#become("connecting", this.state.why);
        // A listener may have closed or begun anew.
        if (this.#connection === connection)
            void connection.start();
    }
    #take(frame, connection) {
        if (frame.type === "hello")
            this.#greeted(frame.payload);
        if (frame.type === "heartbeat")
            this.#times.told(frame.payload["timestamp"]);
        this.#times.heard();
        const before = this.#feed.cursor;
        const { verdict, changes, begun, caughtUp } = this.#feed.take(frame, this.serverNow());
        if (verdict !== "ok")
            return connection.distrust(verdict === "lost" ? "gap" : "anew");
        const isOurs = () => this.#connection === connection;
        if (begun !== undefined && caughtUp === undefined) {
            this.#retry.lives(false);
            this.#become("catching-up", this.#standing.isChecking ? null : this.state.why);
        }
        else if (this.#standing.isChecking) {
            this.#become("live");
        }
        this.#tell(changes, connection);
        if (isOurs() && this.#feed.cursor !== before)
            this.#listeners.tell("cursor", this.#feed.cursor);
        if (isOurs() && caughtUp !== undefined)
            this.#caughtUp(caughtUp, isOurs);
    }
    #tell(changes, connection) {
        for (const change of changes)
            if (this.#connection === connection)
                this.#listeners.tell("change", change);
    }
    #greeted(hello) {
        this.#hello = hello;
        this.#times.greeted(hello.serverTime);
        this.#wanted.tell(this.#connection);
    }
    #caughtUp(caughtUp, isOurs) {
        this.#retry.lives(true);
        this.#listeners.tell("caught-up", caughtUp);
        if (isOurs())
            this.#become("live");
    }
    #tick() {
        this.#standing.tick(this.#hello?.heartbeatMs);
        const connection = this.#connection;
        if (connection === null || !this.#feed.endsInSilence || (this.silentMs ?? 0) < SETTLED_MS)
            return;
        const caughtUp = this.#feed.settle();
        if (caughtUp !== undefined)
            this.#caughtUp(caughtUp, () => this.#connection === connection);
    }
    #ended(ending) {
        const { credentials } = this.#means;
        this.#drop();
        const step = this.#retry.after(ending, credentials.hasSource);
        if (step.act !== "return")
            return this.#become(step.act, step.reason);
        if (step.newToken)
            credentials.ended();
        this.#becomeStale(step.reason);
    }
    #becomeStale(reason) {
        this.#become("stale", reason, this.#means.clock.now() + this.#retry.leftMs);
    }
    // Put aside for the back button; `pageshow` wakes it.
    #rest() {
        if (this.#connection === null)
            return;
        this.#disconnect();
        this.#retry.asked(0);
        this.#become("stale", why("page_hidden", "The page was put aside."));
    }
    #disconnect() {
        this.#retry.cancel();
        this.#drop();
    }
    #drop() {
        this.#connection?.drop();
        this.#connection = null;
    }
    #become(name, reason = null, retryAt = null) {
        const isShown = this.#feed.cursor !== null || this.agents.size > 0;
        this.#standing.become(name, isShown, reason, retryAt);
    }
}
/** A live fleet, which connects by itself and comes back until `close()`. */
export function connect(options) {
    return new LiveFleet(options);
}
