// The server's requests that a watcher needs: tickets and reads with a token, and the sign-in of its own page.

import { Refusal, type Http } from "./http.js";
import type { Agent, AgentEvents, Connections, Events, Fleet, SessionToken, Ticket } from "./wire.js";

/** What to list of the past. */
export interface EventsQuery {
  after?: string;
  agents?: readonly string[];
  types?: readonly string[];
  limit?: number;
}

export class Api {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** A ticket for one live connection: good once, for 30 seconds. */
  ticket(token: string): Promise<Ticket> {
    return this.#read<Ticket>("POST", "api/v1/tickets", token);
  }

  /** One consistent copy of the fleet. */
  fleet(token: string): Promise<Fleet> {
    return this.#read<Fleet>("GET", "api/v1/fleet", token);
  }

  async agent(token: string, agentId: string): Promise<Agent> {
    if (isSegment(agentId)) return (await this.#outOfCopy(token, agentId)).found;
    return this.#read<Agent>("GET", `api/v1/agents/${encodeURIComponent(agentId)}`, token);
  }

  events(token: string, query: EventsQuery = {}): Promise<Events> {
    return this.#read<Events>("GET", `api/v1/events${listing(query)}`, token);
  }

  async agentEvents(token: string, agentId: string, query: EventsQuery = {}): Promise<AgentEvents> {
    if (isSegment(agentId)) {
      const { found, at } = await this.#outOfCopy(token, agentId);
      const { payload, detail } = found.agent;
      const uptimeMs = payload.status === "online" ? Math.max(0, at - detail.since) : 0;
      return { ...(await this.events(token, { ...query, agents: [agentId] })), uptimeMs, restarts: detail.restarts ?? 0 };
    }
    return this.#read<AgentEvents>("GET", `api/v1/agents/${encodeURIComponent(agentId)}/events${listing(query)}`, token);
  }

  /** Needs the scope `admin`. */
  connections(token: string): Promise<Connections> {
    return this.#read<Connections>("GET", "api/v1/connections", token);
  }

  /** Spends the one-time code of a link; the server answers with a cookie that scripts cannot read. */
  async signIn(code: string): Promise<void> {
    await this.#http.ask({ method: "POST", path: "api/v1/sign-in", body: { code }, withCookies: true });
  }

  /** Ends the cookie. */
  async signOut(): Promise<void> {
    await this.#http.ask({ method: "POST", path: "api/v1/sign-out", withCookies: true });
  }

  /** A short token for a browser that is signed in by the cookie. */
  async sessionToken(): Promise<SessionToken> {
    const answer = await this.#http.ask({ method: "POST", path: "api/v1/session-token", withCookies: true });
    return answer as unknown as SessionToken;
  }

  async #outOfCopy(token: string, agentId: string): Promise<{ found: Agent; at: number }> {
    const { json, at } = await this.#http.askTimed({ method: "GET", path: "api/v1/fleet", token });
    const { agents, sessions } = json as unknown as Fleet;
    const agent = agents.find(({ payload }) => payload.agentId === agentId);
    if (agent === undefined) throw new Refusal(404, { code: "not_found", detail: "There is no such agent." }, 0);
    return { found: { agent, sessions: sessions.filter(({ payload }) => payload.agentId === agentId) }, at };
  }

  async #read<Answer>(method: "GET" | "POST", path: string, token: string): Promise<Answer> {
    return (await this.#http.ask({ method, path, token })) as Answer;
  }
}

/** In an address such an id is a step, also when it is encoded: it cannot be asked for by path. */
function isSegment(agentId: string): boolean {
  return agentId === "." || agentId === "..";
}

function listing({ after, agents, types, limit }: EventsQuery): string {
  const query = new URLSearchParams();
  if (after !== undefined) query.set("after", after);
  if (agents !== undefined) query.set("agents", agents.join(","));
  if (types !== undefined) query.set("types", types.join(","));
  if (limit !== undefined) query.set("limit", String(limit));
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
