import type { JSX } from "preact";

/** Line icons on a grid of 24, decoration only: whatever they stand for is also said in words. */
const PATHS = {
  overview: "M4 19V9M10 19V5M16 19v-7M21 19H3",
  rooms: "M4 5h16v11H11l-5 4v-4H4z",
  clients: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM3 20c0-3.5 2.6-6 6-6s6 2.5 6 6M16 5.5a3.5 3.5 0 0 1 0 6M17.5 14.5c2.2.8 3.5 2.8 3.5 5.5",
  bans: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.5 6.5l11 11",
  audit: "M7 4h10v16H7zM10 8h4M10 12h4M10 16h2",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  dark: "M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z",
  logout: "M14 4h5v16h-5M4 12h10M8 8l-4 4 4 4",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5",
  close: "M6 6l12 12M18 6L6 18",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  alert: "M12 4l9 16H3l9-16zM12 10v4M12 17v.2",
  up: "M12 19V6M6.5 11.5l5.5-6 5.5 6",
  down: "M12 5v13M6.5 12.5l5.5 6 5.5-6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
