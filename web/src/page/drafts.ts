/**
 * What was typed and not sent, per room. This tab's own draft comes first; the newest one of any
 * tab serves a page that is opened anew.
 */
const PREFIX = "chatroom.draft.";
/** Drafts of more rooms than this are given up, the first found first. */
const KEPT = 30;

function stores(): Storage[] {
  try {
    return [sessionStorage, localStorage];
  } catch {
    return [];
  }
}

export function loadDraft(roomId: number): string {
  for (const store of stores()) {
    const text = store.getItem(PREFIX + roomId);
    if (text !== null) return text;
  }
  return "";
}

export function saveDraft(roomId: number, text: string): void {
  for (const store of stores()) {
    try {
      if (text === "") store.removeItem(PREFIX + roomId);
      else store.setItem(PREFIX + roomId, text);
      prune(store, PREFIX + roomId);
    } catch {
      // Storage is full: the draft lives as long as the page.
    }
  }
}

/** A room that took another's place gets its draft. */
export function moveDraft(from: number, to: number): void {
  const text = loadDraft(from);
  saveDraft(from, "");
  if (text !== "") saveDraft(to, text);
}

function prune(store: Storage, keep: string): void {
  const keys = Array.from({ length: store.length }, (_, i) => store.key(i) ?? "").filter((key) => key.startsWith(PREFIX));
  for (const key of keys.slice(0, Math.max(0, keys.length - KEPT))) if (key !== keep) store.removeItem(key);
}
