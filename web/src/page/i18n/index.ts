import { Cell } from "../cell.ts";
import { en } from "./en.ts";
import type { Catalog, Key } from "./en.ts";

export type { Key };

/** The languages there are, each by its own name. */
export const LANGUAGES = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  ar: "العربية",
} as const;

export type Language = keyof typeof LANGUAGES;

/** English is always at hand; the others are loaded when they are chosen. */
const LOAD: Record<Exclude<Language, "en">, () => Promise<Catalog>> = {
  de: async () => (await import("./de.ts")).de,
  es: async () => (await import("./es.ts")).es,
  fr: async () => (await import("./fr.ts")).fr,
  ar: async () => (await import("./ar.ts")).ar,
};

/** A language with everything that depends on it. */
export interface Tongue {
  readonly language: Language;
  readonly catalog: Catalog;
  readonly plurals: Intl.PluralRules;
  readonly numbers: Intl.NumberFormat;
  readonly clock: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly full: Intl.DateTimeFormat;
  readonly relative: Intl.RelativeTimeFormat;
  readonly list: Intl.ListFormat;
}

function tongue(language: Language, catalog: Catalog): Tongue {
  return {
    language,
    catalog,
    plurals: new Intl.PluralRules(language),
    numbers: new Intl.NumberFormat(language),
    clock: new Intl.DateTimeFormat(language, { timeStyle: "short" }),
    day: new Intl.DateTimeFormat(language, { dateStyle: "full" }),
    full: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" }),
    relative: new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" }),
    list: new Intl.ListFormat(language, { style: "long", type: "conjunction" }),
  };
}

/** The language that is spoken now. */
export const speech = new Cell<Tongue>(tongue("en", en));

/** How often a language was chosen: one that is loaded late must not replace a later choice. */
let choices = 0;

/** Speaks another language; the old one stays if the new one cannot be loaded. */
export async function speak(language: Language): Promise<void> {
  const choice = ++choices;
  const catalog = language === "en" ? en : await LOAD[language]().catch(() => undefined);
  if (catalog === undefined || choice !== choices) return;
  const root = document.documentElement;
  root.lang = language;
  root.dir = language === "ar" ? "rtl" : "ltr";
  speech.set(tongue(language, catalog));
}

/** The first of a person's languages that there is. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0] as string;
    if (primary in LANGUAGES) return primary as Language;
  }
  return "en";
}

export type Fill = Readonly<Record<string, string | number>>;

/** A text in the language of now. `n` chooses among plural forms; numbers are written as is usual there. */
export function t(key: Key, fill: Fill = {}): string {
  const { catalog, plurals, numbers } = speech.value;
  const entry = catalog[key];
  const n = fill["n"];
  const form = typeof entry === "string" ? entry : (entry[plurals.select(Number(n ?? 0))] ?? entry.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = fill[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbers.format(value) : isolate(value);
  });
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u;

/** A name of the other reading direction must not pull the sentence around with it. */
function isolate(value: string): string {
  const foreign = RIGHT_TO_LEFT.test(value) !== (document.documentElement.dir === "rtl");
  return foreign ? `\u2068${value}\u2069` : value;
}
