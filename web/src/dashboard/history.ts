import type { Sample, Totals } from "./shapes.ts";

/** How much is kept, as long as the server keeps it, milliseconds. */
export const HOUR = 3_600_000;

/** Samples come once a second; a longer silence than this is shown as a gap, milliseconds. */
export const GAP = 3_500;

/** Aligned columns for a chart: x in seconds, and null where nothing is known. */
export interface Columns {
  readonly x: number[];
  readonly y: Readonly<Record<keyof Totals, (number | null)[]>>;
}

const KEYS = [
  "connections", "rooms", "messagesPerSecond", "deliveriesPerSecond", "p50Ms", "p99Ms", "memoryBytes", "redisP99Ms",
] as const satisfies readonly (keyof Totals)[];

/** Without a delivery there is no latency: 0 says that nothing was measured, not that it was fast. */
const MEASURED: ReadonlySet<keyof Totals> = new Set(["p50Ms", "p99Ms", "redisP99Ms"]);

/** The samples of the last hour in the order of the server's clock. */
export class History {
  #samples: Sample[] = [];

  get length(): number {
    return this.#samples.length;
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  /** Takes the history that a stream begins with. What is older here is kept, the rest is known better there. */
  merge(history: readonly Sample[]): void {
    const first = history[0];
    if (first === undefined) return;
    this.#samples = [...this.#samples.filter((sample) => sample.at < first.at), ...history];
    this.#trim();
  }

  /** Takes the next sample. A clock that was set back replaces what it has passed again. */
  add(sample: Sample): void {
    while (this.#samples.length > 0 && (this.#samples.at(-1) as Sample).at >= sample.at) this.#samples.pop();
    this.#samples.push(sample);
    this.#trim();
  }

  /** The samples from a moment on, with a hole wherever the server was silent. */
  columns(from: number): Columns {
    const x: number[] = [];
    const y = Object.fromEntries(KEYS.map((key) => [key, []])) as unknown as Record<keyof Totals, (number | null)[]>;
    let before: number | undefined;
    for (const { at, totals } of this.#samples) {
      if (at < from) continue;
      if (before !== undefined && at - before > GAP) {
        x.push((before + 1) / 1000);
        for (const key of KEYS) y[key].push(null);
      }
      x.push(at / 1000);
      for (const key of KEYS) {
        const value = totals[key] ?? 0;
        y[key].push(value === 0 && MEASURED.has(key) ? null : value);
      }
      before = at;
    }
    return { x, y };
  }

  #trim(): void {
    const oldest = (this.last?.at ?? 0) - HOUR;
    const first = this.#samples.findIndex((sample) => sample.at >= oldest);
    if (first > 0) this.#samples.splice(0, first);
  }
}

/** The positions of values with nothing on either side: a line would not show them. */
export function lonely(values: readonly (number | null | undefined)[]): number[] {
  const found: number[] = [];
  values.forEach((value, i) => {
    if (value != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  });
  return found;
}
