// One connection, from the ticket to its end, of which it is told once. It reads no frame's meaning: that is the
// feed's, and what to do after its end is the client's.
import { TICK_MS, Watch } from "./watch.js";
import { readFrame } from "./frames.js";
import { asked } from "./policy.js";
import { Refresh } from "./refresh.js";
import { Socket, streamUrl } from "./socket.js";
import { Wishes } from "./wishes.js";
export class Connection {
    #means;
    #owner;
    #refresh;
    #wishes;
    #socket = null;
    #watch;
    #isOver = false;
    #isGreeted = false;
    #goodbyeMs = 0;
    #isHeard = false;
    #cancelTick = () => { };
    constructor(means, owner) {
        const { clock, credentials, elapsed } = means;
        this.#means = means;
        this.#owner = owner;
        this.#watch = new Watch(elapsed.now());
        this.#refresh = new Refresh(() => credentials.renewed(), (token) => this.#send("auth:refresh", { token }), clock);
        this.#wishes = new Wishes((interest) => this.#send("subscribe", { ...interest }), clock);
    }
    async start() {
        try {
            const ticket = await this.#means.credentials.ticket();
            if (!this.#isOver)
                this.#open(ticket);
        }
        catch (error) {
            this.#end({ how: "refused", error }, false);
        }
    }
    /** Asks for a sign of life, which is waited for only so long. */
    probe() {
        if (!this.#isGreeted || this.#watch.isProbed)
            return;
        // What was slept through before is no delay of the answer.
        this.#watch.tick(this.#means.elapsed.now());
        if (this.#send("ping", {}))
            this.#watch.probed();
    }
    /** Only where it was greeted: before, the address says it, and what was said too late is said at `hello`. */
    subscribe(interest) {
        if (this.#isGreeted)
            this.#wishes.wish(interest);
    }
    get isGreeted() {
        return this.#isGreeted;
    }
    /** Something is missing in what came. */
    distrust(code) {
        this.#end({ how: "lost", code, retryMs: 0 }, false);
    }
    /** No longer wanted; its owner is told nothing more. */
    drop(isDead = false) {
        this.#isOver = true;
        this.#cancelTick();
        this.#refresh.end();
        this.#wishes.end();
        this.#socket?.drop(isDead);
    }
    #open(ticket) {
        const { base, socketClass, elapsed } = this.#means;
        const query = this.#owner.query();
        query.set("ticket", ticket);
        this.#watch = new Watch(elapsed.now());
        this.#tick();
        this.#socket = new Socket(socketClass, streamUrl(base, query), {
            message: (data) => this.#heard(data),
            closed: (code, reason) => this.#end({ how: "closed", code, reason, retryMs: this.#goodbyeMs }, false),
        });
    }
    #heard(data) {
        if (this.#isOver)
            return;
        this.#isHeard = true;
        this.#watch.heard(this.#means.elapsed.now());
        const frame = readFrame(data);
        if (frame === null)
            return this.#end({ how: "lost", code: "unreadable", retryMs: 0 }, false);
        const { type, payload } = frame;
        if (type === "hello")
            this.#greeted(payload["heartbeatMs"]);
        else if (type === "goodbye")
            this.#goodbyeMs = asked(payload["retryMs"]);
        else if (type === "auth:expiring")
            this.#expiring();
        else if (type === "auth:refreshed")
            this.#refresh.taken();
        else if (type === "error" && payload["id"] === undefined)
            this.#refresh.refused();
        this.#owner.frame(frame);
    }
    #greeted(heartbeatMs) {
        this.#isGreeted = true;
        if (typeof heartbeatMs === "number" && heartbeatMs > 0)
            this.#watch.greeted(heartbeatMs);
    }
    #expiring() {
        if (this.#means.credentials.canRefresh)
            this.#refresh.expiring();
    }
    #tick() {
        this.#cancelTick = this.#means.clock.after(TICK_MS, () => {
            const verdict = this.#watch.tick(this.#means.elapsed.now());
            if (verdict === "dead") {
                this.#end({ how: "lost", code: this.#isHeard ? "silent" : "unreachable", retryMs: this.#goodbyeMs }, true);
                return;
            }
            this.#tick();
            if (verdict === "probe")
                this.probe();
            this.#owner.tick();
        });
    }
    #end(ending, isDead) {
        if (this.#isOver)
            return;
        this.drop(isDead);
        this.#owner.ended(ending);
    }
    #send(type, payload) {
        return this.#socket?.send(type, payload) === true;
    }
}
