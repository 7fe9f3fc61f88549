import { Cell } from "../page/cell.ts";
import type { AuditEntry, Ban, ClientRecord, IdPage, Part, Removal, RoomRecord } from "./shapes.ts";

/** An answer that is not a success; status 0 means that there was none. */
export class ApiError extends Error {
  readonly status: number;
  /** Seconds to wait before trying again; 0 when the server did not say. */
  readonly retryAfter: number;

  constructor(status: number, message: string, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Who is logged in; until is by this browser's clock. */
export interface Session {
  readonly token: string;
  readonly until: number;
}

/** What keeps the session for as long as the tab lives: sessionStorage. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const KEY = "chatroom.admin.session";

/** The longest delay that a timer takes. */
const LONGEST = 2 ** 31 - 1;

type Query = Readonly<Record<string, string | undefined>>;

/** The admin API of the host that the page came from. */
export class Api {
  readonly session: Cell<Session | undefined>;
  /** Why there is no session any more, in words; empty after a logout. */
  readonly ended = new Cell("");

  readonly #base: string;
  readonly #store: Store;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor(base: string, store: Store) {
    this.#base = base;
    this.#store = store;
    this.session = new Cell(kept(store));
    this.#watchExpiry();
  }

  async login(username: string, password: string): Promise<void> {
    const answer = await this.#send("login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: number };
    // The lifetime is taken from the server's clock alone: this machine's may be hours off.
    const date = Date.parse(answer.headers.get("Date") ?? "");
    const session = { token, until: Date.now() + expiresAt - (Number.isNaN(date) ? Date.now() : date) };
    try {
      this.#store.setItem(KEY, JSON.stringify(session));
    } catch {
      // Storage is full or forbidden: the session ends with the page.
    }
    this.ended.set("");
    this.session.set(session);
    this.#watchExpiry();
  }

  /** Forgets the token. why is shown on the login page. */
  logout(why = ""): void {
    clearTimeout(this.#expiry);
    try {
      this.#store.removeItem(KEY);
    } catch {
      // There is nothing to forget.
    }
    this.ended.set(why);
    this.session.set(undefined);
  }

  async rooms(part: Part, signal: AbortSignal): Promise<IdPage> {
    const page = await this.#json<{ room_ids: number[]; total: number; next_cursor: string }>("rooms", listQuery(part), { signal });
    return { ids: page.room_ids, total: page.total, next: page.next_cursor };
  }

  async clients(part: Part, signal: AbortSignal): Promise<IdPage> {
    const page = await this.#json<{ client_ids: number[]; total: number; next_cursor: string }>("clients", listQuery(part), { signal });
    return { ids: page.client_ids, total: page.total, next: page.next_cursor };
  }

  room(id: number, signal: AbortSignal): Promise<RoomRecord> {
    return this.#json(`room/${id}`, {}, { signal });
  }

  client(id: number, signal: AbortSignal): Promise<ClientRecord> {
    return this.#json(`client/${id}`, {}, { signal });
  }

  async bans(signal: AbortSignal): Promise<readonly Ban[]> {
    return (await this.#json<{ bans: Ban[] }>("bans", {}, { signal })).bans;
  }

  async audit(signal: AbortSignal): Promise<readonly AuditEntry[]> {
    return (await this.#json<{ entries: AuditEntry[] }>("audit", {}, { signal })).entries;
  }

  removeClient(id: number, ban: string, reason: string): Promise<Removal> {
    return this.#json(`client/${id}`, { ban, reason }, { method: "DELETE" });
  }

  deleteRoom(id: number, reason: string): Promise<Removal> {
    return this.#json(`room/${id}`, { reason }, { method: "DELETE" });
  }

  liftBan(id: string, reason: string): Promise<unknown> {
    return this.#json(`bans/${encodeURIComponent(id)}`, { reason }, { method: "DELETE" });
  }

  /** Opens the stream of figures. */
  events(signal: AbortSignal): Promise<Response> {
    return this.#authorized("events", { signal });
  }

  async #json<T>(path: string, query: Query, init: RequestInit): Promise<T> {
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "");
    const search = given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
    return (await (await this.#authorized(path + search, init)).json()) as T;
  }

  async #authorized(path: string, init: RequestInit): Promise<Response> {
    const token = this.session.value?.token;
    if (token === undefined) throw new ApiError(401, "You are not logged in.");
    try {
      return await this.#send(path, { ...init, headers: { Authorization: `Bearer ${token}` } });
    } catch (error) {
      const current = this.session.value?.token === token;
      if (current && error instanceof ApiError && error.status === 401) this.logout("Your session has ended. Log in again to go on.");
      throw error;
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(new URL(path, this.#base), { ...init, cache: "no-store", credentials: "omit", redirect: "error" });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, "The server can't be reached.");
    }
    if (answer.ok) return answer;
    const { error } = (await answer.json().catch(() => ({}))) as { error?: { message?: unknown } };
    const message = typeof error?.message === "string" ? error.message : `The server answered ${answer.status}.`;
    throw new ApiError(answer.status, message, retryAfter(answer.headers.get("Retry-After")));
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const session = this.session.value;
    if (session === undefined) return;
    const end = (): void => {
      if (Date.now() >= session.until) this.logout("Your session has ended. Log in again to go on.");
      else this.#watchExpiry();
    };
    this.#expiry = setTimeout(end, Math.min(LONGEST, Math.max(0, session.until - Date.now())));
  }
}

function kept(store: Store): Session | undefined {
  try {
    const session = JSON.parse(store.getItem(KEY) ?? "null") as Session | null;
    return session !== null && typeof session.token === "string" && session.until > Date.now() ? session : undefined;
  } catch {
    return undefined;
  }
}

function listQuery({ q, sort, cursor, limit }: Part): Query {
  return { q, sort, cursor, limit: String(limit) };
}

/** Whole seconds, the only form in which this server writes the header. */
function retryAfter(header: string | null): number {
  return header !== null && /^\d+$/.test(header) ? Number(header) : 0;
}
