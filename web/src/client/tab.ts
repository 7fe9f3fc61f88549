import type { Environment } from "./environment.ts";

/** How long a reloaded page waits for its own former self to let go, milliseconds. */
const TAKEOVER_WAIT = 600;
const ANSWER_WAIT = 150;
/** Between two questions of a page that waits for its former self, milliseconds. */
const ASK_AGAIN = 50;

/** Says who owns the name of a tab; the owner keeps it as long as its page lives. */
export interface Ownership {
  /** Owns the name from now on, or says that another page does. `patience` milliseconds of waiting are fine. */
  claim(name: string, patience: number): Promise<boolean>;
}

/** What a tab remembers over a reload. */
export interface TabMemory {
  load(): TabRecord | undefined;
  save(record: TabRecord): void;
}

export interface TabRecord {
  /** The name of the tab: owner of its outbox items. */
  readonly tab: string;
  readonly session?: string;
  readonly clientId?: number;
  readonly roomId?: number;
  readonly roomName?: string;
  /** The room that was lost last, until there is another one: a reload still knows its name. */
  readonly gone?: { readonly roomId: number; readonly name: string };
}

/** The record of a tab that is in a room. */
export function entered(record: TabRecord, { roomId, name }: { roomId: number; name: string }): TabRecord {
  const { gone: _, ...rest } = record;
  return { ...rest, roomId, roomName: name };
}

/** The record of a tab that is in no room; `lost` is the one that was taken from it. */
export function outside(record: TabRecord, lost: { roomId: number; name: string } | undefined): TabRecord {
  const { roomId: _, roomName: __, gone: ___, ...rest } = record;
  return lost === undefined || lost.name === "" ? rest : { ...rest, gone: { roomId: lost.roomId, name: lost.name } };
}

/** The name of a room that this tab was in before it was loaded anew; empty when it is not known. */
export function nameOf(record: TabRecord, roomId: number): string {
  if (record.roomId === roomId) return record.roomName ?? "";
  return record.gone?.roomId === roomId ? record.gone.name : "";
}

/**
 * Finds out which tab this page is. A duplicated tab gets a copy of the storage of its original:
 * it sees that the name is taken and begins a life of its own, so that two pages never fight over
 * one session.
 */
export async function claimTab(memory: TabMemory, ownership: Ownership, env: Environment): Promise<TabRecord> {
  const former = memory.load();
  if (former !== undefined && (await ownership.claim(former.tab, TAKEOVER_WAIT))) return former;
  const fresh: TabRecord = { tab: env.newId() };
  await ownership.claim(fresh.tab, 0);
  memory.save(fresh);
  return fresh;
}

/** sessionStorage: one per tab, kept over reloads. */
export class SessionStorageMemory implements TabMemory {
  readonly #key: string;

  constructor(key = "chatroom.tab") {
    this.#key = key;
  }

  load(): TabRecord | undefined {
    try {
      const record = JSON.parse(sessionStorage.getItem(this.#key) ?? "") as TabRecord;
      return typeof record.tab === "string" ? record : undefined;
    } catch {
      return undefined;
    }
  }

  save(record: TabRecord): void {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(record));
    } catch {
      // Storage is full or forbidden: the page works, a reload begins anew.
    }
  }
}

/** Remembers as long as the page lives. */
export class VolatileMemory implements TabMemory {
  #record: TabRecord | undefined;

  load(): TabRecord | undefined {
    return this.#record;
  }

  save(record: TabRecord): void {
    this.#record = record;
  }
}

/** Nobody else is there. */
export class SoleOwnership implements Ownership {
  async claim(): Promise<boolean> {
    return true;
  }
}

/** Web Locks: the browser itself frees the name when the page is gone. Secure contexts only. */
export class LockOwnership implements Ownership {
  readonly #owned = new Set<string>();

  /**
   * Patience begins with the first answer and ends with one that was asked for after it: what runs
   * out on a busy machine is time, and the browser has not said yet whether the page before is gone.
   */
  async claim(name: string, patience: number): Promise<boolean> {
    // Whoever stops and starts again is still there.
    if (this.#owned.has(name)) return true;
    let end = patience > 0 ? Infinity : 0;
    for (;;) {
      const last = performance.now() >= end;
      if (await this.#lock(name)) break;
      if (last) return false;
      if (end === Infinity) end = performance.now() + patience;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
    }
    this.#owned.add(name);
    return true;
  }

  /** Takes the lock if it is free, for as long as the page lives. */
  #lock(name: string): Promise<boolean> {
    const forever = new Promise<never>(() => {});
    return new Promise((resolve) => {
      navigator.locks
        .request(`chatroom.tab.${name}`, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock === null ? undefined : forever;
        })
        .catch(() => resolve(false));
    });
  }
}

/**
 * Without locks the pages ask each other: whoever owns the name objects. Of two that ask at the same
 * time the one with the smaller number wins, and both know it.
 */
export class AskingOwnership implements Ownership {
  readonly #channel = new BroadcastChannel("chatroom.tabs");
  readonly #owned = new Set<string>();
  readonly #asking = new Map<string, { readonly number: number; readonly finish: (free: boolean) => void }>();

  constructor() {
    this.#channel.onmessage = ({ data }: MessageEvent): void => {
      const { ask, number, taken } = data as { ask?: string; number?: number; taken?: string };
      if (taken !== undefined) this.#asking.get(taken)?.finish(false);
      if (ask === undefined) return;
      const own = this.#asking.get(ask);
      if (this.#owned.has(ask) || (own !== undefined && own.number < (number ?? 1))) {
        this.#channel.postMessage({ taken: ask });
      } else own?.finish(false);
    };
  }

  claim(name: string): Promise<boolean> {
    if (this.#owned.has(name)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const number = Math.random();
      const finish = (free: boolean): void => {
        clearTimeout(timer);
        this.#asking.delete(name);
        if (free) this.#owned.add(name);
        resolve(free);
      };
      const timer = setTimeout(() => finish(true), ANSWER_WAIT);
      this.#asking.set(name, { number, finish });
      this.#channel.postMessage({ ask: name, number });
    });
  }
}

/** The best way that this place offers. */
export function defaultOwnership(): Ownership {
  if (typeof navigator !== "undefined" && "locks" in navigator && navigator.locks !== undefined) {
    return new LockOwnership();
  }
  if (typeof window !== "undefined" && typeof BroadcastChannel !== "undefined") return new AskingOwnership();
  return new SoleOwnership();
}

/** sessionStorage where there is one. */
export function defaultMemory(): TabMemory {
  return typeof sessionStorage === "undefined" ? new VolatileMemory() : new SessionStorageMemory();
}
