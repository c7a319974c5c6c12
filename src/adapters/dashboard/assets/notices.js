// What the page says about itself: the connection light, the toast, the lasting notice, and the gate that stands in
// place of the fleet when there is nothing to show.

import { byId, setAttribute, setHidden, setText } from "./dom.js";

const TOAST_MS = 6_000;

const LIGHTS = {
  idle: ["wait", "Connecting"],
  connecting: ["wait", "Connecting"],
  syncing: ["wait", "Catching up"],
  live: ["live", "Live"],
  lost: ["lost", "Disconnected"],
  stopped: ["lost", "Disconnected"],
  out: ["out", "Signed out"],
};

export class Notices {
  #toastTimer = 0;

  constructor({ onRetry, onConnect }) {
    byId("toast-button").addEventListener("click", onRetry);
    byId("gate-retry").addEventListener("click", onConnect);
    byId("notice-close").addEventListener("click", () => setHidden(byId("notice"), true));
  }

  light(state) {
    const [kind, word] = LIGHTS[state];
    setAttribute(byId("light"), "data-light", kind);
    setText(byId("light-word"), word);
  }

  /** Stays until another toast or `toastAway`. */
  toastLost(text) {
    this.#toast("lost", text, true);
  }

  /** Goes away by itself. */
  toastBack(text) {
    this.#toast("back", text, false);
    this.#toastTimer = setTimeout(() => this.toastAway(), TOAST_MS);
  }

  toastAway() {
    clearTimeout(this.#toastTimer);
    setHidden(byId("toast"), true);
  }

  /** Is a loss on the screen? */
  get saysLost() {
    return !byId("toast").hidden && byId("toast").dataset.kind === "lost";
  }

  /** A line that stays until the person dismisses it. */
  notice(text) {
    setText(byId("notice-text"), text);
    setHidden(byId("notice"), text === "");
  }

  /** What stands in place of the fleet; null takes it away. */
  gate(gate) {
    setHidden(byId("gate"), gate === null);
    if (gate === null) return;
    setText(byId("gate-title"), gate.title);
    setText(byId("gate-text"), gate.text);
    setHidden(byId("gate-command"), !gate.needsLink);
    setHidden(byId("gate-retry"), gate.needsLink);
  }

  #toast(kind, text, withButton) {
    clearTimeout(this.#toastTimer);
    setAttribute(byId("toast"), "data-kind", kind);
    setText(byId("toast-text"), text);
    setHidden(byId("toast-button"), !withButton);
    setHidden(byId("toast"), false);
  }
}
