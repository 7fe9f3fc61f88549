import { Cell } from "../page/cell.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "chatroom.admin.theme";
const TURN: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };

function load(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

export const theme = new Cell<Theme>(load());

/** Counts the changes of colours: what is painted on a canvas must be painted again. */
export const painted = new Cell(0);

export function applyTheme(): void {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
  painted.set(painted.value + 1);
}

/** Goes on to the next of system, light and dark. */
export function turnTheme(): void {
  theme.set(TURN[theme.value]);
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // The choice ends with the page.
  }
  applyTheme();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => painted.set(painted.value + 1));
