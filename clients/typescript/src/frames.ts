// The frames of the live stream, as a server of this version tells them; their types are made from its documents, see
// wire.ts. What was received may be of a version to come: nothing is taken for granted before it was looked at.

import type {
  AgentFrame,
  ErrorFrame,
  EventFrame,
  ExpiringFrame,
  GoodbyeFrame,
  HeartbeatFrame,
  HelloFrame,
  PongFrame,
  RefreshedFrame,
  RemovedFrame,
  ReportedFrame,
  ResyncFrame,
  SessionFrame,
  SyncEndFrame,
} from "./wire.js";

/** What the first frame of a connection says. A later version may have another word for the mode. */
export type Hello = Omit<HelloFrame["payload"], "mode" | "reason"> & { mode: string; reason: string };

/** What stands in a copy, before its `sync:end`. */
export type CopyFrame = AgentFrame | SessionFrame | RemovedFrame;

/** Frames about the connection itself. */
export type StreamFrame =
  | HelloFrame
  | ResyncFrame
  | SyncEndFrame
  | HeartbeatFrame
  | ExpiringFrame
  | RefreshedFrame
  | PongFrame
  | ReportedFrame
  | GoodbyeFrame
  | ErrorFrame;

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
