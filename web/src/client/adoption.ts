import type { OutboxItem, OutboxStore } from "./outbox-store.ts";
import type { Ownership } from "./tab.ts";

/** Pages that are just being reloaded are not taken for closed, milliseconds. */
export const ADOPTION_DELAY = 3_000;

/**
 * What windows that are closed by now left unsent. Their sessions are gone with them, so whether a
 * message had arrived cannot be asked any more: each comes as failed, and a person decides.
 */
export async function leftBehind(store: OutboxStore, ownership: Ownership, self: string): Promise<OutboxItem[]> {
  const items = await store.all().catch(() => []);
  const left: OutboxItem[] = [];
  for (const owner of new Set(items.map((item) => item.owner))) {
    if (owner === self || !(await ownership.claim(owner, 0))) continue;
    for (const item of items) {
      if (item.owner === owner) left.push({ ...item, state: "failed", reason: item.reason ?? "left_behind" });
    }
  }
  return left;
}
