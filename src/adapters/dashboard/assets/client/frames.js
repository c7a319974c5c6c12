// The frames of the live stream, as a server of this version tells them; their types are made from its documents, see
// wire.ts. What was received may be of a version to come: nothing is taken for granted before it was looked at.
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
