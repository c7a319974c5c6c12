// The server's requests that a watcher needs: tickets and reads with a token, and the sign-in of its own page.
import { Refusal } from "./http.js";
export class Api {
    #http;
    constructor(http) {
        this.#http = http;
    }
    /** A ticket for one live connection: good once, for 30 seconds. */
    ticket(token) {
        return this.#read("POST", "api/v1/tickets", token);
    }
    /** One consistent copy of the fleet. */
    fleet(token) {
        return this.#read("GET", "api/v1/fleet", token);
    }
    async agent(token, agentId) {
        if (isSegment(agentId))
            return (await this.#outOfCopy(token, agentId)).found;
        return this.#read("GET", `api/v1/agents/${encodeURIComponent(agentId)}`, token);
    }
    events(token, query = {}) {
        return this.#read("GET", `api/v1/events${listing(query)}`, token);
    }
    async agentEvents(token, agentId, query = {}) {
        if (isSegment(agentId)) {
            const { found, at } = await this.#outOfCopy(token, agentId);
            const { payload, detail } = found.agent;
            const uptimeMs = payload.status === "online" ? Math.max(0, at - detail.since) : 0;
            return { ...(await this.events(token, { ...query, agents: [agentId] })), uptimeMs, restarts: detail.restarts ?? 0 };
        }
        return this.#read("GET", `api/v1/agents/${encodeURIComponent(agentId)}/events${listing(query)}`, token);
    }
    /** Needs the scope `admin`. */
    connections(token) {
        return this.#read("GET", "api/v1/connections", token);
    }
    /** Spends the one-time code of a link; the server answers with a cookie that scripts cannot read. */
    async signIn(code) {
        await this.#http.ask({ method: "POST", path: "api/v1/sign-in", body: { code }, withCookies: true });
    }
    /** Ends the cookie. */
    async signOut() {
        await this.#http.ask({ method: "POST", path: "api/v1/sign-out", withCookies: true });
    }
    /** A short token for a browser that is signed in by the cookie. */
    async sessionToken() {
        const answer = await this.#http.ask({ method: "POST", path: "api/v1/session-token", withCookies: true });
        return answer;
    }
    async #outOfCopy(token, agentId) {
        const { json, at } = await this.#http.askTimed({ method: "GET", path: "api/v1/fleet", token });
        const { agents, sessions } = json;
        const agent = agents.find(({ payload }) => payload.agentId === agentId);
        if (agent === undefined)
            throw new Refusal(404, { code: "not_found", detail: "There is no such agent." }, 0);
        return { found: { agent, sessions: sessions.filter(({ payload }) => payload.agentId === agentId) }, at };
    }
    async #read(method, path, token) {
        return (await this.#http.ask({ method, path, token }));
    }
}
/** In an address such an id is a step, also when it is encoded: it cannot be asked for by path. */
function isSegment(agentId) {
    return agentId === "." || agentId === "..";
}
function listing({ after, agents, types, limit }) {
    const query = new URLSearchParams();
    if (after !== undefined)
        query.set("after", after);
    if (agents !== undefined)
        query.set("agents", agents.join(","));
    if (types !== undefined)
        query.set("types", types.join(","));
    if (limit !== undefined)
        query.set("limit", String(limit));
    const text = query.toString();
    return text === "" ? "" : `?${text}`;
}
