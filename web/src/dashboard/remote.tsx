import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useCell } from "../page/cell.ts";
import { PAGE } from "./listing.ts";
import type { Listing, Row } from "./listing.ts";
import { ordered, paged } from "./order.ts";
import type { Order } from "./order.ts";
import { Pager, Search, Table } from "./table.tsx";
import type { Column } from "./table.tsx";

/** The server is asked when the typing has paused for so long, milliseconds. */
const PAUSE = 300;

interface Props<T> {
  readonly caption: string;
  readonly what: (total: number) => string;
  readonly columns: readonly Column<Row<T>>[];
  readonly listing: Listing<T>;
  readonly search: string;
  readonly empty: string;
  readonly current: number | undefined;
}

/** A table that the server searches and cuts into pages; small ones are ordered as a whole. */
export function RemoteTable<T>({ caption, what, columns, listing, search, empty, current }: Props<T>): JSX.Element {
  const state = useCell(listing.state);
  const [q, setQ] = useState(listing.q);
  const [order, setOrder] = useState<Order>();
  const [local, setLocal] = useState(0);
  useEffect(() => {
    listing.open();
    return () => listing.close();
  }, [listing]);
  useEffect(() => {
    const timer = setTimeout(() => { setLocal(0); listing.search(q.trim()); }, PAUSE);
    return () => clearTimeout(timer);
  }, [q]);

  const value = columns.find((column) => column.key === order?.column)?.value;
  const sorted = value === undefined || order === undefined ? state.rows : ordered(state.rows, value, order.descending);
  const shown = state.whole ? paged(sorted, local, PAGE) : { rows: sorted, page: state.page, pages: undefined };
  const more = shown.pages === undefined ? state.more : shown.page + 1 < shown.pages;
  const go = (step: -1 | 1): void => {
    if (state.whole) setLocal(shown.page + step);
    else if (step > 0) listing.forward();
    else listing.back();
  };
  return (
    <div class="list">
      <Search label={search} value={q} onInput={setQ} />
      <p class="error" role="alert">{state.error}</p>
      <Table
        caption={caption}
        columns={columns}
        rows={shown.rows}
        id={(row) => row.id}
        order={order}
        onOrder={setOrder}
        current={current}
        busy={state.loading}
        empty={state.loading ? "Reading …" : listing.q === "" ? empty : "Nothing fits the search."}
      />
      <Pager page={shown.page} pages={shown.pages} more={more} total={state.total} what={what(state.total)} go={go} />
      {order !== undefined && !state.whole ? <p class="hint">There are too many to order them all: this orders the rows of this page.</p> : null}
    </div>
  );
}
