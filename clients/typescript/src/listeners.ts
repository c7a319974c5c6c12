// Who wants to hear of what. A listener that throws is told to `onError` and disturbs nobody else.

export class Listeners<Events extends Record<string, unknown>> {
  readonly #of = new Map<keyof Events, Set<(event: never) => void>>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** The answer takes it back. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    let listeners = this.#of.get(name);
    if (listeners === undefined) this.#of.set(name, (listeners = new Set()));
    // Wrapped, so that the same function given twice is two listeners, each with its own way back.
    const own = (event: Events[Name]): void => listener(event);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  tell<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#of.get(name) ?? [])]) {
      try {
        (listener as (event: Events[Name]) => void)(event);
      } catch (error) {
        this.report(error);
      }
    }
  }

  report(error: unknown): void {
    try {
      this.#onError(error);
    } catch {
      // There is nobody left to tell.
    }
  }
}
