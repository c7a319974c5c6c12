// One kind of an agent's past, read backwards from the head in windows, since the server lists from old to new only. Knows
// neither when to read nor what is shown.

import { entryOfFrame, prepend } from "./entries.js";

/** Status and lifecycle have a bound of their own, so that a talkative agent's activities never push them out. */
export const KEPT = { facts: 2_000, activities: 3_000 };
const TYPES = { facts: ["agent:status", "agent:lifecycle"], activities: ["session:activity"] };
const PAGE = 1_000;
/** So few positions never hold more events than a page. */
const WINDOW_LEAST = PAGE;
/** Other agents' events stand between this one's: the window grows while little is found in it. */
const WINDOW_GROWS = 8;
const PAGES_A_WINDOW = 8;
const READS_AT_ONCE = 24;

/** `floor`: at positions up to it entries may be missing. `isWhole`: nothing older is kept by the server. */
export function strand(name) {
  return { name, entries: [], floor: Infinity, window: WINDOW_LEAST, isWhole: false };
}

export function isFull({ name, entries }) {
  return entries.length >= KEPT[name];
}

/** The oldest go; what stays is no longer all there is. */
export function bound(strand) {
  const over = strand.entries.length - KEPT[strand.name];
  if (over <= 0) return;
  strand.floor = strand.entries[over - 1].seq;
  strand.isWhole = false;
  strand.entries.splice(0, over);
}

/** Reads on until there is enough, nothing older, no room, or too much was asked. `ask(query)` answers or throws. */
export async function descend(strand, { epoch, ask, isEnough, changed }) {
  let reads = 0;
  while (!strand.isWhole && !isFull(strand) && !isEnough(strand) && reads < READS_AT_ONCE) {
    const low = Math.max(0, strand.floor - strand.window);
    const found = await readWindow(strand, low, epoch, ask);
    reads += found.pages;
    strand.window = nextWindow(strand.floor - low, found);
    // Half a window would be a hole in the past: it is read again, narrower.
    if (found.isCut) continue;
    prepend(strand.entries, found.entries);
    strand.floor = low;
    strand.isWhole = found.isFromOldest;
    bound(strand);
    changed();
  }
}

/** What the server keeps from `low` up to what is there already. */
async function readWindow({ name, floor }, low, epoch, ask) {
  let isFromOldest = low === 0;
  let after = isFromOldest ? null : `${epoch}:${low}`;
  let entries = [];
  let reached = low;
  for (let pages = 1; pages <= PAGES_A_WINDOW; pages += 1) {
    let answer;
    try {
      answer = await ask({ ...(after !== null && { after }), types: TYPES[name], limit: PAGE });
    } catch (error) {
      if (error.code !== "cursor_expired") throw error;
      // The server let these go, perhaps while they were read: from the oldest that it keeps.
      isFromOldest = true;
      after = null;
      entries = [];
      continue;
    }
    if (positionOf(answer.head).epoch !== epoch) throw new Error("the server began a new history.");
    entries.push(...answer.events.map(entryOfFrame).filter((entry) => entry !== null && entry.seq <= floor));
    reached = answer.next === null ? Infinity : positionOf(answer.next).seq;
    if (reached >= floor) return { entries, pages, isFromOldest, isCut: false };
    after = answer.next;
  }
  return { entries, pages: PAGES_A_WINDOW, isCut: true, covered: Math.max(0, reached - low) };
}

/** As wide as about one page needs, by what was found in this one. */
function nextWindow(size, { entries, pages, isCut, covered }) {
  if (isCut) return Math.max(WINDOW_LEAST, Math.floor(covered / PAGES_A_WINDOW / 2));
  const fits = entries.length === 0 ? Infinity : (size * PAGE * 0.7) / entries.length;
  const grown = pages > 1 ? size / pages : size * WINDOW_GROWS;
  return Math.max(WINDOW_LEAST, Math.floor(Math.min(fits, grown)));
}

export function positionOf(cursor) {
  const [epoch, seq] = String(cursor).split(":");
  return { epoch, seq: Number(seq) };
}
