// Who wants to hear of what. A listener that throws is told to `onError` and disturbs nobody else.
export class Listeners {
    #of = new Map();
    #onError;
    constructor(onError) {
        this.#onError = onError;
    }
    /** The answer takes it back. */
    on(name, listener) {
        let listeners = this.#of.get(name);
        if (listeners === undefined)
            this.#of.set(name, (listeners = new Set()));
        // Wrapped, so that the same function given twice is two listeners, each with its own way back.
        const own = (event) => listener(event);
        listeners.add(own);
        return () => void listeners.delete(own);
    }
    tell(name, event) {
        for (const listener of [...(this.#of.get(name) ?? [])]) {
            try {
                listener(event);
            }
            catch (error) {
                this.report(error);
            }
        }
    }
    report(error) {
        try {
            this.#onError(error);
        }
        catch {
            // There is nobody left to tell.
        }
    }
}
