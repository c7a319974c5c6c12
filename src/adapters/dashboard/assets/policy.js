// What to do when a connection ends: try again, when, with what; or stop, and what to tell the person. Pure, so that
// each rule of the contract's section 6 can be tested without a socket.

const FIRST_TRY_MS = 1_000;
const LATEST_TRY_MS = 30_000;

/** Codes that say one of the two sides speaks wrongly: three in a row are not a coincidence. (1006 means no word.) */
const SPEAKS_WRONGLY = new Set([1002, 1003, 1007, 1009]);
const WRONG_IN_A_ROW_MAX = 3;

const STOPPED = {
  4500: ["The server refused this page", "What the page sent was not understood. Reload the page; if that does not help, its version and the server's differ."],
  4501: ["Your access was withdrawn", "An administrator ended this sign-in. Make a new link where the server runs, and open it:"],
  4503: ["This connection was closed", "An administrator closed it, or your access no longer covers the live view."],
};

/** Full jitter: anything from now to a limit that doubles with each failed try, so that many pages come back spread out. */
export function retryDelayMs(failedTries, askedMs = 0, random = Math.random) {
  const limit = Math.min(LATEST_TRY_MS, FIRST_TRY_MS * 2 ** Math.min(failedTries, 10));
  return Math.max(0, askedMs) + random() * limit;
}

/** The JSON that a close reason may hold. */
export function closeReason(text) {
  try {
    const reason = JSON.parse(text);
    return {
      code: typeof reason?.code === "string" ? reason.code : "",
      retryMs: Number.isFinite(reason?.retryMs) ? Math.min(Math.max(0, reason.retryMs), 300_000) : 0,
    };
  } catch {
    return { code: "", retryMs: 0 };
  }
}

/**
 * The step after a close: `{stop: {title, text, needsLink}}`, or `{newToken, retryMs, wrongInARow}`.
 * `wrongInARow` is how many such closes came just before this one.
 */
export function afterClose(closeCode, reasonText, wrongInARow = 0) {
  const reason = closeReason(reasonText);
  if (closeCode >= 4500 && closeCode < 5000) {
    const [title, text] = STOPPED[closeCode] ?? ["The server closed this connection", "It asked the page not to come back by itself."];
    return { stop: { title, text: withCode(text, reason.code), needsLink: closeCode === 4501 } };
  }
  const wrong = SPEAKS_WRONGLY.has(closeCode) ? wrongInARow + 1 : 0;
  if (wrong >= WRONG_IN_A_ROW_MAX) {
    const text = "Page and server do not understand each other (three times in a row). Reload the page.";
    return { stop: { title: "The connection cannot be kept", text: withCode(text, reason.code || closeCode), needsLink: false } };
  }
  return { newToken: closeCode === 4401, retryMs: reason.retryMs, wrongInARow: wrong };
}

function withCode(text, code) {
  return code === "" || text.endsWith(":") ? text : `${text} (${code})`;
}
