// What a client tells about its connection, for people to see.

export interface State {
  /**
   * - `connecting`: on its way to the server.
   * - `catching-up`: connected; what was missed, or a copy, is arriving. With the reason `checking`: nothing came for longer
   *   than it should, or while the machine slept, and it is not known whether the server is still there.
   * - `live`: everything is there, and comes as it happens.
   * - `stale`: the connection is lost; it comes back after `fleet.retryInMs`.
   * - `signed-out`: there is no token that the server takes.
   * - `stopped`: the server said not to come back.
   * - `closed`: by `close()`.
   */
  readonly name: "connecting" | "catching-up" | "live" | "stale" | "signed-out" | "stopped" | "closed";
  /** As of when the fleet is as shown, by the clock here as it was then; null where it is live, or nothing was shown yet. */
  readonly staleSince: number | null;
  /** When the next try is, where one is waited for, by the clock here as it was then: count down with `fleet.retryInMs`. */
  readonly retryAt: number | null;
  /** Why the last connection ended, or was not made; null while all is well. */
  readonly why: Why | null;
}

export interface Why {
  /** A close code's or a problem's word, or `checking`, `silent`, `unreachable`, `gap`, `anew`, `unreadable`, `no_token`, `page_hidden`. */
  readonly code: string;
  /** The WebSocket's number, where there was one. */
  readonly closeCode: number | null;
  /** For people. */
  readonly text: string;
}

export function why(code: string, text: string, closeCode: number | null = null): Why {
  return { code, closeCode, text };
}
