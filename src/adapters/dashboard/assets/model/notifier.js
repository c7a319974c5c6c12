// When a desktop notification is shown, and when not. No DOM: the desktop, the clock and the answer to "is the page in
// front" are given. What is told:
// - An agent crashed (with its exit code or signal; a crash and the status that follows from it are one), reports an error,
//   keeps crashing (once, when that begins; its single crashes are no longer told), or waits for a person, by its own
//   state or by that of a session: each kind where the settings want it.
// - Only what happens live is told by itself. What happened while the page was not connected is told once, after it caught
//   up, from what each agent was before and is now. The first copy, and agents that only came into view, are no news.
// - Nothing before it lasted 2 s. What is undone by then is dropped, and a question answered later is taken back.
// - What happens within a second, and more than may be shown, is told as one. Three may be shown at once, then one every 5 s.
// - A newer notification takes the place of the agent's older one. None is shown while the page is in front.

import { KINDS, needOfAgent, needOfSession, stillNeeds, wordsForMany, wordsForOne } from "./needs.js";

const WAIT_MS = 2_000;
/** How much longer the first of many waits for the others. */
const JOIN_MS = 1_000;
const WINDOW_MS = 5_000;
const BURST = 3;
const MOST_NOTED = 10_000;
/** A copy that came because more, or less, may be seen: not because anything happened. */
const OTHER_VIEW = new Set(["interest_changed", "grant_changed"]);
const TAG = "mission-control";

export class Notifier {
  #settings;
  #desktop;
  #clock;
  #isInFront;
  #fleet = null;
  /** agentId → what is to be told once it has lasted, the oldest first. */
  #noted = new Map();
  #lastNotedAt = 0;
  /** What changed its need during a catch-up, and what it was before. */
  #missed = new Map();
  #cancelTimer = null;
  /** Until when what was shown counts against showing more. */
  #busyUntil = 0;

  /** `clock` is { now(), after(ms, act) → cancel } and never goes back. */
  constructor({ settings, desktop, clock, isInFront }) {
    this.#settings = settings;
    this.#desktop = desktop;
    this.#clock = clock;
    this.#isInFront = isInFront;
  }

  get permission() {
    return this.#desktop.permission;
  }

  get isOn() {
    return this.#settings.notify && this.permission === "granted";
  }

  /** Listens to a fleet. The answer ends it. */
  follow(fleet) {
    this.#fleet = fleet;
    const ends = [fleet.on("change", (change) => this.#changed(change)), fleet.on("caught-up", (caughtUp) => this.#caughtUp(caughtUp))];
    return () => {
      for (const end of ends) end();
      this.clear();
    };
  }

  /** For a sign-out: nothing of the fleet stays on the desktop. */
  clear() {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#noted.clear();
    this.#missed.clear();
    this.#desktop.takeAllBack();
  }

  /** Asks the browser where it was not asked yet: only ever by a person's click. */
  async turnOn() {
    await this.#desktop.ask();
    this.#settings.setNotify(this.permission === "granted");
  }

  /** Shows one, in front or not. False where the browser does not. */
  test() {
    return this.#desktop.show({ title: "Mission Control", body: "This is what a notification looks like.", tag: `${TAG}:test` });
  }

  #changed(change) {
    if (change.source !== "live") this.#miss(change);
    else if (change.kind === "lifecycle") this.#heard(change);
    else this.#became(change);
    // The status of a crash is still to come: only what follows from it can undo it.
    if (change.kind !== "lifecycle") this.#undo(change.agentId);
  }

  // In a crash loop nothing comes of it: the need is another by the time it would be told.
  #heard({ agentId, event, detail }) {
    if (event === "crash") this.#note({ agentId, need: "crash", crash: detail });
  }

