import { ackDelay, MESSAGE_TRIES } from "./backoff.ts";
import type { Environment } from "./environment.ts";
import type { Ack, ErrorEvent, NewMessage } from "./protocol.ts";
import type { FailureReason, OutboxItem, OutboxStore } from "./outbox-store.ts";

/** A message that goes over the wire this often without ever being answered breaks its connections. */
const SENDS_LIMIT = 12;

/** What an outbox needs of its owner. */
export interface OutboxPort {
  /** Sends now, or says that there is no connection. */
  transmit(item: OutboxItem): boolean;
  /** The queue has changed. */
  changed(): void;
}

/**
 * The queue of messages without an ACK. One is in flight at a time, so a retry can never overtake
 * a later message: the order in which a person wrote is the order in which the room reads.
 */
export class Outbox {
  readonly #env: Environment;
  readonly #store: OutboxStore;
  readonly #port: OutboxPort;
  readonly #owner: string;
  #items: OutboxItem[] = [];
  #inFlight: string | undefined;
  #timer: unknown;
  /** The room whose messages may go out now, and the identity that sends them. */
  #open: { roomId: number; sender: number } | undefined;
  /** The identity that was the last to send. */
  #sender: number | undefined;
  /** Rooms that are gone, each with the one that took its place. */
  readonly #gone = new Map<number, number | undefined>();

  constructor(env: Environment, store: OutboxStore, owner: string, port: OutboxPort) {
    this.#env = env;
    this.#store = store;
    this.#owner = owner;
    this.#port = port;
  }

  /** Oldest first; failed ones stay in their place. */
  get items(): readonly OutboxItem[] {
    return this.#items;
  }

