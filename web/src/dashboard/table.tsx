import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { count } from "./format.ts";
import { Icon } from "./icons.tsx";
import { turned } from "./order.ts";
import type { Order, Value } from "./order.ts";

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** What the column is ordered by; without it the column can't be. */
  readonly value?: (row: T) => Value;
  /** The server's name of what the column is ordered by, with a dash in front where the column counts the other way. */
  readonly sort?: string;
  readonly number?: boolean;
  /** 2 is left out on narrow screens, 3 on medium ones too. */
  readonly rank?: 2 | 3;
  /** The head of the column is for screen readers alone. */
  readonly silent?: boolean;
}

interface Props<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly id: (row: T) => string | number;
  readonly order: Order | undefined;
  readonly onOrder: (order: Order | undefined) => void;
  readonly current?: string | number | undefined;
  readonly empty: string;
  readonly busy?: boolean;
}

export function Table<T>({ caption, columns, rows, id, order, onOrder, current, empty, busy = false }: Props<T>): JSX.Element {
  const name = useId();
  const shape = (column: Column<T>): string => [column.number ? "number" : "", column.rank === undefined ? "" : `rank-${column.rank}`].join(" ").trim();
  return (
    <div class="table" role="region" aria-labelledby={name} tabIndex={0} aria-busy={busy}>
      <table>
        <caption id={name} class="hidden-visually">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const turn = order?.column === column.key ? (order.descending ? "descending" : "ascending") : undefined;
              if (column.value === undefined) {
                return <th key={column.key} scope="col" class={shape(column)}>{column.silent ? <span class="hidden-visually">{column.title}</span> : column.title}</th>;
              }
              return (
                <th key={column.key} scope="col" class={shape(column)} aria-sort={turn ?? "none"}>
                  <button type="button" onClick={() => onOrder(turned(order, column.key, column.number ? "down" : "up"))}>
                    {column.title}
                    {turn === undefined ? null : <Icon name={turn === "descending" ? "down" : "up"} />}
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} class={id(row) === current ? "current" : undefined}>
              {columns.map((column) => <td key={column.key} class={shape(column)}>{column.cell(row)}</td>)}
            </tr>
          ))}
          {rows.length > 0 ? null : <tr><td class="empty" colSpan={columns.length}>{empty}</td></tr>}
        </tbody>
      </table>
    </div>
  );
}

export function Search({ label, value, onInput }: { label: string; value: string; onInput: (value: string) => void }): JSX.Element {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        maxLength={64}
        dir="auto"
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

interface PagerProps {
  readonly page: number;
  /** How many there are; unknown when the server cuts them. */
  readonly pages: number | undefined;
  readonly more: boolean;
  readonly total: number;
  readonly what: string;
  readonly go: (step: -1 | 1) => void;
}

export function Pager({ page, pages, more, total, what, go }: PagerProps): JSX.Element {
  const alone = page === 0 && !more;
  return (
    <div class="pager">
      <p role="status">{count(total)} {what}</p>
      {alone ? null : (
        <div class="pages">
          <button type="button" class="round" aria-label="Previous page" disabled={page === 0} onClick={() => go(-1)}><Icon name="previous" /></button>
          <span>Page {page + 1}{pages === undefined ? "" : ` of ${pages}`}</span>
          <button type="button" class="round" aria-label="Next page" disabled={!more} onClick={() => go(1)}><Icon name="next" /></button>
        </div>
      )}
    </div>
  );
}
