import { speech, t } from "./i18n/index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A time in words: relative within the hour, then the clock. Unix milliseconds. */
export function timeText(at: number, now: number): string {
  const { clock, relative } = speech.value;
  // The server's clock may be ahead of this one: the future is "just now".
  const age = Math.max(0, now - at);
  if (age < MINUTE) return t("now");
  return age < HOUR ? relative.format(-Math.floor(age / MINUTE), "minute") : clock.format(new Date(at));
}

/** The day of a line between messages. */
export function dayName(at: number, now: number): string {
  const midnight = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);
  // Days of 23 and 25 hours are rounded to one.
  const days = Math.round((midnight(now) - midnight(at)) / (24 * HOUR));
  if (days <= 0) return t("today");
  return days === 1 ? t("yesterday") : speech.value.day.format(new Date(at));
}