  /** Takes over what a reload or a closed window left; each item under its own or a new state. */
  restore(items: readonly OutboxItem[]): void {
    const known = new Set(this.#items.map((item) => item.id));
    const fresh = items.filter((item) => !known.has(item.id));
    if (fresh.length === 0) return;
    const waiting = fresh.map((item) => this.#catchUp(item));
    for (const item of waiting) this.#save(item);
    this.#items = [...waiting, ...this.#items].sort((a, b) => a.createdAt - b.createdAt);
    this.#port.changed();
    this.#pump();
  }

  /** What a slow store brings late goes the way that it would have gone, had it been there. */
  #catchUp(item: OutboxItem): OutboxItem {
    const state = item.state === "failed" ? "failed" : "queued";
    const own: OutboxItem = { ...item, owner: this.#owner, state };
    if (item.owner !== this.#owner) return own;
    const { reason: _, ...rest } = own;
    const roomId = this.#gone.get(item.roomId);
    if (roomId !== undefined) return { ...rest, roomId, state: "queued", tries: 0, sends: 0 };
    if (state === "failed") return own;
    if (this.#gone.has(item.roomId)) return { ...own, state: "failed", reason: "room_gone" };
    const foreign = item.sends > 0 && this.#sender !== undefined && item.sender !== this.#sender;
    return foreign ? { ...own, state: "failed", reason: "unsure" } : own;
  }

  add(roomId: number, text: string): OutboxItem {
    const last = this.#items.at(-1);
    const item: OutboxItem = {
      id: this.#env.newId(),
      owner: this.#owner,
      roomId,
      text,
      // Rising even when the machine's clock is set back: the order of the queue hangs on it.
      createdAt: Math.max(this.#env.now(), last === undefined ? 0 : last.createdAt + 1),
      state: "queued",
      tries: 0,
      sends: 0,
    };
    this.#items = [...this.#items, item];
    this.#save(item);
    this.#port.changed();
    this.#pump();
    return item;
  }

  /** Messages of this room may go out, under this identity. */
  open(roomId: number, sender: number): void {
    this.#open = { roomId, sender };
    this.#sender = sender;
    this.#pump();
  }

  /** Nothing may go out; what was in flight goes out again when the room is open again. */
  close(): void {
    this.#open = undefined;
    this.#recall();
  }

  /** A person wants a failed message sent after all, maybe into another room. */
  retry(id: string, roomId?: number): void {
    const item = this.#find(id);
    if (item === undefined || item.state !== "failed") return;
    // An unsure one keeps its id where the server still knows it; elsewhere the id is as good as new.
    const { reason: _, ...rest } = item;
    this.#update({ ...rest, roomId: roomId ?? item.roomId, state: "queued", tries: 0, sends: 0 });
    this.#pump();
  }

  /** Messages for a room that is gone wait for another one. */
  move(from: number, to: number): void {
    this.#gone.set(from, to);
    for (const item of this.#items) {
      if (item.roomId !== from) continue;
      const { reason: _, ...rest } = item;
      this.#update({ ...rest, roomId: to, state: "queued", tries: 0, sends: 0 });
    }
    this.#pump();
  }

  discard(id: string): void {
    this.#settle(id);
  }

  /** Drops everything: the session was removed or banned. */
  clear(): void {
    for (const item of this.#items) void this.#store.remove(item.id).catch(() => {});
    this.#items = [];
    this.#recall();
    this.#port.changed();
  }

  /** Fails whatever waits for this room. */
  failRoom(roomId: number, reason: FailureReason): void {
    this.#gone.set(roomId, undefined);
    for (const item of this.#items) {
      if (item.roomId === roomId && item.state !== "failed") this.#update({ ...item, state: "failed", reason });
    }
    this.#recall();
  }

  /** The item that an ACK belongs to; it leaves the queue. */
  acknowledge(ack: Ack): OutboxItem | undefined {
    const item = ack.id === undefined ? undefined : this.#find(ack.id);
    if (item === undefined || ack.seq === undefined) return undefined;
    this.#settle(item.id);
    return item;
  }

  /** An ERROR with a message's id. Returns whether it was one of ours. */
  refuse(error: ErrorEvent): boolean {
    const item = error.id === undefined ? undefined : this.#find(error.id);
    if (item === undefined) return false;
    switch (error.code) {
      case "RATE_LIMITED":
      case "CAPACITY":
        this.#again(item, error.retryAfterMs ?? ackDelay(1, () => this.#env.random()));
        break;
      case "UNAVAILABLE":
        this.#missed(item, error.retryAfterMs ?? ackDelay(item.tries + 1, () => this.#env.random()));
        break;
      case "NOT_IN_ROOM":
        this.close();
        break;
      case "ROOM_DELETED":
      case "ROOM_NOT_FOUND":
        this.#fail(item, "room_gone");
        break;
      default:
        this.#fail(item, "refused");
    }
    return true;
  }

  /**
   * A message of our own came back in a replay that begins where we left off: nothing but the one
   * in flight can be meant, since every acknowledged one lies before that place.
   */
  recognise(message: NewMessage): boolean {
    const item = this.#items.find((i) => i.sends > 0 && i.sender === message.from.clientId && i.state !== "failed");
    if (item === undefined || item.text !== message.text) return false;
    this.#settle(item.id);
    return true;
  }

  /**
   * Called when a room was caught up with under a new identity: without a gap, what did not come
   * back is not in the room and may go out anew; with one, nobody can say.
   */
  reconcile(roomId: number, sender: number, complete: boolean): void {
    for (const item of this.#items) {
      if (item.roomId !== roomId || item.state === "failed") continue;
      if (item.sends === 0 || item.sender === sender) continue;
      if (complete) this.#update({ ...item, sends: 0, tries: 0 });
      else this.#update({ ...item, state: "failed", reason: "unsure" });
    }
  }

  #pump(): void {
    const open = this.#open;
    if (open === undefined || this.#inFlight !== undefined) return;
    const item = this.#items.find((i) => i.roomId === open.roomId && i.state === "queued");
    if (item === undefined) return;
    if (item.sends >= SENDS_LIMIT) {
      this.#fail(item, "no_answer");
      return;
    }
    this.#inFlight = item.id;
    const sending: OutboxItem = { ...item, state: "sending", sends: item.sends + 1, sender: open.sender };
    this.#update(sending);
    if (!this.#port.transmit(sending)) {
      this.#update(item);
      this.#recall();
      return;
    }
    this.#timer = this.#env.setTimeout(
      () => this.#missed(sending, 0),
      ackDelay(sending.tries + 1, () => this.#env.random()),
    );
  }

  /** A try went without an answer: count it, and send again or give up. */
  #missed(item: OutboxItem, wait: number): void {
    const current = this.#find(item.id);
    if (current === undefined) return;
    const tries = current.tries + 1;
    if (tries >= MESSAGE_TRIES) {
      this.#fail({ ...current, tries }, "no_answer");
      return;
    }
    this.#again({ ...current, tries }, wait);
  }

  #again(item: OutboxItem, wait: number): void {
    this.#env.clearTimeout(this.#timer);
    const current = this.#find(item.id);
    if (current === undefined) return;
    this.#update({ ...current, tries: item.tries });
    if (this.#inFlight !== item.id) return;
    const resend = (): void => {
      this.#inFlight = undefined;
      const waiting = this.#find(item.id);
      if (waiting !== undefined) this.#replace({ ...waiting, state: "queued" });
      this.#pump();
    };
    if (wait > 0) this.#timer = this.#env.setTimeout(resend, wait);
    else resend();
  }

  #fail(item: OutboxItem, reason: FailureReason): void {
    this.#update({ ...item, state: "failed", reason });
    if (this.#inFlight === item.id) this.#recall();
    this.#pump();
  }

  #settle(id: string): void {
    const before = this.#items.length;
    this.#items = this.#items.filter((item) => item.id !== id);
    if (this.#items.length === before) return;
    void this.#store.remove(id).catch(() => {});
    if (this.#inFlight === id) this.#recall();
    this.#port.changed();
    this.#pump();
  }

  /** Takes the message in flight back into the queue. */
  #recall(): void {
    this.#env.clearTimeout(this.#timer);
    const id = this.#inFlight;
    this.#inFlight = undefined;
    const item = id === undefined ? undefined : this.#find(id);
    if (item !== undefined && item.state === "sending") this.#update({ ...item, state: "queued" });
  }

  #find(id: string): OutboxItem | undefined {
    return this.#items.find((item) => item.id === id);
  }

  #replace(item: OutboxItem): void {
    this.#items = this.#items.map((other) => (other.id === item.id ? item : other));
  }

  #update(item: OutboxItem): void {
    this.#replace(item);
    this.#save(item);
    this.#port.changed();
  }

  /** A store that fails costs the survival of a reload, never the message at hand. */
  #save(item: OutboxItem): void {
    void this.#store.put(item).catch(() => {});
  }
}
