/**
 * Typed events without dependencies. Listeners run in the order in which they were added; one that
 * throws is reported and holds up neither the others nor the client.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Adds a listener; the returned function takes it away again. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    let set = this.#listeners.get(name);
    if (set === undefined) this.#listeners.set(name, (set = new Set()));
    const own = (value: never): void => listener(value);
    set.add(own);
    return () => void set.delete(own);
  }

  protected emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const set = this.#listeners.get(name);
    if (set === undefined) return;
    for (const listener of [...set]) {
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** Makes an error as loud as it would have been without us in between. */
function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else queueMicrotask(() => { throw error; });
}
