// What the server reads and writes over HTTP, and the frames of its live stream. Made by scripts/wire.mjs from the
// server's OpenAPI and AsyncAPI documents: `npm run wire` renews it, and the tests fail where it is old.

export interface ActivityDetail {
  state?: string;
  truncated?: boolean;
}

export interface ActivityPayload {
  agentId: string;
  lastMessage: string;
  sessionId: string;
  timestamp: number;
}

/** An agent and its sessions. */
export interface Agent {
  agent: AgentFrame;
  sessions: SessionFrame[];
}

/** Some events of an agent, and how it has been. */
export interface AgentEvents {
  /** A page may be empty and have a `next`: hidden events count as looked at. */
  events: EventFrame[];
  /** The position of the last event: where to poll from at the end. */
  head: string;
  /** Where the next page begins; null at the end. */
  next: string | null;
  /** How often it was restarted. */
  restarts: number;
  /** For how long it has been online without a break; 0 while it is not. */
  uptimeMs: number;
}

/** An agent, as the stream shows it in a copy. */
export interface AgentFrame {
  detail: StatusDetail;
  payload: StatusPayload;
  rev: number;
  sync: true;
  type: "agent:status";
}

/** What went wrong. Branch on it; the words beside it may change. */
export type Code =
  | "invalid_request"
  | "misdirected_request"
  | "invalid_json"
  | "ambiguous_credentials"
  | "missing_token"
  | "invalid_token"
  | "token_expired"
  | "token_revoked"
  | "invalid_ticket"
  | "invalid_code"
  | "not_signed_in"
  | "forbidden_scope"
  | "forbidden_agent"
  | "forbidden_origin"
  | "not_found"
  | "method_not_allowed"
  | "idempotency_conflict"
  | "cursor_expired"
  | "body_too_large"
  | "uri_too_long"
  | "unsupported_media_type"
  | "invalid_id"
  | "invalid_pattern"
  | "invalid_value"
  | "invalid_cursor"
  | "unknown_type"
  | "invalid_batch"
  | "upgrade_required"
  | "rate_limited"
  | "too_many_connections"
  | "head_too_large"
  | "invalid_frame"
  | "internal"
  | "not_built"
  | "overloaded"
  | "unavailable"
  | "draining"
  | "fleet_full"
  | "store_full";

/** A live connection, and what it shows. */
export interface Connection {
  agents: Array<string>;
  /** Whether nothing is hidden from it. */
  complete: boolean;
  connectionId: string;
  since: number;
  transport: string;
  types: Array<"agent:status" | "agent:lifecycle" | "session:activity">;
  /** At most 255 bytes. */
  userId: string;
  view: string;
}

/** The live connections of the node, oldest first. */
export interface Connections {
  connections: Connection[];
}

export interface Counts {
  /** Frames of agents that were sent. */
  agents: number;
  /** Frames of removals; only behind a delta. */
  removed?: number;
  /** Frames of sessions. */
  sessions: number;
}

/** A refusal of a client's frame. */
export interface ErrorFrame {
  payload: Refusal;
  type: "error";
}

/** An event, as the stream shows it when it happens. */
export type EventFrame =
  | {
    detail: StatusDetail;
    payload: StatusPayload;
    seq: number;
    type: "agent:status";
  }
  | {
    detail?: LifecycleDetail;
    payload: LifecyclePayload;
    seq: number;
    type: "agent:lifecycle";
  }
  | {
    detail?: ActivityDetail;
    payload: ActivityPayload;
    seq: number;
    type: "session:activity";
  }
  | {
    payload: RemovedPayload;
    seq: number;
    type: "agent:removed";
  }
  | {
    payload: RemovedPayload & Required<Pick<RemovedPayload, "sessionId">>;
    seq: number;
    type: "session:removed";
  };

/** Some events, and where to go on. */
export interface Events {
  /** A page may be empty and have a `next`: hidden events count as looked at. */
  events: EventFrame[];
  /** The position of the last event: where to poll from at the end. */
  head: string;
  /** Where the next page begins; null at the end. */
  next: string | null;
}

/** The token ends soon: refresh it. */
export interface ExpiringFrame {
  payload: Expiry;
  type: "auth:expiring";
}

export interface Expiry {
  /** When the token ends. */
  exp: number;
}

/** What is wrong with one field. */
export interface FieldProblem {
  code: Code;
  detail: string;
  pointer: string;
}

/** One consistent copy of the fleet, as far as the token shows it. */
export interface Fleet {
  agents: AgentFrame[];
  epoch: string;
  /** The position of the copy. */
  seq: number;
  sessions: SessionFrame[];
  view: string;
}

export interface Goodbye {
  code:
    | "going_away"
    | "protocol_error"
    | "binary_message"
    | "invalid_utf8"
    | "message_too_large"
    | "internal"
    | "restart"
    | "overloaded"
    | "token_expired"
    | "silent"
    | "blocked"
    | "too_many_frames"
    | "bad_client"
    | "token_revoked"
    | "forbidden";
  /** When to come back. */
  retryMs?: number;
}

