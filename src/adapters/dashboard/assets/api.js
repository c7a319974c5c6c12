// The page's side of sign-in: the one-time code, the short-lived token, the single-use ticket. Every failure leaves
// here as a Refusal (the server said no) or an Unreachable (nobody answered), so that callers never read a status.

const ANSWER_WITHIN_MS = 10_000;

/** The server answered and said no. */
export class Refusal extends Error {
  constructor(status, problem, retryMs) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.code = typeof problem.code === "string" ? problem.code : "";
    this.retryMs = retryMs;
  }

  /** Who we are was not accepted. */
  get unknown() {
    return this.status === 401;
  }

  /** Asking again later may help. */
  get temporary() {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Nobody answered: the server is away, or the network is. */
export class Unreachable extends Error {}

// Relative to the page, so that the page also works mounted below another program's path.
async function post(path, { body, bearer } = {}) {
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (bearer !== undefined) headers.authorization = `Bearer ${bearer}`;
  let response;
  let text;
  try {
    response = await fetch(path, {
      method: "POST",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    text = await response.text();
  } catch {
    throw new Unreachable("The server does not answer.");
  }
  const json = parse(text);
  if (!response.ok) throw new Refusal(response.status, json, retryAfterMs(response.headers.get("retry-after")));
  return json;
}

function parse(text) {
  try {
    const json = JSON.parse(text);
    return json !== null && typeof json === "object" ? json : {};
  } catch {
    return {};
  }
}

function retryAfterMs(header) {
  const seconds = Number(header);
  return header !== null && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 0;
}

/** Spends a one-time code; the server answers with a cookie that scripts cannot read. */
export function signIn(code) {
  return post("api/v1/sign-in", { body: { code } });
}

/** Ends the cookie. */
export function signOut() {
  return post("api/v1/sign-out");
}

/** Holds the token in memory only, and asks for a new one when the old one is about to end. */
export class TokenSource {
  #token = null;
  #endsAt = 0;

  /** A token that is good for at least another minute. */
  async get() {
    return this.#token !== null && performance.now() < this.#endsAt - 60_000 ? this.#token : this.renew();
  }

  /** A new token, whatever is left of the old one. */
  async renew() {
    const asked = performance.now();
    const { token, expiresInMs } = await post("api/v1/session-token");
    this.#token = token;
    this.#endsAt = asked + (expiresInMs || 0);
    return token;
  }

  forget() {
    this.#token = null;
  }

  /** A ticket for one WebSocket. A token the server no longer takes is replaced once. */
  async ticket() {
    try {
      return (await post("api/v1/tickets", { bearer: await this.get() })).ticket;
    } catch (error) {
      if (!(error instanceof Refusal && error.unknown)) throw error;
      return (await post("api/v1/tickets", { bearer: await this.renew() })).ticket;
    }
  }
}
