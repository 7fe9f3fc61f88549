import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../api.ts";
import { Listing, PAGE, WHOLE, rest } from "../listing.ts";
import type { Source } from "../listing.ts";
import type { Part } from "../shapes.ts";

interface Thing {
  readonly id: number;
  readonly name: string;
}

/** A server with so many things, which counts what it is asked. */
class Things implements Source<Thing> {
  readonly things: Map<number, Thing>;
  readonly sorts: string[] = [];
  lists = 0;
  details = 0;
  busiest = 0;
  failure: ApiError | undefined;
  #open = 0;

  constructor(n: number) {
    this.things = new Map(Array.from({ length: n }, (_, i) => [1000 + i, { id: 1000 + i, name: `thing ${i}` }]));
  }

  async list({ q, sort, cursor, limit }: Part): Promise<{ ids: number[]; total: number; next: string }> {
    this.lists++;
    this.sorts.push(sort);
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    const all = [...this.things.values()].filter((thing) => thing.name.includes(q)).map((thing) => thing.id);
    if (sort.startsWith("-")) all.reverse();
    const ids = all.slice(cursor === "" ? 0 : all.indexOf(Number(cursor)) + 1).slice(0, limit);
    const last = ids.at(-1);
    return { ids, total: all.length, next: last === undefined || last === all.at(-1) ? "" : String(last) };
  }

  async detail(id: number): Promise<Thing> {
    this.details++;
    this.busiest = Math.max(this.busiest, ++this.#open);
    await new Promise((resolve) => setImmediate(resolve));
    this.#open--;
    const thing = this.things.get(id);
    if (thing === undefined) throw new ApiError(404, "There is no such thing.");
    return thing;
  }
}

test("what fits is read as a whole, few at a time", async () => {
  const source = new Things(WHOLE);
  const listing = new Listing(source);
  await listing.read();
  const { rows, total, whole, more, loading } = listing.state.value;
  assert.deepEqual([rows.length, total, whole, more, loading], [WHOLE, WHOLE, true, false, false]);
  assert.ok(rows.every((row) => row.record?.id === row.id));
  assert.deepEqual([source.lists, source.details], [1, WHOLE]);
  assert.ok(source.busiest <= 4, `${source.busiest} at a time`);
});

test("what does not fit comes in pages, and only what is shown is read", async () => {
  const source = new Things(WHOLE + 10);
  const listing = new Listing(source);
  await listing.read();
  assert.deepEqual([listing.state.value.whole, listing.state.value.rows.length, source.details], [false, PAGE, PAGE]);
  const first = listing.state.value.rows[0]?.id;
  const seen = new Set<number>();
  for (;;) {
    for (const row of listing.state.value.rows) seen.add(row.id);
    if (!listing.state.value.more) break;
    listing.forward();
    await listing.read();
  }
  assert.equal(seen.size, WHOLE + 10);
  assert.equal(listing.state.value.page, 4);
  for (let i = 0; i < 9; i++) listing.back();
  await listing.read();
  assert.equal(listing.state.value.rows[0]?.id, first);
});

test("what the server cuts it also orders, from the first page on", async () => {
  const source = new Things(WHOLE + 10);
  const listing = new Listing(source);
  await listing.read();
  listing.forward();
  listing.order("-name");
  await listing.read();
  assert.deepEqual([listing.state.value.page, listing.state.value.rows[0]?.id], [0, 1000 + WHOLE + 9]);
  listing.forward();
  await listing.read();
  assert.equal(listing.state.value.rows[0]?.id, 1000 + WHOLE + 9 - PAGE);
  listing.order("");
  await listing.read();
  assert.deepEqual([listing.state.value.page, listing.state.value.rows[0]?.id], [0, 1000]);
});

test("an order that is chosen while the first page is on its way counts", async () => {
  const source = new Things(WHOLE + 10);
  const listing = new Listing<Thing>({
    list: async (part) => {
      const page = await source.list(part);
      if (source.lists === 2) listing.order("-name");
      return page;
    },
    detail: (id) => source.detail(id),
  });
  await listing.read();
  assert.deepEqual(source.sorts, ["", "", "-name"]);
  assert.equal(listing.state.value.rows[0]?.id, 1000 + WHOLE + 9);
});

test("what is here as a whole is not asked for again to be ordered", async () => {
  const source = new Things(WHOLE);
  const listing = new Listing(source);
  await listing.read();
  listing.order("-name");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([source.lists, ...source.sorts], [1, ""]);
});

test("a search begins at the first page and finds numbers too", async () => {
  const source = new Things(WHOLE + 10);
  const listing = new Listing(source);
  await listing.read();
  listing.forward();
  listing.search("thing 7");
  await listing.read();
  assert.equal(listing.state.value.page, 0);
  assert.deepEqual(listing.state.value.rows.map((row) => row.id), [1007, ...Array.from({ length: 10 }, (_, i) => 1070 + i)]);
  listing.search("#1042");
  await listing.read();
  assert.deepEqual(listing.state.value.rows.map((row) => row.record?.name), ["thing 42"]);
  listing.search("99999");
  await listing.read();
  assert.deepEqual([listing.state.value.rows.length, listing.state.value.error], [0, ""]);
});

test("what went between the list and its detail is dropped", async () => {
  const source = new Things(3);
  const listing = new Listing<Thing>({
    list: (part) => source.list(part),
    detail: async (id) => {
      source.things.delete(1001);
      return source.detail(id);
    },
  });
  await listing.read();
  assert.deepEqual(listing.state.value.rows.map((row) => row.id), [1000, 1002]);
  assert.equal(listing.state.value.total, 2);
});

test("an error is said and leaves the rows that were there", async () => {
  const source = new Things(2);
  const listing = new Listing(source);
  await listing.read();
  source.failure = new ApiError(429, "Too many requests.", 7);
  await listing.read();
  assert.equal(listing.state.value.error, "Too many requests. Trying again in 7 s.");
  assert.equal(listing.state.value.rows.length, 2);
  source.failure = undefined;
  await listing.read();
  assert.equal(listing.state.value.error, "");
});

test("the newest reading wins", async () => {
  const source = new Things(30);
  const listing = new Listing(source);
  const first = listing.read();
  listing.search("thing 1");
  await Promise.all([first, listing.read()]);
  assert.ok(listing.state.value.rows.every((row) => row.record?.name.startsWith("thing 1")));
  assert.equal(listing.state.value.rows.length, 11);
});

test("reading again and again keeps within the budget of a user", () => {
  for (const rows of [0, 1, PAGE, WHOLE]) {
    const perMinute = ((rows + 2) * 60_000) / rest(rows);
    assert.ok(perMinute <= 210, `${rows} rows: ${perMinute} requests a minute`);
  }
});
