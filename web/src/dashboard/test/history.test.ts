import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, History, lonely } from "../history.ts";
import type { Sample } from "../shapes.ts";

const START = 1_700_000_000_000;

function sample(second: number, connections = second, p99Ms = 1): Sample {
  return {
    at: START + second * 1000,
    totals: { connections, rooms: 0, messagesPerSecond: 0, deliveriesPerSecond: 0, p50Ms: p99Ms, p99Ms, memoryBytes: 0, redisP99Ms: 0 },
  };
}

function history(...seconds: number[]): History {
  const made = new History();
  for (const second of seconds) made.add(sample(second));
  return made;
}

test("a silence is a hole, a late sample is none", () => {
  const { x, y } = history(0, 1, 3, 10).columns(0);
  assert.deepEqual(y.connections, [0, 1, 3, null, 10]);
  assert.equal(x.length, 5);
  assert.ok(x.every((at, i) => i === 0 || at > (x[i - 1] as number)), "times rise");
});

test("a latency of 0 means that nothing was delivered", () => {
  const made = history(0);
  made.add(sample(1, 1, 0));
  assert.deepEqual(made.columns(0).y.p99Ms, [1, null]);
  assert.deepEqual(made.columns(0).y.messagesPerSecond, [0, 0]);
});

test("only what is not older than asked for is shown", () => {
  assert.deepEqual(history(0, 1, 2, 3).columns(START + 2000).y.connections, [2, 3]);
});

test("the history of a stream fills the hole that a reconnect left", () => {
  const made = history(0, 1, 8);
  made.merge([sample(1), sample(2), sample(3), sample(4), sample(5), sample(6), sample(7), sample(8)]);
  made.add(sample(9));
  assert.deepEqual(made.columns(0).y.connections, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("an empty history takes nothing away", () => {
  const made = history(0, 1);
  made.merge([]);
  assert.equal(made.length, 2);
});

test("a clock that was set back replaces what it passes again", () => {
  const made = history(0, 1, 2, 3);
  made.add(sample(1, 77));
  assert.deepEqual(made.columns(0).y.connections, [0, 77]);
});

test("an hour is kept", () => {
  const made = new History();
  made.merge(Array.from({ length: 3600 }, (_, i) => sample(i)));
  for (let i = 3600; i < 3700; i++) made.add(sample(i));
  assert.equal(made.length, HOUR / 1000 + 1);
  assert.equal(made.last?.at, START + 3_699_000);
});

test("values that stand alone are found", () => {
  assert.deepEqual(lonely([1, null, 2, 3, null, 4]), [0, 5]);
  assert.deepEqual(lonely([]), []);
  assert.deepEqual(lonely([0]), [0]);
});
