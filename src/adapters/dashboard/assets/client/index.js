// What the package offers.
import { Api } from "./api.js";
import { systemClock } from "./clock.js";
import { Http } from "./http.js";
import { baseUrl } from "./options.js";
export { connect, LiveFleet } from "./client.js";
export { Api } from "./api.js";
export { systemClock } from "./clock.js";
export { SignedOut } from "./credentials.js";
export { cursorText, parseCursor } from "./cursor.js";
export { Feed } from "./feed.js";
export { Fleet, } from "./fleet.js";
export { readFrame } from "./frames.js";
export { Refusal, Unreachable } from "./http.js";
export { afterClose, closeReason, waitMs } from "./policy.js";
export { Watch } from "./watch.js";
/** The server's reads, and the sign-in of its own page. In a browser the address may be left out. */
export function api({ url, fetch: fetcher } = {}) {
    return new Api(new Http(baseUrl(url), fetcher ?? ((input, init) => fetch(input, init)), systemClock));
}
