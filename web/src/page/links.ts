/** A piece of a message: plain text, or an address that is safe to follow. */
export interface Token {
  readonly text: string;
  /** Absolute http or https address; absent in plain text. */
  readonly href?: string;
}

const CANDIDATE = /\b(?:https?:\/\/|www\.)[^\s<>"`\u2028\u2029]+/giu;
/** Marks that end a sentence rather than an address. */
const TRAILING = /[.,:;!?'"’”»…)\]}]+$/u;
/** Characters that turn the reading direction: an address with them is not what it looks like. */
const DECEPTIVE = /[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;
const LONGEST = 2_048;

/**
 * Cuts a text into pieces. Nothing is ever markup: the pieces become text nodes and anchors. Only
 * http and https are linked, and never an address that hides its host behind a user name.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let done = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = trim(match[0]);
    const href = address(shown);
    if (href === undefined) continue;
    if (match.index > done) tokens.push({ text: text.slice(done, match.index) });
    tokens.push({ text: shown, href });
    done = match.index + shown.length;
  }
  if (done < text.length) tokens.push({ text: text.slice(done) });
  return tokens;
}

/** Takes off what ends the sentence around it, but keeps a bracket that the address opened itself. */
function trim(candidate: string): string {
  let shown = candidate;
  for (;;) {
    const tail = TRAILING.exec(shown)?.[0];
    if (tail === undefined) return shown;
    const last = tail.at(-1) as string;
    const opener = { ")": "(", "]": "[", "}": "{" }[last];
    if (opener !== undefined && count(shown, opener) >= count(shown, last)) return shown;
    shown = shown.slice(0, -1);
  }
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}

function address(shown: string): string | undefined {
  if (shown.length > LONGEST || DECEPTIVE.test(shown)) return undefined;
  try {
    const url = new URL(/^www\./i.test(shown) ? `https://${shown}` : shown);
    const safe = (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
    return safe && url.hostname.length > 0 ? url.href : undefined;
  } catch {
    return undefined;
  }
}

const PICTURES = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\u200d|\ufe0f|\s){1,24}$/u;
const DIGITS = /[\d#*]/;

/** Whether a message is nothing but a few emoji, which are then shown larger. */
export function isPictures(text: string): boolean {
  return PICTURES.test(text) && !DIGITS.test(text) && text.trim() !== "";
}
