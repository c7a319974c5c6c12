// The names of what is there, in the order in which people read them: agent-2 before agent-10. Kept in order as they come
// and go, for sorting thousands anew each time would be felt.

const collator = new Intl.Collator("en", { numeric: true });
const FEW = 64;

export const compareNames = collator.compare;

export class Names {
  /** In order. Replaced, never changed in place. */
  all = [];
  #known = new Set();

  /** Brings them to the keys of `map`; answers whether anything came or went. */
  follow(map) {
    const come = [];
    for (const name of map.keys()) if (!this.#known.has(name)) come.push(name);
    if (come.length === 0 && map.size === this.#known.size) return false;
    const kept = map.size === this.#known.size + come.length ? [...this.all] : this.all.filter((name) => map.has(name));
    this.#known = new Set(map.keys());
    if (come.length > FEW) {
      this.all = [...kept, ...come].sort(compareNames);
    } else {
      for (const name of come) kept.splice(placeFor(name, kept), 0, name);
      this.all = kept;
    }
    return true;
  }
}

function placeFor(name, sorted) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareNames(sorted[middle], name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
