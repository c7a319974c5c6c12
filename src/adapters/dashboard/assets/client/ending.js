// What the end of a connection means: whatever it was, one step and a reason to show. Pure.
import { SignedOut } from "./credentials.js";
import { Refusal } from "./http.js";
import { afterClose } from "./policy.js";
import { why } from "./state.js";
const LOST = {
    silent: "The server is no longer heard.",
    unreachable: "The server does not answer.",
    unreadable: "Something came that cannot be read.",
    gap: "Something between was not received.",
    anew: "The server speaks of what is not known here: from the beginning.",
};
/** `wrongInARow`: how many closes for speaking wrongly came just before; `hasTokens`: is there a source of them? */
export function afterEnding(ending, wrongInARow, hasTokens) {
    if (ending.how === "refused")
        return afterRefusal(ending.error);
    if (ending.how === "lost")
        return back(why(ending.code, LOST[ending.code]), ending.retryMs);
    const step = afterClose(ending.code, ending.reason, { wrongInARow, hasTokens });
    const reason = why(step.code, `The connection was closed (${step.code}).`, ending.code);
    if (step.act === "stop")
        return { act: "stopped", reason };
    if (step.act === "sign-out")
        return { act: "signed-out", reason };
    const { newToken, retryMs, wrongInARow: wrong } = step;
    return { act: "return", reason, askedMs: retryMs || ending.retryMs, newToken, wrongInARow: wrong };
}
function afterRefusal(error) {
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof SignedOut)
        return { act: "signed-out", reason: why("no_token", text) };
    if (!(error instanceof Refusal))
        return back(why("unreachable", text), 0);
    const code = error.code === "" ? `http_${error.status}` : error.code;
    const reason = why(code, text);
    if (error.isTemporary)
        return back(reason, error.retryMs);
    return { act: error.isUnknown && code !== "token_revoked" ? "signed-out" : "stopped", reason };
}
function back(reason, askedMs) {
    return { act: "return", reason, askedMs, newToken: false, wrongInARow: 0 };
}
