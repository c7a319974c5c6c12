// A list of any length of which only the rows in sight are in the document. It keeps the focus on its row, moves by keys,
// and keeps what is in sight where it is when rows come and go above.

import { Pending } from "./filters.js";
import { Component, createRef, html } from "./html.js";

/** Rows drawn beyond the edge, so that a slow scroll shows none late. */
const BEYOND = 6;
/** A pointer that rests this long no longer holds the list. */
const HOLD_MS = 10_000;
const EDGE_PX = 12;

/**
 * `items` have a `key`; `row(item, {index, top, hasFocus})` draws one as an element with `data-key`, in which
 * `[data-focus]` takes the focus. `memory` outlives the view: where the focus and the scroll were. `scope` says what was
 * asked for: another one begins at the top.
 */
export class WindowList extends Component {
  #frame = createRef();
  #body = createRef();
  #places = new Map();
  #placed = null;
  #holdTimer = 0;
  #wantsFocus = false;
  #anchor = null;
  #onScroll = () => this.#look();
  rowPx = 48;
  state = { from: 0, to: 40 };

  get hasFocus() {
    return this.#frame.current?.contains(document.activeElement) === true;
  }

  componentDidMount() {
    const { screen, memory } = this.props;
    screen.list = this;
    addEventListener("scroll", this.#onScroll, { passive: true });
    addEventListener("resize", this.#onScroll);
    this.#measure();
    if (memory.scrollY > 0) scrollTo(0, memory.scrollY);
    this.#wantsFocus = memory.hadFocus === true;
    this.#look();
  }

  componentWillUnmount() {
    const { screen, memory } = this.props;
    removeEventListener("scroll", this.#onScroll);
    removeEventListener("resize", this.#onScroll);
    clearTimeout(this.#holdTimer);
    if (screen.list === this) screen.list = null;
    memory.hadFocus = this.hasFocus;
    screen.lists.hold(false);
  }

  componentWillUpdate(next) {
    const { items, scope } = this.props;
    if (next.scope !== scope) {
      this.#anchor = "top";
    } else if (next.items !== items) {
      const first = items[this.state.from + BEYOND];
      this.#anchor = this.state.from === 0 || first === undefined ? null : { key: first.key, index: this.state.from + BEYOND };
    }
  }

  componentDidUpdate() {
    const anchor = this.#anchor;
    this.#anchor = null;
    if (anchor === "top") this.#toTop();
    else if (anchor !== null) this.#keepInSight(anchor);
    this.#measure();
    this.#look();
    this.#giveFocus();
  }

  /** Moves the focus by that many rows; infinity is the first or the last. */
  move(step) {
    const { items, memory } = this.props;
    if (items.length === 0) return;
    const at = this.#indexOf(memory.focusKey) ?? memory.focusIndex;
    const next = at === undefined ? this.#firstInSight() : Math.min(items.length - 1, Math.max(0, at + step));
    memory.focusKey = items[next].key;
    memory.focusIndex = next;
    this.#wantsFocus = true;
    this.#hold();
    this.#scrollTo(next);
    this.forceUpdate();
  }

  render({ screen, items, head, pending, row, label, testid, memory }, { from, to }) {
    const focus = this.#indexOf(memory.focusKey);
    const shown = [];
    if (focus !== undefined && focus < from) shown.push(focus);
    for (let index = from; index < Math.min(to, items.length); index += 1) shown.push(index);
    if (focus !== undefined && focus >= Math.min(to, items.length)) shown.push(focus);
    const entry = focus ?? from;
    return html`<div class="list" role="table" aria-label=${label} aria-rowcount=${items.length + 1} data-testid=${testid} ref=${this.#frame}
      onPointerMove=${this.#hold} onPointerLeave=${this.#release} onFocusIn=${this.#focused}>
      <div class="list-head" role="rowgroup">${head}<${Pending} screen=${screen} pending=${pending} /></div>
      <div class="list-body" role="rowgroup" ref=${this.#body} style=${{ height: `calc(var(--row) * ${items.length})` }}>
        ${shown.map((index) => row(items[index], { index, top: `calc(var(--row) * ${index})`, hasFocus: index === entry }))}
      </div>
    </div>`;
  }

  #indexOf(key) {
    const { items } = this.props;
    if (this.#placed !== items) {
      this.#placed = items;
      this.#places = new Map(items.map((item, index) => [item.key, index]));
    }
    return this.#places.get(key);
  }

  #focused = ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    const { memory } = this.props;
    if (key === undefined || key === memory.focusKey) return;
    memory.focusKey = key;
    memory.focusIndex = this.#indexOf(key);
    this.forceUpdate();
  };

  #hold = () => {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = setTimeout(this.#release, HOLD_MS);
    this.props.screen.lists.hold(true);
  };

  #release = () => {
    clearTimeout(this.#holdTimer);
    this.props.screen.lists.hold(false);
  };

  #measure() {
    const probe = this.#body.current?.firstElementChild;
    if (probe?.offsetHeight > 0) this.rowPx = probe.getBoundingClientRect().height;
  }

  /** Where the rows begin to be seen: below what sticks to the top. */
  #edge() {
    const head = this.#frame.current.firstElementChild;
    return Math.max(head.getBoundingClientRect().bottom, 0);
  }

  #look() {
    const body = this.#body.current;
    if (body === null) return;
    const top = body.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor((this.#edge() - top) / this.rowPx) - BEYOND);
    const to = Math.max(0, Math.ceil((innerHeight - top) / this.rowPx) + BEYOND);
    this.props.memory.scrollY = scrollY;
    if (from !== this.state.from || to !== this.state.to) this.setState({ from, to });
  }

  #firstInSight() {
    const top = this.#body.current.getBoundingClientRect().top;
    return Math.min(this.props.items.length - 1, Math.max(0, Math.ceil((this.#edge() - top) / this.rowPx)));
  }

  #scrollTo(index) {
    const top = this.#body.current.getBoundingClientRect().top + index * this.rowPx;
    const edge = this.#edge() + EDGE_PX;
    const bottom = innerHeight - EDGE_PX;
    if (top < edge) scrollBy(0, index === 0 ? -scrollY : top - edge);
    else if (top + this.rowPx > bottom) scrollBy(0, top + this.rowPx - bottom);
    this.#look();
  }

  #toTop() {
    const top = this.#body.current.getBoundingClientRect().top;
    if (top < this.#edge()) scrollBy(0, top - this.#edge());
  }

  #keepInSight({ key, index }) {
    const now = this.#indexOf(key);
    if (now !== undefined && now !== index) scrollBy(0, (now - index) * this.rowPx);
  }

  #giveFocus() {
    if (!this.#wantsFocus) return;
    const { focusKey } = this.props.memory;
    const row = [...this.#body.current.children].find((child) => child.dataset.key === focusKey);
    const target = row?.querySelector("[data-focus]");
    if (target === undefined || target === null) return;
    this.#wantsFocus = false;
    target.focus({ preventScroll: true });
  }
}
