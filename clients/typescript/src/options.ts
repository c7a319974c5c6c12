// What `connect` is given, and what it makes of what is not.

import { systemClock, type Clock } from "./clock.js";
import type { TicketSource, TokenSource } from "./credentials.js";
import type { Fetch } from "./http.js";
import { checked, type Interest } from "./interest.js";
import { BACKOFF, type Backoff } from "./policy.js";
import type { SocketClass } from "./socket.js";

export interface Options extends Interest {
  /** The server's address, also one below another program's path. In a browser: where the page came from. */
  url?: string | URL;
  /** A token, or a source of them. A token alone ends signed out when it ends. */
  token?: string | TokenSource;
  /** A source of tickets, where the tokens are kept elsewhere; each is used once, in the address. */
  ticket?: TicketSource;
  /** Where there is none built in, as in Node 20: that of the `ws` package. */
  WebSocket?: SocketClass;
  fetch?: Fetch;
  /** From 0 up to 1. */
  random?: () => number;
  clock?: Clock;
  backoff?: Backoff;
  /** Told what a listener threw; by default it goes to the console. */
  onError?: (error: unknown) => void;
}

export interface Settled {
  base: URL;
  socketClass: SocketClass;
  fetcher: Fetch;
  interest: Interest;
  random: () => number;
  clock: Clock;
  backoff: Backoff;
  onError: (error: unknown) => void;
}

/** Throws where something is missing that nobody can make up. */
export function settle(options: Options): Settled {
  const { token, ticket, agents, types } = options;
  if (token === undefined && ticket === undefined) throw new TypeError("connect: give a `token` or a `ticket`");
  const socketClass = options.WebSocket ?? (globalThis.WebSocket as unknown as SocketClass | undefined);
  if (socketClass === undefined) throw new TypeError("connect: no WebSocket here; give one as `WebSocket`, as of the `ws` package");
  return {
    base: baseUrl(options.url),
    socketClass,
    fetcher: options.fetch ?? ((input, init) => fetch(input, init)),
    interest: checked({ ...(agents !== undefined && { agents }), ...(types !== undefined && { types }) }),
    random: options.random ?? Math.random,
    clock: options.clock ?? systemClock,
    backoff: options.backoff ?? BACKOFF,
    onError: options.onError ?? ((error) => console.error(error)),
  };
}

/** Always with a slash at its end, so that paths are read below it. */
export function baseUrl(url: string | URL | undefined): URL {
  const here = (globalThis as { document?: { baseURI: string } }).document?.baseURI;
  if (url === undefined && here === undefined) throw new TypeError("connect: give the server's `url`");
  const base = url === undefined ? new URL(".", here) : new URL(url, here);
  if (base.protocol !== "http:" && base.protocol !== "https:") throw new TypeError("connect: `url` is an address of HTTP");
  base.search = "";
  base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}
