// The server's requests that a watcher needs: tickets and reads with a token, and the sign-in of its own page.
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
    agent(token, agentId) {
        return this.#read("GET", `api/v1/agents/${encodeURIComponent(agentId)}`, token);
    }
    events(token, query = {}) {
        return this.#read("GET", `api/v1/events${listing(query)}`, token);
    }
    agentEvents(token, agentId, query = {}) {
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
    async #read(method, path, token) {
        return (await this.#http.ask({ method, path, token }));
    }
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
