import type { JSX } from "preact";
import { ago, dateTime, exactTime } from "./format.ts";

/** A moment; near ones as the time that has passed since. 0 is no moment. */
export function When({ at, now }: { at: number; now?: number }): JSX.Element {
  if (at <= 0) return <span>–</span>;
  return <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>{now === undefined ? dateTime(at) : ago(at, now)}</time>;
}
