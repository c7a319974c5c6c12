// Tells when a page may have slept or lost its network: the moments at which to look after the connection at once.
/** Listens where there is a page; the answer ends it. */
export function watchPage(client, world = globalThis) {
    const { document } = world;
    const wake = () => client.wake();
    const pairs = [
        [world, "online", wake],
        [world, "offline", () => client.probe()],
        [world, "pageshow", wake],
        [world, "pagehide", (event) => event.persisted === true && client.rest()],
        [document, "resume", wake],
        [document, "visibilitychange", () => document?.visibilityState === "visible" && client.wake()],
    ];
    for (const [target, type, listener] of pairs)
        target?.addEventListener?.(type, listener);
    return () => {
        for (const [target, type, listener] of pairs)
            target?.removeEventListener?.(type, listener);
    };
}
