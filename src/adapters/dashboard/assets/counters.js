// The counters above the list. Those of a status are also the filter: pressing one shows only such agents.

import { byId, el, setAttribute, setText } from "./dom.js";
import { count } from "./words.js";

const FILTERS = [
  ["all", "Agents"],
  ["online", "Online"],
  ["error", "Error"],
  ["offline", "Offline"],
];

export class Counters {
  #numbers = new Map();
  #buttons = new Map();

  constructor(onFilter) {
    const box = byId("counters");
    for (const [key, word] of FILTERS) {
      const button = el("button", { type: "button", class: "counter", "data-status": key, "aria-pressed": String(key === "all") });
      button.append(this.#number(key), label(word, key !== "all"));
      button.addEventListener("click", () => {
        for (const [other, each] of this.#buttons) setAttribute(each, "aria-pressed", String(other === key));
        onFilter(key);
      });
      this.#buttons.set(key, button);
      box.append(button);
    }
    const sessions = el("p", { class: "counter plain" }, this.#number("sessions"), label("Sessions", false));
    box.append(sessions);
  }

  draw(fleet) {
    const numbers = { all: fleet.agents.size, ...fleet.counts(), sessions: fleet.sessionCount };
    for (const [key, node] of this.#numbers) setText(node, count(numbers[key]));
  }

  #number(key) {
    const node = el("span", { class: "number", "data-testid": `count-${key}` }, "0");
    this.#numbers.set(key, node);
    return node;
  }
}

function label(word, withShape) {
  const node = el("span", { class: "word" }, word);
  if (withShape) node.prepend(el("span", { class: "shape", "aria-hidden": "true" }));
  return node;
}
