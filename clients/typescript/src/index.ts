// What the package offers.

import { Api } from "./api.js";
import { systemClock } from "./clock.js";
import { Http } from "./http.js";
import { baseUrl, type Options } from "./options.js";

export { connect, LiveFleet, type Events } from "./client.js";
export { Api, type EventsQuery } from "./api.js";
export { systemClock, type Clock } from "./clock.js";
export { SignedOut, type TicketSource, type TokenSource } from "./credentials.js";
export { cursorText, parseCursor, type Cursor } from "./cursor.js";
export { Feed, type Begun, type CaughtUp, type Taken, type Verdict } from "./feed.js";
export {
  Fleet,
  type Agent,
  type AgentChange,
  type Change,
  type LifecycleChange,
  type Session,
  type SessionChange,
  type Source,
  type Telling,
} from "./fleet.js";
export { readFrame, type Hello, type Received, type ServerFrame } from "./frames.js";
export { Refusal, Unreachable } from "./http.js";
export type { EventType, Interest } from "./interest.js";
export type { Options } from "./options.js";
export { afterClose, closeReason, waitMs, type AfterClose, type Backoff } from "./policy.js";
export type { SocketClass, SocketLike } from "./socket.js";
export type { State, Why } from "./state.js";
export { Watch } from "./watch.js";
export type * as wire from "./wire.js";

/** The server's reads, and the sign-in of its own page. In a browser the address may be left out. */
export function api({ url, fetch: fetcher }: Pick<Options, "url" | "fetch"> = {}): Api {
  return new Api(new Http(baseUrl(url), fetcher ?? ((input, init) => fetch(input, init)), systemClock));
}
