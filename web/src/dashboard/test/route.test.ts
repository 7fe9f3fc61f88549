import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, ms, span } from "../format.ts";
import { address, parseRoute } from "../route.ts";

test("addresses are read back, and nonsense is the overview", () => {
  for (const route of [{ view: "overview" }, { view: "rooms" }, { view: "rooms", id: 12345 }, { view: "clients", id: 9007199254740991 }, { view: "audit" }] as const) {
    assert.deepEqual(parseRoute(address(route)), route);
  }
  for (const hash of ["", "#", "#/", "#/nothing", "#/rooms/0", "#/rooms/1/2", "#/rooms/<b>", "#/ROOMS"]) {
    assert.deepEqual(parseRoute(hash), { view: "overview" }, hash);
  }
  assert.deepEqual(parseRoute("#/bans/1"), { view: "bans" });
});

test("figures are written for people", () => {
  assert.deepEqual([0, 1023, 1536, 20 * 1024 ** 2, 3 * 1024 ** 5].map(bytes), ["0 B", "1,023 B", "1.5 KiB", "20 MiB", "3,072 TiB"]);
  assert.deepEqual([0, 0.004, 0.25, 1.26, 84.4, 2500].map(ms), ["0 ms", "0 ms", "0.25 ms", "1.3 ms", "84 ms", "2.5 s"]);
  assert.deepEqual([0, 59_000, 3_600_000, 90_061_000].map(span), ["0 s", "59 s", "1 h", "1 d 1 h"]);
  assert.deepEqual([ago(0, 500), ago(0, 65_000)], ["now", "1 min ago"]);
});
