import type { Environment } from "./environment.ts";
import type { OutboxItem, OutboxStore } from "./outbox-store.ts";
import type { Ownership } from "./tab.ts";

/** Pages that are just being reloaded are not taken for closed, milliseconds. */
export const ADOPTION_DELAY = 3_000;

/** A store that takes longer than this is not waited for, milliseconds. */
const STORE_PATIENCE = 1_000;

/**
 * Everything in the store; nothing when it fails or takes too long, and then `late` hears of it.
 * Browsers have been seen to leave a database without an answer for minutes.
 */
export function kept(store: OutboxStore, env: Environment, late: (items: OutboxItem[]) => void): Promise<OutboxItem[]> {
  return new Promise((resolve) => {
    let waiting = true;
    const timer = env.setTimeout(() => {
      waiting = false;
      resolve([]);
    }, STORE_PATIENCE);
    void store.all().catch((): OutboxItem[] => []).then((items) => {
      env.clearTimeout(timer);
      if (waiting) resolve(items);
      else late(items);
    });
  });
}

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
