import { ChatClient, ChatError, watchBrowser } from "../client/index.ts";
import type { ChatMessage, ConnectionState, Identity, OutboxItem, Room, RoomLeft } from "../client/index.ts";
import { Attention } from "./attention.ts";
import { Cell } from "./cell.ts";
import { moveDraft } from "./drafts.ts";
import { t } from "./i18n/index.ts";
import { prefer, preferences } from "./preferences.ts";
import { roomOf, showRoute } from "./route.ts";
import { Timeline } from "./timeline.ts";

/** Where in the application a person is. */
export type Place =
  | { readonly kind: "lobby" }
  | { readonly kind: "entering"; readonly roomId: number }
  | { readonly kind: "room" }
  | { readonly kind: "gone"; readonly room: RoomLeft["room"]; readonly reason: "deleted" | "not_found" };

const HISTORY_PAGE = 200;
const HISTORY_RETRY = 1_000;
const NOTICE_TIME = 6_000;

/** The state of the page: one client, and what is shown of it. */
export class Chat {
  readonly client: ChatClient;
  readonly timeline = new Timeline();
  readonly connection = new Cell<ConnectionState>({ phase: "idle" });
  readonly identity = new Cell<Identity | undefined>(undefined);
  readonly room = new Cell<Room | undefined>(undefined);
  readonly outbox = new Cell<readonly OutboxItem[]>([]);
  readonly place = new Cell<Place>({ kind: "lobby" });
  /** A sentence that goes away by itself. */
  readonly notice = new Cell("");
  /** Narrow screens show the rooms instead of the conversation. */
  readonly browsing = new Cell(false);
  /** Room numbers seen in the public list. */
  readonly listed = new Set<number>();
  readonly #attention = new Attention();
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  /** The first replay of a room is no news. */
  #settled = false;
  /** The room whose place the next one takes: its draft moves before anything is shown. */
  #reopening: number | undefined;

  constructor(url: string) {
    const { username } = preferences.value;
    this.client = new ChatClient(username === undefined ? { url } : { url, username });
    this.#listen();
  }

