import type { JSX } from "preact";
import { Cell, useCell } from "./cell.ts";
import { speech, t } from "./i18n/index.ts";

/** Steps on twice a minute, so that "5 minutes ago" does not stay for ever. */
const now = new Cell(Date.now());
setInterval(() => now.set(Date.now()), 30_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A server's time: relative within the hour, then the clock; in full when pointed at. */
export function Time({ at }: { at: number }): JSX.Element {
  const { clock, full, relative } = useCell(speech);
  // The server's clock may be ahead of this one: the future is "just now".
  const age = Math.max(0, useCell(now) - at);
  const date = new Date(at);
  let text: string;
  if (age < MINUTE) text = t("now");
  else if (age < HOUR) text = relative.format(-Math.floor(age / MINUTE), "minute");
  else text = clock.format(date);
  return (
    <time class="time" dateTime={date.toISOString()} title={full.format(date)}>
      {text}
    </time>
  );
}

/** The day of a line between messages. */
export function dayName(at: number): string {
  const midnight = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(Date.now()) - midnight(at)) / (24 * HOUR));
  if (days <= 0) return t("today");
  return days === 1 ? t("yesterday") : speech.value.day.format(new Date(at));
}
