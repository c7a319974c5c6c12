// The stream's bookkeeping: which mode it is in, where the cursor stands, when a copy is whole. Frames go in, the fleet
// changes, and a short word about what happened comes out. No DOM, no socket. (Contract, section 5.)

import { Fleet } from "./fleet.js";

export class Feed {
  fleet = new Fleet();
  /** Where to go on from; moved only by frames that were applied, and not while a copy is still arriving. */
  #epoch = null;
  #seq = 0;
  #view = null;
  #complete = false;
  /** Of the copy on its way: `{mode, epoch, view, complete, reason, frames}`. */
  #copy = null;
  /** A replay is over once this seq was reached. */
  #replayTo = 0;

  /** `<epoch>:<seq>:<view>`, or null before the first copy is whole. */
  get cursor() {
    return this.#epoch === null ? null : `${this.#epoch}:${this.#seq}:${this.#view}`;
  }

  get seq() {
    return this.#seq;
  }

  /** Is everything applied that was there when the connection began? */
  get caughtUp() {
    return this.#copy === null && this.#seq >= this.#replayTo && this.#epoch !== null;
  }

  /** Forget everything, as after a sign-out. */
  clear() {
    this.fleet.replaceWith([]);
    this.#epoch = null;
    this.#seq = 0;
    this.#copy = null;
    this.#replayTo = 0;
  }

  /**
   * Takes one frame. Answers `{kind}`: "hello", "synced" (with what the copy was), "applied", "heartbeat", "gap",
   * "other". After a "gap" the cursor has not moved: connect again with it.
   */
  take(frame) {
    const payload = frame.payload ?? {};
    switch (frame.type) {
      case "hello":
        return this.#hello(payload);
      case "resync":
        return this.#resync(payload);
      case "sync:end":
        return this.#endCopy(frame);
      case "heartbeat":
        return this.#heartbeat(frame);
      default:
        return this.#event(frame);
    }
  }

  #hello(hello) {
    this.#copy = null;
    this.#replayTo = 0;
    if (hello.mode === "snapshot" || hello.mode === "delta") {
      this.#beginCopy(hello);
    } else {
      this.#view = hello.view ?? this.#view;
      this.#complete = hello.complete === true;
      if (hello.mode === "replay") this.#replayTo = hello.seq;
    }
    return { kind: "hello", mode: hello.mode, reason: hello.reason };
  }

  // What a resync does not say stays as it is, or as the copy it replaces had it.
  #resync(resync) {
    const epoch = this.#copy?.epoch ?? this.#epoch;
    const view = resync.view ?? this.#copy?.view ?? this.#view;
    const complete = resync.complete ?? this.#copy?.complete ?? this.#complete;
    this.#beginCopy({ mode: resync.mode, reason: resync.reason, epoch, view, complete });
    return { kind: "resync" };
  }

  #beginCopy({ mode, reason, epoch, view, complete }) {
    this.#copy = { mode, reason, epoch, view, complete: complete === true, frames: [] };
  }

  // A copy is applied as a whole: a connection that breaks in the middle leaves the old state and the old cursor.
  #endCopy(frame) {
    const copy = this.#copy;
    if (copy === null) return { kind: "other" };
    const newHistory = this.#epoch !== null && copy.epoch !== this.#epoch;
    if (copy.mode === "delta") {
      for (const kept of copy.frames) this.fleet.apply(kept);
    } else {
      this.fleet.replaceWith(copy.frames, { keepHistory: !newHistory });
    }
    const first = this.#epoch === null;
    this.#epoch = copy.epoch;
    this.#view = copy.view;
    this.#complete = copy.complete;
    this.#seq = frame.seq;
    this.#copy = null;
    return { kind: "synced", mode: copy.mode, reason: copy.reason, first, newHistory };
  }

  #heartbeat(frame) {
    if (this.#copy !== null || !Number.isSafeInteger(frame.seq)) return { kind: "heartbeat" };
    if (this.#complete && frame.seq > this.#seq) return { kind: "gap" };
    this.#seq = Math.max(this.#seq, frame.seq);
    this.#replayTo = 0;
    return { kind: "heartbeat" };
  }

  #event(frame) {
    if (frame.sync === true) {
      this.#copy?.frames.push(frame);
      return { kind: "other" };
    }
    if (!Number.isSafeInteger(frame.seq)) return { kind: "other" };
    // The copy that is arriving already holds it, or will be followed by it again.
    if (this.#copy !== null) return { kind: "other" };
    if (frame.seq <= this.#seq) return { kind: "other" };
    if (this.#complete && frame.seq !== this.#seq + 1) return { kind: "gap" };
    this.fleet.apply(frame);
    this.#seq = frame.seq;
    return { kind: "applied" };
  }
}
