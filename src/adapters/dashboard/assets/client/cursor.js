// How far a client got, in three parts: the history, the position in it, and what was shown of it.
/** As the server reads it: `<epoch>:<seq>:<view>`, or `<epoch>:<seq>`. */
export function cursorText({ epoch, seq, view }) {
    return view === "" ? `${epoch}:${seq}` : `${epoch}:${seq}:${view}`;
}
/** A cursor that was kept as text, or null where it is none. */
export function parseCursor(text) {
    const parts = /^([a-z0-9]{1,32}):([0-9]{1,16})(?::([0-9a-f]{16}))?$/.exec(text);
    if (parts === null)
        return null;
    const seq = Number(parts[2]);
    return Number.isSafeInteger(seq) ? { epoch: parts[1] ?? "", seq, view: parts[3] ?? "" } : null;
}
/** A position in a history, and nothing else. */
export function isSeq(value) {
    return Number.isSafeInteger(value) && value >= 0;
}
