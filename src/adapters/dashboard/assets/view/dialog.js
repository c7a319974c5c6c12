// A dialog over the page: opened as modal, closed by Esc, by its button and by a press beside it; the browser gives the
// focus back. Knows nothing of what it holds.

import { Component, createRef, html } from "./html.js";

/** Props: `name` (also its data-testid), `title`, `onClose`. */
export class Dialog extends Component {
  #element = createRef();
  #pressedBeside = false;
  #isGone = false;

  componentDidMount() {
    this.#element.current.showModal();
  }

  // Taken out of the page while open, it would leave the focus nowhere.
  componentWillUnmount() {
    this.#isGone = true;
    this.#element.current.close();
  }

  render() {
    const { name, title, children } = this.props;
    return html`
      <dialog ref=${this.#element} class="dialog" data-testid=${name} aria-labelledby=${`${name}-title`}
        onClose=${this.#closed} onPointerDown=${this.#pressed} onClick=${this.#clicked}>
        <div class="dialog-card">
          <header class="dialog-head">
            <h2 id=${`${name}-title`}>${title}</h2>
            <button class="dialog-close" type="button" data-testid=${`${name}-close`} aria-label="Close" onClick=${this.#close}>
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M3.5 3.5l9 9m0-9l-9 9" /></svg>
            </button>
          </header>
          <div class="dialog-body">${children}</div>
        </div>
      </dialog>
    `;
  }

  #close = () => this.#element.current.close();

  // Told a moment after the dialog closed, when another one may stand in its place.
  #closed = () => {
    if (!this.#isGone) this.props.onClose();
  };

  // The card fills the dialog, so that what hits the dialog itself is beside it. A press that began inside, to select
  // text, closes nothing.
  #pressed = ({ target, currentTarget }) => {
    this.#pressedBeside = target === currentTarget;
  };

  #clicked = ({ target, currentTarget }) => {
    if (target === currentTarget && this.#pressedBeside) this.#close();
  };
}
