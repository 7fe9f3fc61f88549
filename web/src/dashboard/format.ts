const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** 12,345 */
export function count(n: number): string {
  return whole.format(n);
}

/** 12.3K, for the edge of a chart and for figures that change every second. */
export function compact(n: number): string {
  return n < 10_000 ? tenths.format(n) : short.format(n);
}

/** A rate that shows small flows too: 0.4, 12, 3.1K. */
export function rate(n: number): string {
  return n < 10 ? tenths.format(n) : n < 10_000 ? whole.format(n) : short.format(n);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function bytes(n: number): string {
  let unit = 0;
  while (n >= 1024 && unit < UNITS.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${n < 10 && unit > 0 ? tenths.format(n) : whole.format(n)} ${UNITS[unit]}`;
}

/** Milliseconds with as many digits as mean something. */
export function ms(n: number): string {
  if (n >= 1000) return `${tenths.format(n / 1000)} s`;
  return `${n < 1 ? hundredths.format(n) : n < 10 ? tenths.format(n) : whole.format(n)} ms`;
}

/** The two largest parts of a span: 3 d 4 h, 12 min 5 s. */
export function span(milliseconds: number): string {
  const all = Math.max(0, Math.round(milliseconds / 1000));
  const parts: [number, string][] = [
    [Math.floor(all / 86_400), "d"], [Math.floor(all / 3600) % 24, "h"], [Math.floor(all / 60) % 60, "min"], [all % 60, "s"],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(" ");
}

/** How long ago something was, in the largest unit alone. */
export function ago(at: number, now: number): string {
  const past = now - at;
  if (past < 2000) return "now";
  return `${span(past).split(" ").slice(0, 2).join(" ")} ago`;
}

export function dateTime(at: number): string {
  return date.format(at);
}

export function exactTime(at: number): string {
  return exact.format(at);
}

export function clockTime(at: number, withSeconds = false): string {
  return (withSeconds ? seconds : clock).format(at);
}
