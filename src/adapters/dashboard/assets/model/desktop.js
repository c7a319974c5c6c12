// The browser's notifications: whether they may be shown, and showing one. Decides nothing about what is news. No DOM: the
// Notification class is given. Title and body are only ever text.

/** How many are remembered, to be taken back. */
const MOST_SHOWN = 100;

export class Desktop {
  #Notification;
  #isSecure;
  #focus;
  #onOpen;
  #redraw;
  #isBroken = false;
  /** tag → the notification, and what it was shown for. */
  #shown = new Map();

  /** `Notification` may be undefined. `onOpen` is told what was clicked, as `show` was given it. */
  constructor({ Notification, isSecure, focus, onOpen, redraw }) {
    this.#Notification = Notification;
    this.#isSecure = isSecure;
    this.#focus = focus;
    this.#onOpen = onOpen;
    this.#redraw = redraw;
  }

  /** "granted", "default" (not asked yet), "denied", "insecure" (no https, not localhost) or "unavailable". */
  get permission() {
    if (!this.#isSecure) return "insecure";
    if (this.#isBroken || typeof this.#Notification?.requestPermission !== "function") return "unavailable";
    return this.#Notification.permission;
  }

  /** Only ever by a person's click: a browser refuses a page that asks by itself, and remembers it. */
  async ask() {
    if (this.permission !== "default") return;
    try {
      await this.#Notification.requestPermission();
    } catch {
      this.#isBroken = true;
    }
    this.#redraw();
  }

  /** False where the browser shows none. A newer one of the same tag takes the place of the older. */
  show({ title, body, tag, open, about }) {
    if (this.permission !== "granted") return false;
    let notification;
    try {
      // In another's place it is heard again: it is news.
      notification = new this.#Notification(title, { body, tag, renotify: true });
    } catch {
      // Android has the class, and makes none.
      this.#isBroken = true;
      this.#redraw();
      return false;
    }
    notification.onclose = () => this.#shown.get(tag)?.notification === notification && this.#shown.delete(tag);
    notification.onclick = () => {
      notification.close();
      this.#focus();
      if (open !== undefined) this.#onOpen(open);
    };
    this.#shown.delete(tag);
    if (this.#shown.size >= MOST_SHOWN) this.#shown.delete(this.#shown.keys().next().value);
    this.#shown.set(tag, { notification, about });
    return true;
  }

  /** What the notification with that tag was shown for, while it stands. */
  about(tag) {
    return this.#shown.get(tag)?.about;
  }

  takeBack(tag) {
    const shown = this.#shown.get(tag);
    this.#shown.delete(tag);
    shown?.notification.close();
  }

  takeAllBack() {
    for (const tag of [...this.#shown.keys()]) this.takeBack(tag);
  }
}
