// One live connection, kept alive: sign-in code, token, ticket, WebSocket, watchdog, and the way back after a loss.
// It knows nothing of the screen; it says what happened through `onState` and `onFold`.

import { Refusal, signIn } from "./api.js";
import { afterClose, retryDelayMs } from "./policy.js";

const HELLO_WITHIN_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const STEADY_AFTER_MS = 10_000;

export class Connection {
  /** "idle", "connecting", "syncing", "live", "lost", "out" (signed out), "stopped" (told not to come back). */
  state = "idle";
  #tokens;
  #feed;
  #onState;
  #onFold;
  #socket = null;
  /** Raised whenever what is under way is no longer wanted; an old step sees it and ends. */
  #turn = 0;
  #code = null;
  #codeRefused = false;
  #needNewToken = false;
  #failedTries = 0;
  #wrongInARow = 0;
  #liveSince = 0;
  /** The last word of the server; 0 before the first. */
  #heardAt = 0;
  /** The same, or when the socket was opened: silence is counted from here. */
  #silentFrom = 0;
  #silenceMaxMs = HELLO_WITHIN_MS;
  #goodbyeRetryMs = 0;
  #retryTimer = 0;
  #refreshTimer = 0;

  constructor({ tokens, feed, onState, onFold }) {
    this.#tokens = tokens;
    this.#feed = feed;
    this.#onState = onState;
    this.#onFold = onFold;
    setInterval(() => this.#watch(), 1_000);
  }

  /** Connects, after spending the one-time code if there is one. */
  start(code = null) {
    this.stop("connecting");
    this.#code = code;
    this.#codeRefused = false;
    this.#failedTries = 0;
    this.#wrongInARow = 0;
    this.#attempt();
  }

  /** Ends the connection and every attempt at one. */
  stop(state = "idle", info = {}) {
    this.#drop();
    this.#become(state, info);
  }

  /** The network or the person is back: try at once when lost, ask for a sign of life when connected. */
  nudge() {
    if (this.state === "lost") {
      clearTimeout(this.#retryTimer);
      this.#attempt();
    } else if (this.#socket?.readyState === WebSocket.OPEN && this.state !== "connecting") {
      this.#probe();
    }
  }

  async #attempt() {
    const turn = ++this.#turn;
    try {
      await this.#spendCode();
      if (this.#needNewToken) await this.#tokens.renew();
      this.#needNewToken = false;
      const ticket = await this.#tokens.ticket();
      if (turn === this.#turn) this.#open(ticket);
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
    }
  }

  // A refused code is not the end: the browser may still be signed in from before.
  async #spendCode() {
    if (this.#code === null) return;
    try {
      await signIn(this.#code);
      this.#tokens.forget();
    } catch (error) {
      if (!(error instanceof Refusal) || error.temporary) throw error;
      this.#codeRefused = true;
    }
    this.#code = null;
  }

  #refused(error) {
    if (!(error instanceof Refusal) || error.temporary) {
      this.#lose(error.retryMs ?? 0);
    } else if (error.unknown) {
      this.#tokens.forget();
      this.stop("out", { codeRefused: this.#codeRefused });
    } else {
      this.stop("stopped", { title: "The server refused the live view", text: error.message, needsLink: false });
    }
  }

  #open(ticket) {
    // Always this page's own origin; an address from the URL would send the ticket to whoever wrote the link.
    const url = new URL("ws", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("ticket", ticket);
    if (this.#feed.cursor !== null) url.searchParams.set("after", this.#feed.cursor);
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#silentFrom = Date.now();
    this.#silenceMaxMs = HELLO_WITHIN_MS;
    this.#goodbyeRetryMs = 0;
    socket.onmessage = ({ data }) => this.#message(data);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  #message(data) {
    this.#heardAt = this.#silentFrom = Date.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return this.#lose();
    }
    if (frame === null || typeof frame !== "object") return;
    const { type, payload = {} } = frame;
    if (type === "hello" && payload.heartbeatMs > 0) this.#silenceMaxMs = 2 * payload.heartbeatMs;
    else if (type === "goodbye") this.#goodbyeRetryMs = payload.retryMs ?? 0;
    else if (type === "auth:expiring") this.#refresh();
    const folded = this.#feed.take(frame);
    // Something between was not received: the cursor still stands before it, so coming back fills the hole.
    if (folded.kind === "gap") return this.#lose();
    if (type === "hello" || type === "resync") this.#become("syncing");
    this.#onFold(folded, frame);
    if (this.state === "syncing" && this.#feed.caughtUp) {
      this.#liveSince = Date.now();
      this.#codeRefused = false;
      this.#become("live");
    }
  }

  #closed(code, reason) {
    const step = afterClose(code, reason, this.#wasSteady ? 0 : this.#wrongInARow);
    if (step.stop) return this.stop("stopped", step.stop);
    this.#wrongInARow = step.wrongInARow;
    this.#needNewToken = step.newToken;
    this.#lose(step.retryMs || this.#goodbyeRetryMs);
  }

  #lose(askedMs = 0) {
    this.#failedTries = this.#wasSteady ? 0 : this.#failedTries + 1;
    this.#drop();
    const delay = retryDelayMs(Math.max(0, this.#failedTries - 1), askedMs);
    this.#retryTimer = setTimeout(() => this.#attempt(), delay);
    this.#become("lost", { heardAt: this.#heardAt });
  }

  // A connection that lived only a moment counts as a failed try, or two sides that disagree would hammer each other.
  get #wasSteady() {
    return this.#liveSince > 0 && Date.now() - this.#liveSince >= STEADY_AFTER_MS;
  }

  // The socket's own close event may take minutes when the network is gone: nothing more is heard from it.
  #drop() {
    this.#turn += 1;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#refreshTimer);
    this.#liveSince = 0;
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  async #refresh() {
    const turn = this.#turn;
    try {
      const token = await this.#tokens.renew();
      if (turn === this.#turn) this.#send("auth:refresh", { token });
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error instanceof Refusal && error.unknown) this.#refused(error);
      else this.#refreshTimer = setTimeout(() => this.#refresh(), 3_000);
    }
  }

  #probe() {
    const turn = this.#turn;
    const asked = Date.now();
    this.#send("ping", { id: String(asked) });
    setTimeout(() => {
      if (turn === this.#turn && this.#heardAt < asked) this.#lose();
    }, PONG_WITHIN_MS);
  }

  #send(type, payload) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type, payload }));
  }

  #watch() {
    if (this.#socket !== null && Date.now() - this.#silentFrom > this.#silenceMaxMs) this.#lose();
  }

  #become(state, info = {}) {
    this.state = state;
    this.#onState(state, info);
  }
}
