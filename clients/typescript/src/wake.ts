// Tells when a page may have slept or lost its network: the moments at which to look after the connection at once.

export interface Wakeful {
  /** Back, or another network: look now. */
  wake(): void;
  /** The network seems to be gone: ask whether it is. */
  probe(): void;
  /** Put aside for the back button: such a page holds no socket. */
  rest(): void;
}

interface Target {
  addEventListener?(type: string, listener: (event: unknown) => void): void;
  removeEventListener?(type: string, listener: (event: unknown) => void): void;
}

interface World extends Target {
  document?: Target & { visibilityState?: string };
}

/** Listens where there is a page; the answer ends it. */
export function watchPage(client: Wakeful, world: World = globalThis as unknown as World): () => void {
  const { document } = world;
  const wake = (): void => client.wake();
  const pairs: Array<[Target | undefined, string, (event: unknown) => void]> = [
    [world, "online", wake],
    [world, "offline", () => client.probe()],
    [world, "pageshow", wake],
    [world, "pagehide", (event) => (event as { persisted?: boolean }).persisted === true && client.rest()],
    [document, "resume", wake],
    [document, "visibilitychange", () => document?.visibilityState === "visible" && client.wake()],
  ];
  for (const [target, type, listener] of pairs) target?.addEventListener?.(type, listener);
  return () => {
    for (const [target, type, listener] of pairs) target?.removeEventListener?.(type, listener);
  };
}
