// The other tabs of this page in the same browser. They share one sign-in, so each tells the others when it changed; one of
// them alone speaks on the desktop; and none speaks while a person looks at any of them. Locks are the browser's, so that a
// tab that crashed holds none. No DOM.

const SPEAKER = "mission-control:speaker";
const FRONT = "mission-control:front";
const SIGN_IN = "sign-in";
const LOOKED_AT = "looked-at";

export class Tabs {
  /** Speaks for all: the tab that has been there longest. */
  isSpeaker;
  #channel;
  #locks;
  #isAnyInFront = false;
  #isInFront = false;
  #leaveFront = () => {};

  /** `channel` is a BroadcastChannel, `locks` the browser's or undefined: then every tab speaks for itself. */
  constructor({ channel, locks, onSignInChanged }) {
    this.#channel = channel;
    this.#locks = locks;
    this.isSpeaker = locks === undefined;
    channel.onmessage = ({ data }) => {
      if (data === SIGN_IN) onSignInChanged();
      else this.look();
    };
    this.#hold(SPEAKER, "exclusive", new Promise(() => {}), () => (this.isSpeaker = true));
  }

  /** Whether a person looks at this tab or another one, as far as is known. */
  get isAnyInFront() {
    return this.#isInFront || this.#isAnyInFront;
  }

  /** Whoever signed in or out says so. */
  tellSignIn() {
    this.#channel.postMessage(SIGN_IN);
  }

  /** This tab came to the front, or left it. */
  set isInFront(isInFront) {
    if (this.#isInFront === isInFront) return;
    this.#isInFront = isInFront;
    this.#leaveFront();
    const left = new Promise((resolve) => (this.#leaveFront = resolve));
    if (isInFront) this.#hold(FRONT, "shared", left, () => this.#channel.postMessage(LOOKED_AT));
    else this.#channel.postMessage(LOOKED_AT);
  }

  /** Sees again whether any is in front: a lock that a crash let go is told by nobody. */
  async look() {
    const { held = [] } = (await this.#locks?.query()) ?? {};
    this.#isAnyInFront = held.some(({ name }) => name === FRONT);
  }

  // Refused where a page is being closed: then nobody needs it any more.
  #hold(name, mode, until, onHeld) {
    this.#locks
      ?.request(name, { mode }, () => {
        onHeld();
        return until;
      })
      .catch(() => {});
  }
}
