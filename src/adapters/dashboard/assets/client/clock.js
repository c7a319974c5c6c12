// Time as an argument: what the client takes it from, so that tests can let hours pass in a moment.
export const systemClock = {
    now: () => Date.now(),
    after(ms, act) {
        const timer = setTimeout(act, ms);
        return () => clearTimeout(timer);
    },
};
/** What somebody else promised did not come in time. */
export class TooLate extends Error {
}
/** The promise, or `TooLate`: nothing that others promise is waited for without an end. */
export function within(promise, ms, what, clock) {
    return new Promise((resolve, reject) => {
        const cancel = clock.after(ms, () => reject(new TooLate(`${what} took over ${ms / 1000} seconds.`)));
        promise.then(resolve, reject).finally(cancel);
    });
}
