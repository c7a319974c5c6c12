// What `connect` is given, and what it makes of what is not.
import { systemClock } from "./clock.js";
import { checked } from "./interest.js";
import { BACKOFF } from "./policy.js";
/** Throws where something is missing that nobody can make up. */
export function settle(options) {
    const { token, ticket, agents, types } = options;
    if (token === undefined && ticket === undefined)
        throw new TypeError("connect: give a `token` or a `ticket`");
    const socketClass = options.WebSocket ?? globalThis.WebSocket;
    if (socketClass === undefined)
        throw new TypeError("connect: no WebSocket here; give one as `WebSocket`, as of the `ws` package");
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
export function baseUrl(url) {
    const here = globalThis.document?.baseURI;
    if (url === undefined && here === undefined)
        throw new TypeError("connect: give the server's `url`");
    const base = url === undefined ? new URL(".", here) : new URL(url, here);
    if (base.protocol !== "http:" && base.protocol !== "https:")
        throw new TypeError("connect: `url` is an address of HTTP");
    base.search = "";
    base.hash = "";
    if (!base.pathname.endsWith("/"))
        base.pathname += "/";
    return base;
}
