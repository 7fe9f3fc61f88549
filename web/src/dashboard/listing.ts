import { Cell } from "../page/cell.ts";
import { ApiError } from "./api.ts";
import { each } from "./pool.ts";
import type { IdPage, Part } from "./shapes.ts";

/** Rows on a page. */
export const PAGE = 25;

/** Up to so many rows are read as a whole and sorted as a whole; beyond it the server cuts pages. */
export const WHOLE = 100;

/** Details asked for at a time. */
const WIDTH = 4;

/**
 * The rest between two readings, milliseconds: a user has 600 requests a minute. One row costs one
 * request, so 300 ms a row leave two thirds of them to everything else.
 */
export function rest(rows: number): number {
  return Math.max(10_000, rows * 300);
}

/** One row; its record is absent until it has been read. */
export interface Row<T> {
  readonly id: number;
  readonly record?: T;
}

export interface ListingState<T> {
  readonly rows: readonly Row<T>[];
  /** How many there are behind the search. */
  readonly total: number;
  /** All of them are here: pages and order are the table's affair. */
  readonly whole: boolean;
  /** The number of the server's page, from 0. */
  readonly page: number;
  readonly more: boolean;
  readonly loading: boolean;
  readonly error: string;
}

/** Where a listing reads from. */
export interface Source<T> {
  list(part: Part, signal: AbortSignal): Promise<IdPage>;
  detail(id: number, signal: AbortSignal): Promise<T>;
}

/** A table that the server searches and cuts into pages. Only what is shown is read in full. */
export class Listing<T> {
  readonly state = new Cell<ListingState<T>>({
    rows: [], total: 0, whole: true, page: 0, more: false, loading: true, error: "",
  });

  readonly #source: Source<T>;
  readonly #records = new Map<number, T>();
  #q = "";
  #sort = "";
  /** The cursor of each page up to the one shown. */
  #cursors: string[] = [""];
  #next = "";
  #reading: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watched = false;

  constructor(source: Source<T>) {
    this.#source = source;
  }

  get q(): string {
    return this.#q;
  }

  /** Reads now, and again and again until close. */
  open(): void {
    this.#watched = true;
    void this.read();
  }

  close(): void {
    this.#watched = false;
    this.#reading?.abort();
    clearTimeout(this.#timer);
  }

  search(q: string): void {
    if (q === this.#q) return;
    this.#q = q;
    this.#cursors = [""];
    void this.read();
  }

  /** Orders what the server cuts into pages, by one of its fields; a list that is here as a whole it leaves alone. */
  order(sort: string): void {
    if (sort === this.#sort) return;
    this.#sort = sort;
    if (this.state.value.whole) return;
    this.#cursors = [""];
    void this.read();
  }

  forward(): void {
    if (this.#next === "") return;
    this.#cursors.push(this.#next);
    void this.read();
  }

  back(): void {
    if (this.#cursors.length < 2) return;
    this.#cursors.pop();
    void this.read();
  }

  /** Takes a row away that is known to be gone. */
  drop(id: number): void {
    const state = this.state.value;
    const rows = state.rows.filter((row) => row.id !== id);
    if (rows.length === state.rows.length) return;
    this.state.set({ ...state, rows, total: state.total - 1 });
  }

  /** Reads the page that is shown; a reading that is under way is given up. */
  async read(): Promise<void> {
    this.#reading?.abort();
    clearTimeout(this.#timer);
    const { signal } = (this.#reading = new AbortController());
    this.state.set({ ...this.state.value, loading: true });
    let wait = 0;
    try {
      await this.#page(signal);
      if (signal.aborted) return;
      this.state.set({ ...this.state.value, loading: false, error: "" });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 400 && this.#cursors.length > 1) this.#cursors = [""]; // the cursor is gone
      if (error instanceof ApiError) wait = error.retryAfter * 1000;
      this.state.set({ ...this.state.value, loading: false, error: explain(error) });
    }
    if (this.#watched) this.#timer = setTimeout(() => void this.read(), Math.max(wait, rest(this.state.value.rows.length)));
  }

  async #page(signal: AbortSignal): Promise<void> {
    const cursor = this.#cursors.at(-1) as string;
    const all = cursor === "" ? await this.#source.list({ q: this.#q, sort: "", cursor, limit: WHOLE }, signal) : undefined;
    const whole = all?.next === "";
    const page = all !== undefined && whole ? all : await this.#ordered(cursor, signal);
    const ids = [...page.ids];
    const direct = cursor === "" ? await this.#byNumber(signal) : undefined;
    const added = direct !== undefined && !ids.includes(direct);
    if (added) ids.unshift(direct);
    if (signal.aborted) return;
    this.#next = page.next;
    this.#show(ids, { total: page.total + (added ? 1 : 0), whole, page: this.#cursors.length - 1, more: page.next !== "" });
    await each(ids, WIDTH, (id) => this.#detail(id, signal));
  }

  /** A page in the order that holds when it is here: at first nobody knows whether the list comes as a whole. */
  async #ordered(cursor: string, signal: AbortSignal): Promise<IdPage> {
    for (;;) {
      const sort = this.#sort;
      const page = await this.#source.list({ q: this.#q, sort, cursor, limit: PAGE }, signal);
      if (sort === this.#sort) return page;
    }
  }

  /** Looks for a number directly: the server searches names. */
  async #byNumber(signal: AbortSignal): Promise<number | undefined> {
    const digits = /^#?([1-9]\d{0,15})$/.exec(this.#q.trim())?.[1];
    if (digits === undefined) return undefined;
    try {
      this.#records.set(Number(digits), await this.#source.detail(Number(digits), signal));
      return Number(digits);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return undefined;
      throw error;
    }
  }

  #show(ids: readonly number[], facts: Pick<ListingState<T>, "total" | "whole" | "page" | "more">): void {
    const shown = new Set(ids);
    for (const id of this.#records.keys()) {
      if (!shown.has(id)) this.#records.delete(id);
    }
    this.state.set({ ...this.state.value, ...facts, rows: ids.map((id) => this.#row(id)) });
  }

  async #detail(id: number, signal: AbortSignal): Promise<void> {
    let record: T | undefined;
    try {
      record = await this.#source.detail(id, signal);
    } catch (error) {
      // It went between the list and now.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
    if (signal.aborted) return;
    if (record === undefined) {
      this.#records.delete(id);
      this.drop(id);
      return;
    }
    this.#records.set(id, record);
    const state = this.state.value;
    this.state.set({ ...state, rows: state.rows.map((row) => (row.id === id ? this.#row(id) : row)) });
  }

  #row(id: number): Row<T> {
    const record = this.#records.get(id);
    return record === undefined ? { id } : { id, record };
  }
}

/** What went wrong, in words for an operator. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return "The answer could not be read.";
  return error.retryAfter > 0 ? `${error.message} Trying again in ${error.retryAfter} s.` : error.message;
}
