// The frames of the live stream that no document describes for machines yet, written by hand after docs/PROTOCOL.md.
// Agents, sessions and events are made from the server's OpenAPI document, see wire.ts; a document of the stream
// (AsyncAPI) will take this file's place.
/** The frame in a text, or null where it holds none. */
export function readFrame(text) {
    if (typeof text !== "string")
        return null;
    let frame;
    try {
        frame = JSON.parse(text);
    }
    catch {
        return null;
    }
    if (!isObject(frame) || typeof frame["type"] !== "string")
        return null;
    const { type, payload, seq, rev, sync, detail } = frame;
    const read = { type, payload: isObject(payload) ? payload : {}, seq, rev, sync };
    if (isObject(detail))
        read.detail = detail;
    return read;
}
export function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
