// One WebSocket, a browser's or one that Node is given. Once dropped, nothing is heard from it any more: its own close
// event may take minutes when the network is gone.

/** What is needed of a WebSocket: browsers, Node from 22 on and the `ws` package have it. */
export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Of `ws`: away at once, without waiting for the other side. */
  terminate?(): void;
}

export type SocketClass = new (url: string) => SocketLike;

const OPEN = 1;

export interface Ears {
  message(data: unknown): void;
  closed(code: number, reason: string): void;
}

export class Socket {
  readonly #socket: SocketLike;

  constructor(type: SocketClass, url: URL, ears: Ears) {
    const socket = new type(url.href);
    this.#socket = socket;
    socket.onmessage = ({ data }: { data: unknown }) => ears.message(data);
    socket.onclose = ({ code, reason }: { code: number; reason: unknown }) => ears.closed(code, String(reason ?? ""));
    // The close event that follows says all that is ever said; without a listener Node would end over it.
    socket.onerror = () => {};
  }

  get isOpen(): boolean {
    return this.#socket.readyState === OPEN;
  }

  /** Says whether it went out. */
  send(type: string, payload: Record<string, unknown>): boolean {
    if (!this.isOpen) return false;
    try {
      this.#socket.send(JSON.stringify({ type, payload }));
      return true;
    } catch {
      return false;
    }
  }

  /** `isDead`: the other side will not answer, so do not wait for it. */
  drop(isDead: boolean): void {
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    try {
      this.#socket.close();
      if (isDead) this.#socket.terminate?.();
    } catch {
      // Already gone.
    }
  }
}

/** The address of the live stream below the server's. */
export function streamUrl(base: URL, query: URLSearchParams): URL {
  const url = new URL("ws", base);
  url.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  url.search = query.toString();
  return url;
}
