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

/** The other way round, when asked for. */
function turn(sort: string, descending: boolean): string {
  if (!descending) return sort;
  return sort.startsWith("-") ? sort.slice(1) : `-${sort}`;
}

/** A table that the server searches, orders and cuts into pages; small ones are here as a whole. */
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

  const column = columns.find(({ key }) => key === order?.column);
  const sort = order === undefined || column?.sort === undefined ? "" : turn(column.sort, order.descending);
  useEffect(() => listing.order(sort), [listing, sort]);

  const value = column?.value;
  // What the server has put in order stays so: it compares names its own way.
  const here = value !== undefined && order !== undefined && (state.whole || sort === "");
  const sorted = here ? ordered(state.rows, value, order.descending) : state.rows;
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
      {order !== undefined && !state.whole && sort === "" ? <p class="hint">Too many to order them all by this: it orders the rows of this page.</p> : null}
    </div>
  );
}
