import assert from "node:assert/strict";
import { test } from "node:test";
import { dayName, timeText } from "../clock.ts";
import { speak, speech } from "../i18n/index.ts";

Object.assign(globalThis, { document: { documentElement: {} } });

const NOON = new Date(2024, 4, 15, 12, 0).getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("times are relative within the hour, then the clock tells", async () => {
  await speak("en");
  assert.equal(timeText(NOON + 5_000, NOON), "just now", "a server whose clock is ahead");
  assert.equal(timeText(NOON, NOON + MINUTE - 1), "just now");
  assert.equal(timeText(NOON, NOON + MINUTE), "1 minute ago");
  assert.equal(timeText(NOON, NOON + HOUR - 1), "59 minutes ago");
  assert.equal(timeText(NOON, NOON + HOUR), speech.value.clock.format(new Date(NOON)));
  await speak("de");
  assert.equal(timeText(NOON, NOON + 5 * MINUTE), "vor 5 Minuten");
  await speak("en");
});

test("days have names as long as they are near", async () => {
  await speak("en");
  const morning = new Date(2024, 4, 15, 0, 1).getTime();
  const evening = new Date(2024, 4, 14, 23, 59).getTime();
  assert.equal(dayName(morning, NOON), "Today");
  assert.equal(dayName(evening, NOON), "Yesterday");
  assert.equal(dayName(new Date(2024, 4, 13, 23, 59).getTime(), NOON), speech.value.day.format(new Date(2024, 4, 13)));
  assert.equal(dayName(NOON + 24 * HOUR, NOON), "Today", "a server whose clock is a day ahead");
  // A day of 23 hours lies between these two where summer time begins on the last Sunday of March.
  assert.equal(dayName(new Date(2024, 2, 30, 12, 0).getTime(), new Date(2024, 2, 31, 12, 0).getTime()), "Yesterday");
});
