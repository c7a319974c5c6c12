// The frames of the live stream that no document describes for machines yet, written by hand after docs/PROTOCOL.md.
// Agents, sessions and events are made from the server's OpenAPI document, see wire.ts; a document of the stream
// (AsyncAPI) will take this file's place.

import type { AgentFrame, EventFrame, SessionFrame } from "./wire.js";

/** `snapshot`, `delta`, `replay`, `live`; any other word means: come back without a cursor. */
export type Mode = string;

export interface Hello {
  protocol: number;
  epoch: string;
  seq: number;
  view?: string;
  complete?: boolean;
  mode: Mode;
  reason: string;
  heartbeatMs: number;
  connectionId: string;
  userId: string;
  serverTime: number;
  serverStartedAt: number;
}

export interface Resync {
  mode: Mode;
  reason: string;
  from?: number;
  view?: string;
  complete?: boolean;
}

/** What a copy held, `removed` in a delta only. */
export interface Counts {
  agents?: number;
  sessions?: number;
  removed?: number;
}

/** A removal in a delta: an event of the stream, but as part of a copy. */
export interface RemovalFrame {
  type: "agent:removed" | "session:removed";
  payload: { agentId: string; sessionId?: string };
  sync: true;
  rev: number;
}

/** What stands in a copy, before its `sync:end`. */
export type CopyFrame = AgentFrame | SessionFrame | RemovalFrame;

/** Frames about the connection itself. */
export type StreamFrame =
  | { type: "hello"; payload: Hello }
  | { type: "resync"; payload: Resync; seq: number }
  | { type: "sync:end"; payload: Counts; seq: number }
  | { type: "heartbeat"; payload: { timestamp: number }; seq: number }
  | { type: "auth:expiring"; payload: { exp: number } }
  | { type: "auth:refreshed"; payload: { exp: number } }
  | { type: "pong"; payload: { id?: string } }
  | { type: "reported"; payload: { id?: string; applied: boolean; changed: boolean; epoch: string; seq: number } }
  | { type: "goodbye"; payload: { code: string; retryMs?: number } }
  | { type: "error"; payload: { code: string; message: string; id?: string; pointer?: string; retryMs?: number } };

/** All that a server of this version sends. */
export type ServerFrame = StreamFrame | CopyFrame | EventFrame;

/** What was received, before anybody looked: a frame of a version to come may be anything. */
export interface Received {
  type: string;
  payload: Record<string, unknown>;
  seq?: unknown;
  rev?: unknown;
  sync?: unknown;
  detail?: Record<string, unknown>;
}

/** The frame in a text, or null where it holds none. */
export function readFrame(text: unknown): Received | null {
  if (typeof text !== "string") return null;
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(frame) || typeof frame["type"] !== "string") return null;
  const { type, payload, seq, rev, sync, detail } = frame;
  const read: Received = { type, payload: isObject(payload) ? payload : {}, seq, rev, sync };
  if (isObject(detail)) read.detail = detail;
  return read;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
