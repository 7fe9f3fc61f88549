/** By which column rows stand, and in which direction. */
export interface Order {
  readonly column: string;
  readonly descending: boolean;
}

export type Value = string | number | undefined;

const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * Compares two values of one column. What is not known stands last in both directions, so that
 * turning a column around never fills the top of a table with blanks.
 */
export function compare(a: Value, b: Value, descending: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  const natural = typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b));
  return descending ? -natural : natural;
}

/** The rows in order; rows that are equal keep the order they came in. */
export function ordered<T>(rows: readonly T[], value: (row: T) => Value, descending: boolean): T[] {
  return rows
    .map((row) => ({ row, value: value(row) }))
    .sort((a, b) => compare(a.value, b.value, descending))
    .map(({ row }) => row);
}

/** What a click on a column's head makes of the order: up, down, and back to how rows came. */
export function turned(order: Order | undefined, column: string, first: "up" | "down"): Order | undefined {
  const start = first === "down";
  if (order?.column !== column) return { column, descending: start };
  return order.descending === start ? { column, descending: !start } : undefined;
}

/** One page of rows, and the page nearest to the one asked for. */
export function paged<T>(rows: readonly T[], page: number, size: number): { rows: T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const at = Math.min(Math.max(0, page), pages - 1);
  return { rows: rows.slice(at * size, (at + 1) * size), page: at, pages };
}

/** Whether any of the texts holds what is looked for, whatever the case. */
export function matches(q: string, ...texts: (string | undefined)[]): boolean {
  const wanted = q.trim().toLowerCase();
  return wanted === "" || texts.some((text) => text?.toLowerCase().includes(wanted));
}
