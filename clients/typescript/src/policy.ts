// What to do when a connection ends: come back, when and with what; or stop, and why. Pure: each rule of the
// protocol's table of close codes can be tested without a socket or a clock.

import { isObject } from "./frames.js";

/** How long to wait before coming back: anything from 0 to a limit that begins here and doubles up to there. */
export interface Backoff {
  firstMs: number;
  maxMs: number;
}

export const BACKOFF: Backoff = { firstMs: 5_000, maxMs: 30_000 };

/** A server cannot send a client away for longer than this. */
const ASKED_MAX_MS = 300_000;
/** Codes that say that one of the two sides speaks wrongly: three in a row are not a coincidence. */
const SPEAKS_WRONGLY: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009]);
const WRONG_IN_A_ROW_MAX = 3;
const TOKEN_EXPIRED = 4401;
const STOPS_FROM = 4500;

export interface CloseReason {
  /** The server's word for it, empty where it said none. */
  code: string;
  /** How long it asks to stay away. */
  retryMs: number;
}

export type AfterClose =
  | { act: "stop"; code: string }
  | { act: "sign-out"; code: string }
  | { act: "return"; code: string; retryMs: number; newToken: boolean; wrongInARow: number };

/** Full jitter, after what the server asked for: many clients that lost one server come back spread out. */
export function waitMs(failures: number, askedMs: number, random: () => number, backoff: Backoff = BACKOFF): number {
  const doublings = Math.min(Math.max(0, failures - 1), 20);
  return asked(askedMs) + random() * Math.min(backoff.maxMs, backoff.firstMs * 2 ** doublings);
}

/** The JSON that a close reason may hold. */
export function closeReason(text: string): CloseReason {
  try {
    const reason: unknown = JSON.parse(text);
    if (isObject(reason)) {
      return { code: typeof reason["code"] === "string" ? reason["code"] : "", retryMs: asked(reason["retryMs"]) };
    }
  } catch {
    // Proxies and browsers write there what they like.
  }
  return { code: "", retryMs: 0 };
}

/** A wait that a server asked for, within reason. */
export function asked(ms: unknown): number {
  return typeof ms === "number" && Number.isFinite(ms) ? Math.min(Math.max(0, ms), ASKED_MAX_MS) : 0;
}

/** The step after a close. `wrongInARow` is how many closes for speaking wrongly came just before this one. */
export function afterClose(
  closeCode: number,
  reasonText: string,
  { wrongInARow = 0, hasTokens = true }: { wrongInARow?: number; hasTokens?: boolean } = {},
): AfterClose {
  const { code, retryMs } = closeReason(reasonText);
  const word = code === "" ? String(closeCode) : code;
  if (closeCode >= STOPS_FROM) return { act: "stop", code: word };
  const newToken = closeCode === TOKEN_EXPIRED;
  if (newToken && !hasTokens) return { act: "sign-out", code: code === "" ? "token_expired" : code };
  const wrong = SPEAKS_WRONGLY.has(closeCode) ? wrongInARow + 1 : 0;
  if (wrong >= WRONG_IN_A_ROW_MAX) return { act: "stop", code: word };
  return { act: "return", code: word, retryMs, newToken, wrongInARow: wrong };
}