  async start(): Promise<void> {
    const roomId = roomOf(location.hash);
    if (roomId !== undefined) this.place.set({ kind: "entering", roomId });
    watchBrowser(this.client);
    // Every place has a fragment of its own. Going back tells popstate as well: it would be gone to twice.
    addEventListener("hashchange", () => this.#navigated());
    const look = (): void => this.timeline.watch(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    look();
    await this.client.start(roomId);
  }

  #listen(): void {
    const { client, timeline } = this;
    client.on("state", (state) => {
      this.connection.set(state);
      if (state.phase === "connected") performance.mark("chatroom-connected");
    });
    client.on("identity", (identity) => this.identity.set(identity));
    client.on("outbox", (items) => this.outbox.set(items));
    client.on("entered", ({ room, reset, gap }) => {
      const change = this.room.value?.roomId !== room.roomId;
      if (this.#reopening !== undefined) moveDraft(this.#reopening, room.roomId);
      this.#reopening = undefined;
      if (reset) {
        this.#settled = false;
        timeline.reset(gap ? Date.now() : undefined);
        // The row at the top says it for good, and may be far above what is in view.
        if (gap) this.say(t("gap"));
      }
      this.room.set(room);
      this.place.set({ kind: "room" });
      if (change) this.browsing.set(false);
      showRoute(room.roomId);
    });
    client.on("caughtUp", () => {
      this.#settled = true;
      timeline.settled();
    });
    client.on("left", ({ room, reason }) => {
      this.room.set(undefined);
      timeline.reset(undefined);
      if (reason === "deleted" || reason === "not_found") this.place.set({ kind: "gone", room, reason });
      else {
        this.place.set({ kind: "lobby" });
        showRoute(undefined);
      }
    });
    client.on("message", (message) => this.#message(message));
    client.on("person", (event) => {
      this.room.set(client.room);
      if (event.event !== "room_deleted") timeline.person(event);
    });
    timeline.view.watch(() => this.#announce());
    this.room.watch(() => this.#announce());
  }

  #message(message: ChatMessage): void {
    this.timeline.add(message, this.#settled);
    const room = this.room.value;
    if (room !== undefined && this.#settled && !message.own && document.visibilityState === "hidden") {
      this.#attention.message(message, room);
    }
  }

  #announce(): void {
    this.#attention.show(this.room.value?.name, this.timeline.view.value.unread);
  }

  /** The address was changed by hand, by a link or by going back. */
  #navigated(): void {
    const roomId = roomOf(location.hash);
    if (roomId === this.room.value?.roomId) return;
    if (roomId !== undefined) void this.join(roomId);
    else if (this.room.value !== undefined) void this.leave();
    else this.place.set({ kind: "lobby" });
  }

  async join(roomId: number): Promise<void> {
    if (roomId === this.room.value?.roomId) {
      this.browsing.set(false);
      return;
    }
    try {
      await this.client.joinRoom(roomId);
    } catch (error) {
      if (this.room.value === undefined && error instanceof ChatError && error.code === "ROOM_NOT_FOUND") {
        this.place.set({ kind: "gone", room: { roomId, name: "" }, reason: "not_found" });
        this.browsing.set(false);
        return;
      }
      this.say(errorText(error));
      if (roomOf(location.hash) === roomId) showRoute(this.room.value?.roomId);
      if (this.place.value.kind === "entering") this.place.set({ kind: "lobby" });
    }
  }

  /** Opens a room; the error, if any, is for the form that asked. */
  async create(name: string, hidden: boolean): Promise<void> {
    await this.client.createRoom(name, hidden);
  }

  /**
   * Opens a room that is gone under its old name, with the draft and the messages that waited for
   * it. Whether it was listed is known only if it was seen in the list: when in doubt it is not.
   */
  async reopen(): Promise<void> {
    const place = this.place.value;
    if (place.kind !== "gone") return;
    const { roomId, name } = place.room;
    this.#reopening = roomId;
    try {
      await this.client.createRoom(name, !this.listed.has(roomId));
    } catch (error) {
      this.#reopening = undefined;
      this.say(errorText(error));
      return;
    }
    const opened = this.client.room;
    if (opened !== undefined) this.client.moveOutbox(roomId, opened.roomId);
  }

  async leave(): Promise<void> {
    try {
      await this.client.leaveRoom();
    } catch (error) {
      this.say(errorText(error));
    }
  }

  /** Back to the list from a room that is gone. */
  lobby(): void {
    this.place.set({ kind: "lobby" });
    showRoute(undefined);
  }

  async rename(username: string): Promise<void> {
    await this.client.rename(username);
    prefer({ username });
  }

  send(text: string): boolean {
    if (this.client.send(text) === undefined) return false;
    this.timeline.toEnd();
    return true;
  }

  /** Asks for messages before the first one in memory. */
  async loadOlder(): Promise<void> {
    const { timeline } = this;
    const room = this.room.value?.roomId;
    const before = timeline.oldestSeq;
    if (room === undefined || !timeline.wantsOlder || this.connection.value.phase !== "connected") return;
    if (before === undefined || before <= 1) {
      timeline.prepend([], false);
      return;
    }
    timeline.loading(true);
    try {
      const { messages, more } = await this.client.history(before, HISTORY_PAGE);
      if (this.room.value?.roomId !== room || timeline.oldestSeq !== before) return;
      timeline.prepend(messages, more && messages.length > 0);
    } catch (error) {
      const wait = error instanceof ChatError ? (error.retryAfterMs ?? HISTORY_RETRY) : HISTORY_RETRY;
      setTimeout(() => timeline.loading(false), wait);
    }
  }

  say(text: string): void {
    clearTimeout(this.#noticeTimer);
    this.notice.set(text);
    this.#noticeTimer = setTimeout(() => this.notice.set(""), NOTICE_TIME);
  }
}

/** What went wrong, in words. */
export function errorText(error: unknown, limit = 16): string {
  switch (error instanceof ChatError ? error.code : undefined) {
    case "NAME_INVALID":
      return t("errorName", { n: limit });
    case "RATE_LIMITED":
      return t("errorRate");
    case "CAPACITY":
      return t("errorFull");
    case "OFFLINE":
      return t("errorOffline");
    case "UNAVAILABLE":
      return t("errorUnavailable");
    case "ROOM_NOT_FOUND":
      return t("errorNotFound");
    case "ROOM_DELETED":
      return t("errorDeleted");
    default:
      return t("errorRequest");
  }
}
