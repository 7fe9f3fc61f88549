/** A message on its way out. Its id makes every further try harmless for five minutes. */
export interface OutboxItem {
  readonly id: string;
  /** The tab that owns it; only the owner sends. */
  readonly owner: string;
  readonly roomId: number;
  readonly text: string;
  /** Unix milliseconds of this machine. */
  readonly createdAt: number;
  readonly state: "queued" | "sending" | "failed";
  /** Tries that were not answered in time, or answered UNAVAILABLE. */
  readonly tries: number;
  /** How often it went over the wire. */
  readonly sends: number;
  /** The identity under which it went out last: the server forgets the id with the session. */
  readonly sender?: number;
  readonly reason?: FailureReason;
}

/** Why a message waits for a person's word. */
export type FailureReason =
  /** Five tries, no answer. */
  | "no_answer"
  /** The server refuses this text. */
  | "refused"
  /** The room does not exist any more. */
  | "room_gone"
  /** It went out, but nobody can say whether it arrived: the session ended before the answer. */
  | "unsure"
  /** Its window was closed before it went out. */
  | "left_behind";

/** Where the outbox survives a reload. Calls are not awaited before a message is sent. */
export interface OutboxStore {
  put(item: OutboxItem): Promise<void>;
  remove(id: string): Promise<void>;
  all(): Promise<OutboxItem[]>;
}

/** Keeps nothing: for places without IndexedDB, private windows among them, and for tests. */
export class MemoryOutboxStore implements OutboxStore {
  readonly #items = new Map<string, OutboxItem>();

  async put(item: OutboxItem): Promise<void> {
    this.#items.set(item.id, item);
  }

  async remove(id: string): Promise<void> {
    this.#items.delete(id);
  }

  async all(): Promise<OutboxItem[]> {
    return [...this.#items.values()];
  }
}

const STORE = "outbox";

/** The outbox of every tab of this origin in one IndexedDB store. */
export class IndexedDBOutboxStore implements OutboxStore {
  readonly #database: Promise<IDBDatabase>;

  constructor(name = "chatroom") {
    this.#database = new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => void request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("outbox: no database"));
      request.onblocked = () => reject(new Error("outbox: database is held by an older page"));
    });
    // The rejection is reported by each call; nobody awaits this promise alone.
    this.#database.catch(() => {});
  }

  async put(item: OutboxItem): Promise<void> {
    await this.#run("readwrite", (store) => store.put(item));
  }

  async remove(id: string): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(id));
  }

  async all(): Promise<OutboxItem[]> {
    return (await this.#run("readonly", (store) => store.getAll())) as OutboxItem[];
  }

  async #run(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
    const database = await this.#database;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () =>
        reject(transaction.error ?? new Error("outbox: transaction aborted"));
    });
  }
}

/** IndexedDB where there is one, else memory. */
export function defaultOutboxStore(): OutboxStore {
  return typeof indexedDB === "undefined" ? new MemoryOutboxStore() : new IndexedDBOutboxStore();
}
