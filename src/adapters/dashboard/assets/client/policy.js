// What to do when a connection ends: come back, when and with what; or stop, and why. Pure: each rule of the
// protocol's table of close codes can be tested without a socket or a clock.
import { isObject } from "./frames.js";
export const BACKOFF = { firstMs: 5_000, maxMs: 30_000 };
/** A server cannot send a client away for longer than this. */
const ASKED_MAX_MS = 300_000;
/** Codes that say that one of the two sides speaks wrongly: three in a row are not a coincidence. */
const SPEAKS_WRONGLY = new Set([1002, 1003, 1007, 1009]);
const WRONG_IN_A_ROW_MAX = 3;
const TOKEN_EXPIRED = 4401;
const STOPS_FROM = 4500;
/** Full jitter, after what the server asked for: many clients that lost one server come back spread out. */
export function waitMs(failures, askedMs, random, backoff = BACKOFF) {
    const doublings = Math.min(Math.max(0, failures - 1), 20);
    return asked(askedMs) + random() * Math.min(backoff.maxMs, backoff.firstMs * 2 ** doublings);
}
/** The JSON that a close reason may hold. */
export function closeReason(text) {
    try {
        const reason = JSON.parse(text);
        if (isObject(reason)) {
            return { code: typeof reason["code"] === "string" ? reason["code"] : "", retryMs: asked(reason["retryMs"]) };
        }
    }
    catch {
        // Proxies and browsers write there what they like.
    }
    return { code: "", retryMs: 0 };
}
/** A wait that a server asked for, within reason. */
export function asked(ms) {
    return typeof ms === "number" && Number.isFinite(ms) ? Math.min(Math.max(0, ms), ASKED_MAX_MS) : 0;
}
/** The step after a close. `wrongInARow` is how many closes for speaking wrongly came just before this one. */
export function afterClose(closeCode, reasonText, { wrongInARow = 0, hasTokens = true } = {}) {
    const { code, retryMs } = closeReason(reasonText);
    const word = code === "" ? String(closeCode) : code;
    if (closeCode >= STOPS_FROM)
        return { act: "stop", code: word };
    const newToken = closeCode === TOKEN_EXPIRED;
    if (newToken && !hasTokens)
        return { act: "sign-out", code: code === "" ? "token_expired" : code };
    const wrong = SPEAKS_WRONGLY.has(closeCode) ? wrongInARow + 1 : 0;
    if (wrong >= WRONG_IN_A_ROW_MAX)
        return { act: "stop", code: word };
    return { act: "return", code: word, retryMs, newToken, wrongInARow: wrong };
}