/** The last frame before the server ends the connection. */
export interface GoodbyeFrame {
  payload: Goodbye;
  type: "goodbye";
}

/** A sign of life, at the highest position that was considered for the connection. */
export interface HeartbeatFrame {
  payload: Timed;
  seq: number;
  type: "heartbeat";
}

/** What `hello` says. */
export interface Hello {
  /** Whether nothing is hidden: seqs then have no holes. */
  complete: boolean;
  connectionId: string;
  epoch: string;
  heartbeatMs: number;
  mode: "snapshot" | "delta" | "replay" | "live";
  /** The version of the protocol. */
  protocol: number;
  reason:
    | "new"
    | "resumed"
    | "epoch_changed"
    | "cursor_ahead"
    | "interest_changed"
    | "grant_changed"
    | "compacted"
    | "slow_reader";
  /** The head, or the position of the copy that follows. */
  seq: number;
  serverStartedAt: number;
  serverTime: number;
  /** At most 255 bytes. */
  userId: string;
  view: string;
}

/** The first frame of a connection. */
export interface HelloFrame {
  payload: Hello;
  type: "hello";
}

/** At most 16 labels, key and value at most 64 bytes each. */
export type Labels = Record<string, string>;

export interface LifecycleDetail {
  exitCode?: number;
  labels?: Labels;
  message?: string;
  restarts?: number;
  signal?: string;
  truncated?: boolean;
}

export interface LifecyclePayload {
  agentId: string;
  event: "start" | "stop" | "restart" | "crash";
  timestamp: number;
}

export interface Pong {
  /** That of the ping. */
  id?: string;
}

/** The answer to a ping. */
export interface PongFrame {
  payload: Pong;
  type: "pong";
}

/** Why a request was refused (RFC 9457). */
export interface Problem {
  code: Code;
  /** What is wrong and what to do, for people. */
  detail: string;
  /** Of a 422: each field that is wrong. */
  errors?: FieldProblem[];
  /** Stands in the header `X-Request-Id` and on the server's log lines too. */
  requestId: string;
  status: number;
  /** What happened, in a few words that are the same for each code. */
  title: string;
  type: string;
}

/** A fresh token was taken. */
export interface RefreshedFrame {
  payload: Expiry;
  type: "auth:refreshed";
}

export interface Refusal {
  code: Code;
  /** That of the report. */
  id?: string;
  /** What to do. */
  message: string;
  /** Where in the frame, as a JSON pointer. */
  pointer?: string;
  /** When to try again. */
  retryMs?: number;
}

/** An agent or session that was removed, in a delta. */
export type RemovedFrame =
  | {
    payload: RemovedPayload;
    rev: number;
    sync: true;
    type: "agent:removed";
  }
  | {
    payload: RemovedPayload & Required<Pick<RemovedPayload, "sessionId">>;
    rev: number;
    sync: true;
    type: "session:removed";
  };

export interface RemovedPayload {
  agentId: string;
  sessionId?: string;
}

export interface Reported {
  /** Whether it counted: a late one does not. */
  applied: boolean;
  /** Whether it made an event. */
  changed: boolean;
  epoch: string;
  /** That of the report. */
  id?: string;
  /** The position of its last event, or the head where it made none. */
  seq: number;
}

/** The answer to a report over the socket. */
export interface ReportedFrame {
  payload: Reported;
  type: "reported";
}

export interface Resync {
  /** Whether nothing is hidden; where the view is new. */
  complete?: boolean;
  /** The first seq that was not delivered. */
  from: number;
  mode: "snapshot" | "delta" | "replay" | "live";
  reason:
    | "new"
    | "resumed"
    | "epoch_changed"
    | "cursor_ahead"
    | "interest_changed"
    | "grant_changed"
    | "compacted"
    | "slow_reader";
  view: string;
}

/** A new beginning on a connection that goes on. */
export interface ResyncFrame {
  payload: Resync;
  seq: number;
  type: "resync";
}

/** A session, as the stream shows it in a copy. */
export interface SessionFrame {
  detail?: ActivityDetail;
  payload: ActivityPayload;
  rev: number;
  sync: true;
  type: "session:activity";
}

/** A token for the page of a signed-in browser. */
export interface SessionToken {
  expiresInMs: number;
  token: string;
}

export interface StatusDetail {
  crashes?: number;
  labels?: Labels;
  lastSeenAt?: number;
  message?: string;
  reason:
    | "reported"
    | "start"
    | "stop"
    | "restart"
    | "crash"
    | "heard"
    | "crash_loop"
    | "lease_expired"
    | "not_heard_since_restart"
    | "disconnected";
  restarts?: number;
  since: number;
  stale?: boolean;
  state?: string;
  truncated?: boolean;
  unleased?: boolean;
}

export interface StatusPayload {
  agentId: string;
  status: "online" | "offline" | "error";
  timestamp: number;
}

/** The end of a snapshot or delta, and how much was sent. */
export interface SyncEndFrame {
  payload: Counts;
  seq: number;
  type: "sync:end";
}

/** A ticket for one live connection. */
export interface Ticket {
  expiresInMs: number;
  ticket: string;
}

export interface Timed {
  timestamp: number;
}
