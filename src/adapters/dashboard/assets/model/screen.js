// What the page shows, and what happens to it: the one place that views read and that events change. It joins the client,
// the sign-in, the lists and the words; it touches no DOM. After each change it asks to be drawn.

import { Absence } from "./absence.js";
import { Doubts } from "./doubts.js";
import { ending } from "./endings.js";
import { historyIn } from "./history.js";
import { lightOf } from "./light.js";
import { Lists } from "./lists.js";
import { agentHash, placeHash, readPlace } from "./place.js";
import { clockTime } from "./words.js";

export class Screen {
  place;
  /** "", "settings" or "keys". */
  dialog = "";
  lists;
  /** Of the agent that is looked at. */
  history = null;
  /** Something was shown since the sign-in. */
  hasShown = false;
  /** "" or what a person should know until they close it. */
  notice = "";
  /** agentId → its last lifecycle event that was seen, for the exit code that its status does not tell. */
  lifecycles = new Map();
  fleet = null;
  settings;
  notifier;
  /** The next search that is drawn takes the focus. */
  wantsSearch = false;
  /** The list that takes the keys, while there is one. */
  list = null;
  #tokens;
  #api;
  #connect;
  #world;
  #unfollow = () => {};
  #absence;
  #doubts;
  /** The fleet or the sessions, as they were chosen when an agent was opened. */
  #from = "#/";

  /**
   * `connect` and `api` are the client's, `tokens` the sign-in; `world` is `{draw(), go(hash, {replace}), later(ms, then), monotonic()}`.
   */
  constructor({ api, connect, tokens, settings, notifier, world, hash }) {
    this.#api = api;
    this.#connect = connect;
    this.#tokens = tokens;
    this.#world = world;
    this.notifier = notifier;
    this.settings = settings;
    this.lists = new Lists(world);
    this.#absence = new Absence(world);
    this.#doubts = new Doubts(world);
    this.place = readPlace(hash);
  }

  /** Begins, after a sign-in link where there was one; what was shown to somebody else before is gone. */
  begin(code = null) {
    if (code !== null) this.#tokens.take(code);
    this.fleet?.close();
    const fleet = this.#connect({ token: (isRefused) => this.#tokens.get(isRefused) });
    this.fleet = fleet;
    this.#unfollow();
    this.#unfollow = this.notifier.follow(fleet);
    this.lists.clear();
    this.lifecycles.clear();
    this.hasShown = false;
    this.notice = "";
    this.#absence.clear();
    fleet.on("change", (change) => this.#changed(change));
    fleet.on("caught-up", (caughtUp) => this.#caughtUp(caughtUp));
    fleet.on("state", (state) => fleet === this.fleet && this.#became(state));
    this.#visit();
    this.redraw();
  }

  /** The server's time; it stands still while nothing is heard, for nothing is known then. */
  now() {
    return this.fleet.now();
  }

  get light() {
    return lightOf(this.fleet.state);
  }

  /** `{title, text, needsLink}` where a person is needed, or null. */
  get gate() {
    return ending(this.fleet.state, this.#tokens.wasCodeRefused);
  }

  /** `{kind: "lost" | "back", text}` or null. */
  get toast() {
    return this.gate === null ? this.#absence.toast(this.fleet, this.hasShown) : null;
  }

  redraw() {
    this.#world.draw();
  }

  get roster() {
    return this.lists.agents;
  }

  get sessionRoster() {
    return this.lists.sessions;
  }

  /** Before each drawing. */
  refresh() {
    this.lists.refresh(this.fleet, this.place, this.now());
  }

  /** Once a second while somebody looks. */
  watch() {
    this.#doubts.tick(this.fleet, this.roster.counts.stale);
  }

  /** Changes what is looked at within this place, as a filter; the address follows. */
  choose(change) {
    this.place = { ...this.place, ...change };
    this.#world.go(placeHash(this.place), { replace: true });
    this.lists.soon();
  }

  toggleGroup(value) {
    this.roster.toggle(value);
    this.lists.soon();
  }

  /** Goes to another place; the browser's "back" leads here. */
  go(hash) {
    this.#world.go(hash, { replace: false });
  }

  /** Up: from an agent to the list it was opened from, else to the fleet. */
  back() {
    this.go(this.place.name === "agent" ? this.#from : "#/");
  }

  /** The address changed. */
  arrive(hash) {
    if (this.place.name !== "agent") this.#from = placeHash(this.place);
    this.place = readPlace(hash);
    this.dialog = "";
    this.#visit();
    this.lists.soon();
  }

  /** An agent, or with "" the fleet, whatever stands before it. */
  open(agentId) {
    this.closeDialog();
    this.go(agentId === "" ? "#/" : agentHash(agentId));
  }

  openDialog(name) {
    this.dialog = name;
    this.redraw();
  }

  closeDialog() {
    this.openDialog("");
  }

  closeNotice() {
    this.notice = "";
    this.redraw();
  }

  retry() {
    this.fleet.wake();
  }

  reconnect() {
    this.fleet.reconnect();
  }

  /** Here at once; where the server cannot be told, the page says so. */
  async signOut() {
    this.dialog = "";
    const told = this.#tokens.signOut();
    this.begin();
    const { fleet } = this;
    try {
      await told;
      this.#world.signedOut();
    } catch (error) {
      // Somebody may have signed in since.
      if (error.isUnknown === true || fleet !== this.fleet) return;
      this.notice = "Signed out here only: the server could not be told. Sign in and out again when it answers.";
      this.redraw();
    }
  }

  #changed(change) {
    this.lists.take(change);
    if (change.kind === "lifecycle") this.lifecycles.set(change.agentId, change);
    if (change.kind === "agent" && change.removed) this.lifecycles.delete(change.agentId);
    this.history?.take(change);
    this.redraw();
  }

  #caughtUp(caughtUp) {
    const { mode, newHistory, first } = caughtUp;
    this.hasShown = true;
    this.#absence.ended(caughtUp);
    if (newHistory) {
      const at = clockTime(this.fleet.serverNow());
      this.notice = `The server began a new history at ${at}. What it knew before is gone; agents appear again as they report.`;
    }
    if (first && this.#tokens.wasCodeRefused) this.notice = "That sign-in link no longer works. You are still signed in from before.";
    if (newHistory) this.#visit();
    else if (mode !== "replay" && mode !== "live") this.#copied();
    else if (this.history?.state === "failed") this.history.retry();
    this.lists.soon();
  }

  #became(state) {
    if (state.name === "stale") this.#absence.began();
    if (this.gate !== null) {
      this.dialog = "";
      this.notifier.clear();
    }
    this.redraw();
  }

  // A copy does not hold the lifecycle events between: what was seen may not be the last, and the past is read again.
  #copied() {
    this.lifecycles.clear();
    this.#read();
  }

  #visit() {
    this.history?.stop();
    const { name, agentId } = this.place;
    const read = (query) => this.#tokens.with((token) => this.#api.agentEvents(token, agentId, query));
    this.history = name === "agent" ? historyIn(this.fleet, { agentId, read, redraw: () => this.redraw() }) : null;
    this.#read();
  }

  #read() {
    if (this.history !== null && this.hasShown) this.history.reload();
  }
}
