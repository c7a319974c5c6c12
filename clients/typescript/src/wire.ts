// What the server reads and writes over HTTP, and so the agents, sessions and events of its live stream. Made by
// scripts/wire.mjs from the server's OpenAPI document: `npm run wire` renews it, and the tests fail where it is old.

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

export interface RemovedPayload {
  agentId: string;
  sessionId?: string;
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

/** A ticket for one live connection. */
export interface Ticket {
  expiresInMs: number;
  ticket: string;
}
