// What the page says when it is not connected and will not come back by itself. Pure.

const NEW_LINK = "Make a new link where the server runs, and open it:";

const STOPPED = {
  4500: ["The server refused this page", "What the page sent was not understood. Reload the page; if that does not help, its version and the server's differ."],
  4503: ["This connection was closed", "An administrator closed it, or your access no longer covers the live view."],
};

/** `{title, text, needsLink}` for a state that needs a person, or null. */
export function ending(state, wasCodeRefused) {
  if (state.name === "signed-out") return signedOut(wasCodeRefused);
  if (state.name !== "stopped") return null;
  const { code = "", closeCode = null, text = "" } = state.why ?? {};
  if (closeCode === 4501 || code === "token_revoked") return withdrawn();
  if (closeCode === null) return { title: "The server refused the live view", text, needsLink: false };
  if (closeCode < 4500) {
    const words = "Page and server do not understand each other (three times in a row). Reload the page.";
    return { title: "The connection cannot be kept", text: withCode(words, code || closeCode), needsLink: false };
  }
  const [title, words] = STOPPED[closeCode] ?? ["The server closed this connection", "It asked the page not to come back by itself."];
  return { title, text: withCode(words, code), needsLink: false };
}

function signedOut(wasCodeRefused) {
  if (!wasCodeRefused) return { title: "Signed out", text: NEW_LINK, needsLink: true };
  const text = `Each link works once and only for a short time. ${NEW_LINK}`;
  return { title: "This sign-in link no longer works", text, needsLink: true };
}

function withdrawn() {
  const text = `An administrator ended this sign-in. ${NEW_LINK}`;
  return { title: "Your access was withdrawn", text, needsLink: true };
}

function withCode(text, code) {
  return code === "" ? text : `${text} (${code})`;
}