  #became({ kind, agentId, sessionId, before, after }) {
    const need = needOf(kind, after);
    if (need !== "" && need !== needOf(kind, before)) this.#note({ agentId, sessionId, need });
  }

  #miss({ kind, agentId, sessionId, before, after }) {
    const need = needOf(kind, before);
    if (kind === "lifecycle" || need === needOf(kind, after)) return;
    const key = `${agentId} ${sessionId ?? ""}`;
    if (this.#missed.has(key) || this.#missed.size >= MOST_NOTED) return;
    this.#missed.set(key, { kind, agentId, sessionId, need });
  }

  #caughtUp({ first, reason }) {
    const missed = [...this.#missed.values()];
    this.#missed.clear();
    if (first || OTHER_VIEW.has(reason)) return;
    const { agents, sessions } = this.#fleet;
    for (const { kind, agentId, sessionId, need } of missed) {
      const now = needOf(kind, kind === "session" ? sessions.get(agentId)?.get(sessionId) : agents.get(agentId));
      if (now !== "" && now !== need) this.#note({ agentId, sessionId, need: now, isAway: true });
    }
  }

  #note(news) {
    if (!this.isOn || !this.#settings.wants(news.need)) return;
    const { agentId, need } = news;
    const old = this.#noted.get(agentId);
    if (old === undefined && this.#noted.size >= MOST_NOTED) return;
    const isSame = old?.need === need;
    if (this.#hidesGraver(old, need) || this.#hidesGraver(this.#desktop.about(tagOf(agentId)), need)) return;
    const at = isSame ? old.at : this.#clock.now();
    const { sessionId, crash = old?.crash, isAway = false } = news;
    // What begins anew goes to the end: the map is in the order of time.
    if (!isSame) this.#noted.delete(agentId);
    this.#noted.set(agentId, { agentId, sessionId, need, crash, isAway, at });
    this.#lastNotedAt = Math.max(this.#lastNotedAt, at);
    this.#schedule();
  }

  /** What is graver, was noted or is shown, and still so, is not covered by what is less. */
  #hidesGraver(before, need) {
    return before !== undefined && KINDS.indexOf(before.need) < KINDS.indexOf(need) && stillNeeds(this.#fleet, before);
  }

  #undo(agentId) {
    const noted = this.#noted.get(agentId);
    if (noted !== undefined && !stillNeeds(this.#fleet, noted)) this.#noted.delete(agentId);
    const shown = this.#desktop.about(tagOf(agentId));
    const isOver = shown?.need === "waiting" ? !stillNeeds(this.#fleet, shown) : !this.#fleet.agents.has(agentId);
    if (shown !== undefined && isOver) this.#desktop.takeBack(tagOf(agentId));
  }

  #schedule() {
    if (this.#cancelTimer !== null || this.#noted.size === 0) return;
    const ms = Math.max(0, this.#dueAt() - this.#clock.now());
    this.#cancelTimer = this.#clock.after(ms, () => {
      this.#cancelTimer = null;
      if (this.#noted.size > 0 && this.#dueAt() <= this.#clock.now()) this.#tell();
      this.#schedule();
    });
  }

  #dueAt() {
    const [first] = this.#noted.values();
    const joinedAt = Math.max(first.at, Math.min(this.#lastNotedAt, first.at + JOIN_MS));
    return Math.max(joinedAt + WAIT_MS, this.#busyUntil - (BURST - 1) * WINDOW_MS);
  }

  #tell() {
    const now = this.#clock.now();
    const ripe = [...this.#noted.values()].filter(({ at }) => at + WAIT_MS <= now);
    for (const { agentId } of ripe) this.#noted.delete(agentId);
    if (!this.isOn || this.#isInFront()) return;
    const news = ripe.filter((noted) => this.#settings.wants(noted.need) && stillNeeds(this.#fleet, noted));
    for (const notification of this.#notifications(news, now)) {
      if (this.#desktop.show(notification)) this.#busyUntil = Math.max(this.#busyUntil, now) + WINDOW_MS;
    }
  }

  #notifications(news, now) {
    if (news.length === 0) return [];
    const isAway = news.some((noted) => noted.isAway);
    const free = Math.max(1, Math.floor(BURST - Math.max(0, this.#busyUntil - now) / WINDOW_MS));
    if (!isAway && news.length <= free) {
      return news.map((about) => ({ ...wordsForOne(this.#fleet, about), tag: tagOf(about.agentId), open: about.agentId, about }));
    }
    const open = news.length === 1 ? news[0].agentId : "";
    return [{ ...wordsForMany(news, isAway), tag: `${TAG}:${isAway ? "away" : "many"}`, open }];
  }
}

function needOf(kind, found) {
  return kind === "session" ? needOfSession(found) : needOfAgent(found);
}

function tagOf(agentId) {
  return `${TAG}:agent:${agentId}`;
}
