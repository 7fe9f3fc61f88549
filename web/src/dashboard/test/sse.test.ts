import assert from "node:assert/strict";
import { test } from "node:test";
import { EventStreamParser } from "../sse.ts";
import type { ServerSentEvent } from "../sse.ts";

/** Everything that a stream gives when it arrives in pieces of so many bytes. */
function parse(stream: string, size: number): { events: ServerSentEvent[]; retry: number | undefined } {
  const events: ServerSentEvent[] = [];
  const parser = new EventStreamParser((event) => events.push(event));
  const bytes = new TextEncoder().encode(stream);
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
  return { events, retry: parser.retry };
}

const CASES: [string, string, ServerSentEvent[]][] = [
  ["an event", "event: stats\ndata: {}\n\n", [{ event: "stats", data: "{}" }]],
  ["no name", "data: x\n\n", [{ event: "message", data: "x" }]],
  ["several lines", "data: a\ndata: b\ndata\ndata:  c\n\n", [{ event: "message", data: "a\nb\n\n c" }]],
  ["carriage returns", "event: a\rdata: 1\r\rdata: 2\r\r", [{ event: "a", data: "1" }, { event: "message", data: "2" }]],
  ["both line ends", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", [{ event: "a", data: "1" }, { event: "message", data: "2" }]],
  ["a comment", ": hello\n\n:\ndata: x\n\n", [{ event: "message", data: "x" }]],
  ["a name without data", "event: stats\n\ndata: x\n\n", [{ event: "message", data: "x" }]],
  ["an unknown field", "id: 7\nfoo: bar\ndata: x\n\n", [{ event: "message", data: "x" }]],
  ["what is not finished", "data: x\n\ndata: y\n", [{ event: "message", data: "x" }]],
  ["a byte order mark", "\ufeffdata: x\n\n", [{ event: "message", data: "x" }]],
  ["characters of several bytes", "data: Ω😀\n\n", [{ event: "message", data: "Ω😀" }]],
];

for (const [name, stream, expected] of CASES) {
  test(`${name}, in pieces of any size`, () => {
    for (let size = 1; size <= stream.length + 4; size++) assert.deepEqual(parse(stream, size).events, expected, `size ${size}`);
  });
}

test("the wait before reconnecting is read, and nonsense is not", () => {
  assert.equal(parse("retry: 2000\nretry: soon\nretry: -1\n\n", 3).retry, 2000);
});
