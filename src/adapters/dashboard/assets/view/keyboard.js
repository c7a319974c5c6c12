// The keys of the page. Whoever writes in a field, or is in a dialog, is left alone; keys with Ctrl, Alt or Meta are the
// browser's.

import { STATUSES } from "../model/standing.js";

const CHORD_MS = 1_500;

/** Listens as long as the page lives. */
export function listenToKeys(screen, document) {
  let chordSince = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || screen.dialog !== "") return;
    if (isField(event.target)) {
      if (event.key === "Escape") leaveField(event.target, screen);
      return;
    }
    if (screen.gate !== null || !screen.hasShown) return;
    const inChord = event.timeStamp - chordSince < CHORD_MS;
    chordSince = event.key === "g" ? event.timeStamp : -Infinity;
    const act = inChord ? chord(event.key, screen) : single(event, screen, document);
    if (act === null) return;
    event.preventDefault();
    act();
  });
}

function isField(target) {
  return target.closest("input, select, textarea, [contenteditable]") !== null;
}

// The first Escape in a search takes it back, the next one leaves the field.
function leaveField(field, screen) {
  if (field.matches('[type="search"]') && field.value !== "") screen.choose({ search: "" });
  else field.blur();
}

function chord(key, screen) {
  if (key === "f") return () => screen.go("#/");
  if (key === "s") return () => screen.go("#/sessions");
  return null;
}

function single({ key, shiftKey }, screen, document) {
  const { place } = screen;
  if (key === "?") return () => screen.openDialog("keys");
  if (key === "/") return () => focusSearch(screen, document);
  if (key === "Escape") return escape(screen);
  if (place.name === "fleet" && /^[1-6]$/.test(key)) return () => screen.choose({ status: STATUSES[Number(key) - 1] });
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[key];
  const { list } = screen;
  if (step === undefined || list === null || shiftKey) return null;
  // Before the list has the focus, these keys scroll the page as they do everywhere.
  if (key.length > 1 && !list.hasFocus) return null;
  return () => list.move(step);
}

function focusSearch(screen, document) {
  const field = document.querySelector('[type="search"]');
  if (field !== null) {
    field.select();
    return;
  }
  screen.wantsSearch = true;
  screen.go("#/");
}

function escape(screen) {
  const { place } = screen;
  if (place.name !== "fleet") return () => screen.back();
  if (place.search !== "" || place.status !== "all") return () => screen.choose({ search: "", status: "all" });
  return null;
}
