import type { JSX } from "preact";
import { Cell, useCell } from "./cell.ts";
import { dayName, timeText } from "./clock.ts";
import { speech } from "./i18n/index.ts";

/** Steps on twice a minute, so that "5 minutes ago" does not stay for ever. */
const now = new Cell(Date.now());
setInterval(() => now.set(Date.now()), 30_000);

/** A server's time, in full when pointed at. */
export function Time({ at }: { at: number }): JSX.Element {
  const { full } = useCell(speech);
  const date = new Date(at);
  return (
    <time class="time" dateTime={date.toISOString()} title={full.format(date)}>
      {timeText(at, useCell(now))}
    </time>
  );
}

/** The line between two days; what was today is yesterday after midnight, also when nobody writes. */
export function Day({ at }: { at: number }): JSX.Element {
  useCell(speech);
  return <p class="line day"><span>{dayName(at, useCell(now))}</span></p>;
}
