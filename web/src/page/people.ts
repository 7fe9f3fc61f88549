/** How many hues people are told apart by. */
const HUES = 12;

/** A hue in degrees from an id. Neighbouring ids get far-apart hues: people join one after another. */
export function hue(clientId: number): number {
  return ((clientId * 5) % HUES) * (360 / HUES);
}

const segmenter = typeof Intl.Segmenter === "function" ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : undefined;

function first(word: string): string {
  if (segmenter === undefined) return [...word][0] ?? "";
  return segmenter.segment(word)[Symbol.iterator]().next().value?.segment ?? "";
}

/** Up to two letters of a name; of the name that the server gives, the end of its number. */
export function initials(username: string, clientId: number): string {
  if (username === `User ${clientId}`) return String(clientId).slice(-2);
  const words = username.split(/\s+/u).filter((word) => word !== "");
  const letters = words.length > 1 ? first(words[0] as string) + first(words.at(-1) as string) : first(words[0] ?? "");
  return letters.toLocaleUpperCase();
}

/** The length that the server counts: Unicode code points. */
export function codePoints(text: string): number {
  let n = 0;
  for (const _ of text) n++;
  return n;
}

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** What is left of a pasted text when what no server accepts is taken out. */
export function sendable(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(CONTROLS, "").replace(LONE, "\ufffd");
}
