import { Cell } from "./cell.ts";
import { LANGUAGES, preferredLanguage } from "./i18n/index.ts";
import type { Language } from "./i18n/index.ts";

export type Theme = "system" | "light" | "dark";

/** What a person chose, kept in this browser. */
export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
  readonly sound: boolean;
  readonly notifications: boolean;
  readonly username?: string;
}

const KEY = "chatroom.preferences";

function load(): Preferences {
  const base: Preferences = {
    language: preferredLanguage(navigator.languages),
    theme: "system",
    sound: false,
    notifications: false,
  };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
    const language = kept.language !== undefined && kept.language in LANGUAGES ? kept.language : base.language;
    return { ...base, ...kept, language };
  } catch {
    return base;
  }
}

export const preferences = new Cell<Preferences>(load());

/** Changes some of them; a browser that keeps nothing forgets them with the page. */
export function prefer(change: Partial<Preferences>): void {
  const next = { ...preferences.value, ...change };
  preferences.set(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage is full or forbidden.
  }
}

/** Shows the chosen colours. */
export function applyTheme(): void {
  const { theme } = preferences.value;
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
