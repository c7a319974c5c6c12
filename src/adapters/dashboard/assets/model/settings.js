// What a person chose for this browser: the theme, and which notifications. Kept in localStorage where that works. Nothing
// secret is kept, and nothing that was read is trusted. No DOM but the attribute on the root element.

import { KINDS } from "./needs.js";

export const THEMES = ["system", "light", "dark"];

const KEY = "mission-control.settings";
const VERSION = 1;
/** What this page writes is far shorter. */
const LONGEST = 4_096;

export class Settings {
  theme = "system";
  /** Are notifications wanted at all? The browser must allow them as well. */
  notify = false;
  /** Which: a boolean by kind. Replaced, never changed in place. */
  kinds = everyKind(() => true);
  /** False where the browser keeps nothing: the choice holds until the page is closed. */
  isKept = true;
  #storage;
  #root;
  #redraw;

  /** `storage` may be null, and may throw. */
  constructor({ storage, root, redraw }) {
    this.#storage = storage;
    this.#root = root;
    this.#redraw = redraw;
    this.#take(this.#read());
  }

  setTheme(theme) {
    this.#change({ theme });
  }

  setNotify(notify) {
    this.#change({ notify });
  }

  setKind(kind, isWanted) {
    this.#change({ kinds: { ...this.kinds, [kind]: isWanted } });
  }

  /** Is a notification of this kind wanted? */
  wants(kind) {
    return this.notify && this.kinds[kind] === true;
  }

  /** Takes over what another tab chooses. The answer ends it. */
  follow(target) {
    const onStorage = ({ key, newValue }) => {
      // Without a key, all was cleared.
      if (key !== KEY && key !== null) return;
      this.#take(key === null ? null : newValue);
      this.#redraw();
    };
    target.addEventListener("storage", onStorage);
    return () => target.removeEventListener("storage", onStorage);
  }

  #change(chosen) {
    this.#become(checked({ theme: this.theme, notify: this.notify, kinds: this.kinds, ...chosen }));
    this.#write();
    this.#redraw();
  }

  #take(text) {
    this.#become(parsed(text));
  }

  #become({ theme, notify, kinds }) {
    this.theme = theme;
    this.notify = notify;
    this.kinds = kinds;
    if (theme === "system") delete this.#root.dataset.theme;
    else this.#root.dataset.theme = theme;
  }

  #read() {
    try {
      return this.#storage.getItem(KEY);
    } catch {
      this.isKept = false;
      return null;
    }
  }

  #write() {
    const { theme, notify, kinds } = this;
    try {
      this.#storage.setItem(KEY, JSON.stringify({ version: VERSION, theme, notify, kinds }));
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }
}

/** The browser's storage, or null where even asking for it is refused. */
export function storageOf(scope) {
  try {
    return scope.localStorage ?? null;
  } catch {
    return null;
  }
}

function parsed(text) {
  if (typeof text !== "string" || text.length > LONGEST) return checked({});
  try {
    const found = JSON.parse(text);
    return checked(found?.version === VERSION ? found : {});
  } catch {
    return checked({});
  }
}

/** Each value if it is one that can be chosen, else its default. */
function checked({ theme, notify, kinds }) {
  return {
    theme: THEMES.includes(theme) ? theme : "system",
    notify: notify === true,
    kinds: everyKind((kind) => kinds?.[kind] !== false),
  };
}

function everyKind(isWanted) {
  return Object.fromEntries(KINDS.map((kind) => [kind, isWanted(kind)]));
}
