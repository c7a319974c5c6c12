// Several tabs of one browser, without a browser: locks and a channel that work as the browser's do.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

const { Tabs } = await import(new URL("../../src/adapters/dashboard/assets/model/tabs.js", import.meta.url));

/** One browser: `tab()` makes a tab of it, `crash(tab)` takes away what it held. */
function browser() {
  const held = [];
  const waiting = [];
  const tabs = [];
  const settle = () => new Promise(setImmediate);

  const grant = (lock) => {
    const isFree = held.every(({ name, mode }) => name !== lock.name || (mode === "shared" && lock.mode === "shared"));
    if (!isFree) return false;
    held.push(lock);
    Promise.resolve(lock.act()).then(() => release(lock));
    return true;
  };
  const release = (lock) => {
    if (held.includes(lock)) held.splice(held.indexOf(lock), 1);
    for (const next of [...waiting]) if (grant(next)) waiting.splice(waiting.indexOf(next), 1);
  };
  const open = () => {
    const self = { told: 0 };
    const locks = {
      query: async () => ({ held: held.map(({ name, mode }) => ({ name, mode })) }),
      request: (name, { mode }, act) => {
        const lock = { name, mode, act, of: self };
        if (!grant(lock)) waiting.push(lock);
        return new Promise(() => {});
      },
    };
    self.channel = { postMessage: (data) => tabs.filter((other) => other !== self).forEach((other) => other.channel.onmessage({ data })) };
    tabs.push(self);
    self.tab = new Tabs({ channel: self.channel, locks, onSignInChanged: () => (self.told += 1) });
    return self;
  };
  const crash = (self) => {
    tabs.splice(tabs.indexOf(self), 1);
    for (const lock of held.filter(({ of }) => of === self)) release(lock);
  };
  return { open, crash, settle };
}

describe("several tabs", () => {
  it("have one speaker, and another when that one is gone", () => {
    const { open, crash } = browser();
    const [one, two, three] = [open(), open(), open()];
    assert.deepEqual([one, two, three].map(({ tab }) => tab.isSpeaker), [true, false, false]);
    crash(one);
    assert.deepEqual([two, three].map(({ tab }) => tab.isSpeaker), [true, false]);
  });

  it("know that one of them is looked at, and that it no longer is", async () => {
    const { open, settle } = browser();
    const [one, two] = [open(), open()];
    two.tab.isInFront = true;
    await settle();
    assert.deepEqual([one, two].map(({ tab }) => tab.isAnyInFront), [true, true]);
    two.tab.isInFront = false;
    await settle();
    await one.tab.look();
    await two.tab.look();
    assert.deepEqual([one, two].map(({ tab }) => tab.isAnyInFront), [false, false]);
  });

  it("see with the next look that the one in front crashed", async () => {
    const { open, crash, settle } = browser();
    const [one, two] = [open(), open()];
    two.tab.isInFront = true;
    await settle();
    crash(two);
    await one.tab.look();
    assert.equal(one.tab.isAnyInFront, false);
  });

  it("tell the others of a sign-in, and not themselves", () => {
    const { open } = browser();
    const [one, two, three] = [open(), open(), open()];
    one.tab.tellSignIn();
    assert.deepEqual([one, two, three].map(({ told }) => told), [0, 1, 1]);
  });

  it("speak each for itself where the browser has no locks", () => {
    const tab = new Tabs({ channel: { postMessage() {} }, locks: undefined, onSignInChanged() {} });
    assert.equal(tab.isSpeaker, true);
    tab.isInFront = true;
    assert.equal(tab.isAnyInFront, true);
  });
});
