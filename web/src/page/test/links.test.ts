import assert from "node:assert/strict";
import { test } from "node:test";
import { isPictures, tokenize } from "../links.ts";

/** Texts with what should be linked in them. */
const CASES: readonly (readonly [text: string, hrefs: readonly string[]])[] = [
  ["plain", []],
  ["see https://example.org/a.", ["https://example.org/a"]],
  ["(https://example.org/a_(b))", ["https://example.org/a_(b)"]],
  ["https://example.org/a?b=c&d=e#f!", ["https://example.org/a?b=c&d=e#f"]],
  ["www.example.org, and http://example.org:8080/x", ["https://www.example.org/", "http://example.org:8080/x"]],
  ["HTTPS://EXAMPLE.ORG/Path", ["https://example.org/Path"]],
  ["“https://example.org/”", ["https://example.org/"]],
  ["https://bücher.example/", ["https://xn--bcher-kva.example/"]],
  ["javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd", []],
  ["https://user:secret@example.org/", []],
  ["https://paypal.com@evil.example/", []],
  ["https://example.org/\u202egnp.exe", []],
  ["https://", []],
  ["http://[::1]/x", ["http://[::1]/x"]],
  ["xhttps://example.org", []],
  ["https://example.org/\"onmouseover=\"x", ["https://example.org/"]],
  [`https://example.org/${"a".repeat(3_000)}`, []],
];

for (const [text, hrefs] of CASES) {
  test(`links in ${text.slice(0, 60)}`, () => {
    const tokens = tokenize(text);
    assert.deepEqual(tokens.flatMap((token) => token.href ?? []), hrefs);
    assert.equal(tokens.map((token) => token.text).join(""), text, "nothing is lost");
  });
}

test("cutting a long text takes time in proportion to its length", () => {
  const text = "https://a.b/(((((".repeat(4_000) + ")".repeat(4_000);
  const began = performance.now();
  tokenize(text);
  assert.ok(performance.now() - began < 5_000);
});

test("messages of nothing but emoji", () => {
  for (const text of ["🌱", "🌱🍅 🎉", "👨‍👩‍👧", "❤️"]) assert.equal(isPictures(text), true, text);
  for (const text of ["", " ", "12", "#", "a🌱", "🌱".repeat(30)]) assert.equal(isPictures(text), false, text);
});
