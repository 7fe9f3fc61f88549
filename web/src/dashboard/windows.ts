/** How much of the last hour charts can show: seconds, and what it is called. */
export const WINDOWS: readonly (readonly [seconds: number, label: string])[] = [[300, "5 min"], [900, "15 min"], [3600, "1 h"]];

const USUAL = 900;

const KEY = "chatroom.admin.window";

/** The choice of last time, also after the page was loaded anew. */
export function keptWindow(): number {
  try {
    const kept = Number(localStorage.getItem(KEY));
    return WINDOWS.some(([seconds]) => seconds === kept) ? kept : USUAL;
  } catch {
    return USUAL;
  }
}

export function keepWindow(seconds: number): void {
  try {
    localStorage.setItem(KEY, String(seconds));
  } catch {
    // The choice ends with the page.
  }
}
