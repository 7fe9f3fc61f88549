import assert from "node:assert/strict";
import { test } from "node:test";
import { ar } from "../i18n/ar.ts";
import { de } from "../i18n/de.ts";
import { en } from "../i18n/en.ts";
import type { Catalog, Key } from "../i18n/en.ts";
import { es } from "../i18n/es.ts";
import { fr } from "../i18n/fr.ts";
import { speak, speech } from "../i18n/index.ts";
import { codePoints, hue, initials, sendable } from "../people.ts";
import { hashOf, roomIn, roomOf } from "../route.ts";

const CATALOGS: Record<string, Catalog> = { en, de, es, fr, ar };
const KEYS = Object.keys(en) as Key[];

/** Names, and words that two languages write alike. */
const SHARED: ReadonlySet<Key> = new Set(["appName", "notificationTitle", "newMessage"]);

function placeholders(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
}

for (const [language, catalog] of Object.entries(CATALOGS)) {
  test(`${language} says everything and fills in what English fills in`, () => {
    for (const key of KEYS) {
      const entry = catalog[key];
      const texts = typeof entry === "string" ? [entry] : Object.values(entry);
      for (const text of texts) assert.notEqual(text.trim(), "", key);
      const source = en[key];
      const wanted = placeholders(typeof source === "string" ? source : source.other);
      const other = typeof entry === "string" ? entry : entry.other;
      assert.deepEqual(placeholders(other), wanted, key);
      // Forms for one and two may leave the number to the words, but invent nothing.
      for (const text of texts) for (const name of placeholders(text)) assert.ok(wanted.includes(name), `${key}: ${name}`);
    }
  });

  test(`${language} says it in words of its own`, () => {
    if (language === "en") return;
    const text = (entry: Catalog[Key]): string => (typeof entry === "string" ? entry : entry.other);
    const same = KEYS.filter((key) => text(catalog[key]) === text(en[key]) && !SHARED.has(key));
    assert.deepEqual(same, []);
    assert.deepEqual(Object.keys(catalog).sort(), [...KEYS].sort());
  });

  test(`${language} has only plural forms that the language has`, () => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const key of KEYS) {
      const entry = catalog[key];
      if (typeof entry === "string") continue;
      for (const form of Object.keys(entry)) assert.ok((pluralCategories as string[]).includes(form), `${key}: ${form}`);
    }
  });
}

test("rooms are found in addresses, links and numbers", () => {
  assert.equal(roomOf("#/room/12345"), 12345);
  for (const hash of ["", "#/room/", "#/room/0", "#/room/012", "#/room/1e5", "#/room/-1", "#/room/99999999999999999", "#/room/1/x"]) {
    assert.equal(roomOf(hash), undefined, hash);
  }
  assert.equal(roomIn(" 12345 "), 12345);
  assert.equal(roomIn("#12345"), 12345);
  assert.equal(roomIn("https://chat.example.org/#/room/777"), 777);
  assert.equal(roomIn("garden"), undefined);
  assert.equal(hashOf(5), "#/room/5");
  assert.equal(hashOf(undefined), "");
});

test("people have initials and a colour", () => {
  assert.equal(initials("User 12345", 12345), "45");
  assert.equal(initials("ada lovelace", 1), "AL");
  assert.equal(initials("ليلى", 1), "ل");
  assert.equal(initials("👨‍👩‍👧 family", 1), "👨‍👩‍👧F");
  assert.notEqual(hue(10_000), hue(10_001));
  assert.ok(hue(9_007_199_254_740_991) < 360);
});

test("texts are counted and cleaned as the server does it", () => {
  assert.equal(codePoints("a🌱é"), 3);
  assert.equal(sendable("a\r\nb\u0000\u0007\tc\ud800"), "a\nb\tc\ufffd");
  assert.equal(sendable("🌱"), "🌱");
});

test("a language that is loaded late does not replace a later choice", async () => {
  Object.assign(globalThis, { document: { documentElement: {} } });
  const late = speak("fr");
  await speak("en");
  await late;
  assert.equal(speech.value.language, "en");
  await speak("fr");
  assert.equal(speech.value.language, "fr");
  await speak("en");
});
