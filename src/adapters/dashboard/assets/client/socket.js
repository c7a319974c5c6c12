// One WebSocket, a browser's or one that Node is given. Once dropped, nothing is heard from it any more: its own close
// event may take minutes when the network is gone.
const OPEN = 1;
export class Socket {
    #socket;
    constructor(type, url, ears) {
        const socket = new type(url.href);
        this.#socket = socket;
        socket.onmessage = ({ data }) => ears.message(data);
        socket.onclose = ({ code, reason }) => ears.closed(code, String(reason ?? ""));
        // The close event that follows says all that is ever said; without a listener Node would end over it.
        socket.onerror = () => { };
    }
    get isOpen() {
        return this.#socket.readyState === OPEN;
    }
    /** Says whether it went out. */
    send(type, payload) {
        if (!this.isOpen)
            return false;
        try {
            this.#socket.send(JSON.stringify({ type, payload }));
            return true;
        }
        catch {
            return false;
        }
    }
    /** `isDead`: the other side will not answer, so do not wait for it. */
    drop(isDead) {
        this.#socket.onmessage = null;
        this.#socket.onclose = null;
        try {
            this.#socket.close();
            if (isDead)
                this.#socket.terminate?.();
        }
        catch {
            // Already gone.
        }
    }
}
/** The address of the live stream below the server's. */
export function streamUrl(base, query) {
    const url = new URL("ws", base);
    url.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    url.search = query.toString();
    return url;
}
