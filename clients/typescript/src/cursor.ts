// How far a client got, in three parts: the history, the position in it, and what was shown of it.

export interface Cursor {
  /** The history. Another one is not the same fleet catching up. */
  readonly epoch: string;
  /** The last position that was applied. */
  readonly seq: number;
  /** What grant and interest showed; empty where a server names none. */
  readonly view: string;
}

/** As the server reads it: `<epoch>:<seq>:<view>`, or `<epoch>:<seq>`. */
export function cursorText({ epoch, seq, view }: Cursor): string {
  return view === "" ? `${epoch}:${seq}` : `${epoch}:${seq}:${view}`;
}

/** A cursor that was kept as text, or null where it is none. */
export function parseCursor(text: string): Cursor | null {
  const parts = /^([a-z0-9]{1,32}):([0-9]{1,16})(?::([0-9a-f]{16}))?$/.exec(text);
  if (parts === null) return null;
  const seq = Number(parts[2]);
  return Number.isSafeInteger(seq) ? { epoch: parts[1] ?? "", seq, view: parts[3] ?? "" } : null;
}

/** A position in a history, and nothing else. */
export function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
