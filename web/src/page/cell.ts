import { useLayoutEffect, useReducer } from "preact/hooks";

/** A value that can be watched. */
export class Cell<T> {
  #value: T;
  readonly #watchers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher();
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }
}

/** The value of a cell; the component renders again whenever it changes. */
export function useCell<T>(cell: Cell<T>): T {
  const [, render] = useReducer((n: number) => n + 1, 0);
  const seen = cell.value;
  useLayoutEffect(() => {
    if (cell.value !== seen) render(undefined);
    return cell.watch(() => render(undefined));
  }, [cell]);
  return seen;
}
