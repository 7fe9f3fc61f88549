import type { JSX } from "preact";

/** Line icons on a grid of 24, decoration only: whatever they stand for is also said in words. */
const PATHS = {
  send: "M4 12l16-8-6 16-3-6-7-2zM11 14l9-10",
  plus: "M12 5v14M5 12h14",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5",
  back: "M15 5l-7 7 7 7",
  share: "M8 12h8M13 7l5 5-5 5M6 5v14",
  leave: "M14 4h5v16h-5M4 12h10M8 8l-4 4 4 4",
  gear: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  refresh: "M20 12a8 8 0 1 1-2.4-5.7M20 3v5h-5",
  down: "M12 5v13M6 12.5l6 6 6-6",
  pen: "M4 20l1-4L16 5l3 3L8 19l-4 1z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  alert: "M12 4l9 16H3l9-16zM12 10v4M12 17v.2",
  people: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM3 20c0-3.5 2.6-6 6-6s6 2.5 6 6M16 5.5a3.5 3.5 0 0 1 0 6M17.5 14.5c2.2.8 3.5 2.8 3.5 5.5",
  close: "M6 6l12 12M18 6L6 18",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
} as const;

export type IconName = keyof typeof PATHS;

/** Icons that point somewhere turn around with the reading direction. */
const DIRECTED: ReadonlySet<IconName> = new Set(["send", "back", "share", "leave"]);

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class={DIRECTED.has(name) ? "icon directed" : "icon"} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
