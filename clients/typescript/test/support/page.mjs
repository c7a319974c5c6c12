// A window and a document as far as the client listens to them.

import { watchPage } from "../../dist/wake.js";

function target() {
  const listeners = [];
  return {
    listeners,
    addEventListener: (type, listener) => listeners.push({ type, listener }),
    removeEventListener: (type, listener) => {
      const at = listeners.findIndex((one) => one.type === type && one.listener === listener);
      if (at >= 0) listeners.splice(at, 1);
    },
  };
}

export function listenersAt(visibilityState) {
  const document = { ...target(), visibilityState };
  const world = { ...target(), document };
  const heard = [];
  const say = (word) => () => heard.push(word);
  const end = watchPage({ wake: say("wake"), probe: say("probe"), rest: say("rest") }, world);
  return {
    document,
    heard,
    end,
    get count() {
      return world.listeners.length + document.listeners.length;
    },
    tell(type, event = {}) {
      for (const one of [...world.listeners, ...document.listeners]) if (one.type === type) one.listener(event);
    },
  };
}
