// Time as an argument: what the client takes it from, so that tests can let hours pass in a moment.
export const systemClock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, act) {
        const timer = setTimeout(act, ms);
        return () => clearTimeout(timer);
    },
};
/** By the clock that nobody sets, where there is one. */
export function steady(clock) {
    return clock.monotonic?.() ?? clock.now();
}
/** How long something takes, whatever happens to one of the two clocks: neither setting it back nor sleep makes it less. */
export class Elapsed {
    #clock;
    #wall;
    #steady;
    #sum = 0;
    constructor(clock) {
        this.#clock = clock;
        this.#wall = clock.now();
        this.#steady = steady(clock);
    }
    /** Milliseconds since it was made. */
    now() {
        const [wall, even] = [this.#clock.now(), steady(this.#clock)];
        this.#sum += Math.max(0, wall - this.#wall, even - this.#steady);
        this.#wall = wall;
        this.#steady = even;
        return this.#sum;
    }
}
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
