import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { matches, ordered, paged } from "./order.ts";
import type { Order } from "./order.ts";
import { Pager, Search, Table } from "./table.tsx";
import type { Column } from "./table.tsx";

interface Props<T> {
  readonly caption: string;
  /** What is counted, in one word or two. */
  readonly what: (total: number) => string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly id: (row: T) => string | number;
  readonly texts: (row: T) => (string | undefined)[];
  readonly search: string;
  readonly empty: string;
  readonly size: number;
  readonly error?: string;
  /** Fewer rows than this need no search. */
  readonly searchFrom?: number;
}

/** A table whose rows are all here: search, order and pages are made in the page. */
export function LocalTable<T>({ caption, what, columns, rows, id, texts, search, empty, size, error = "", searchFrom = 0 }: Props<T>): JSX.Element {
  const [q, setQ] = useState("");
  const [order, setOrder] = useState<Order>();
  const [page, setPage] = useState(0);
  const found = rows.filter((row) => matches(q, ...texts(row)));
  const value = columns.find((column) => column.key === order?.column)?.value;
  const sorted = value === undefined || order === undefined ? found : ordered(found, value, order.descending);
  const shown = paged(sorted, page, size);
  return (
    <div class="list">
      {rows.length < searchFrom && q === "" ? null : <Search label={search} value={q} onInput={(words) => { setQ(words); setPage(0); }} />}
      <p class="error" role="alert">{error}</p>
      <Table caption={caption} columns={columns} rows={shown.rows} id={id} order={order} onOrder={setOrder} empty={q.trim() === "" ? empty : "Nothing fits the search."} />
      <Pager page={shown.page} pages={shown.pages} more={shown.page + 1 < shown.pages} total={found.length} what={what(found.length)} go={(step) => setPage(shown.page + step)} />
    </div>
  );
}
