// A list that stands still while somebody points at it: what would move or go waits, and is counted. Pure; the items tell
// by their `key` which they are.

export class HeldList {
  /** What is shown. Replaced, never changed in place. */
  items = [];
  /** How many of those shown, or to be shown, wait for the list to be let go. */
  pending = 0;
  #scope = "";

  /** Takes what should be shown. Another `scope`, as another filter, is what the person asked for: it is shown at once. */
  offer(fresh, isHeld, scope) {
    if (!isHeld || scope !== this.#scope) {
      this.#scope = scope;
      this.pending = 0;
      if (!isSameList(fresh, this.items)) this.items = fresh;
      return;
    }
    this.pending = differences(fresh, this.items);
  }
}

function isSameList(a, b) {
  return a.length === b.length && a.every((item, index) => item.key === b[index].key && item.isOpen === b[index].isOpen);
}

/** Those that would come, go, or stand elsewhere among those that stay. */
function differences(fresh, shown) {
  const keys = new Set(shown.map(({ key }) => key));
  const stay = fresh.filter(({ key }) => keys.has(key));
  const staying = new Set(stay.map(({ key }) => key));
  const moved = shown.filter(({ key }) => staying.has(key)).filter(({ key }, index) => stay[index].key !== key).length;
  return fresh.length - stay.length + (shown.length - stay.length) + moved;
}
