import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, ordered, paged, turned } from "../order.ts";
import type { Value } from "../order.ts";

const sorted = (values: Value[], descending: boolean): Value[] => ordered(values, (value) => value, descending);

test("numbers are compared as numbers, words as people do", () => {
  assert.deepEqual(sorted([10, 9, 100], false), [9, 10, 100]);
  assert.deepEqual(sorted(["room 10", "Room 9", "émil", "Zoë"], false), ["émil", "Room 9", "room 10", "Zoë"]);
});

test("what is not known stands last in both directions", () => {
  assert.deepEqual(sorted([undefined, 1, 2], false), [1, 2, undefined]);
  assert.deepEqual(sorted([undefined, 1, 2], true), [2, 1, undefined]);
});

test("equal rows keep their order", () => {
  const rows = [{ id: 1, n: 1 }, { id: 2, n: 1 }, { id: 3, n: 0 }, { id: 4, n: 1 }];
  for (const descending of [false, true]) {
    const ids = ordered(rows, (row) => row.n, descending).filter((row) => row.n === 1).map((row) => row.id);
    assert.deepEqual(ids, [1, 2, 4]);
  }
});

test("a column turns there, back, and off", () => {
  const down = turned(undefined, "members", "down");
  assert.deepEqual(down, { column: "members", descending: true });
  const up = turned(down, "members", "down");
  assert.deepEqual(up, { column: "members", descending: false });
  assert.equal(turned(up, "members", "down"), undefined);
  assert.deepEqual(turned(up, "name", "up"), { column: "name", descending: false });
});

test("a page that is gone is the last one", () => {
  assert.deepEqual(paged([1, 2, 3, 4, 5], 1, 2), { rows: [3, 4], page: 1, pages: 3 });
  assert.deepEqual(paged([1, 2, 3, 4, 5], 9, 2), { rows: [5], page: 2, pages: 3 });
  assert.deepEqual(paged([], 3, 2), { rows: [], page: 0, pages: 1 });
});

test("a search looks into every text, whatever the case", () => {
  assert.ok(matches(" KICK ", "ada", "kicked"));
  assert.ok(matches("", undefined));
  assert.ok(!matches("x", "a", undefined));
});
