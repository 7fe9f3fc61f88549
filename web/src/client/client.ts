import { acknowledgedMessage } from "./acknowledged.ts";
import { ADOPTION_DELAY, kept, leftBehind } from "./adoption.ts";
import { Emitter } from "./emitter.ts";
import { systemEnvironment, type Environment } from "./environment.ts";
import { connectionState } from "./events.ts";
import type { ChatMessage, ClientEvents, ConnectionState, Identity, Room, RoomLeft } from "./events.ts";
import { Link, type LinkState } from "./link.ts";
import type { ClientOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { defaultOutboxStore, type OutboxItem, type OutboxStore } from "./outbox-store.ts";
import { CLOSE_BANNED, CLOSE_REMOVED } from "./protocol.ts";
import type { Ack, Command, Connect, ErrorCode, ErrorEvent, History, NewMessage, RoomJoined, Rooms, ServerEvent, UserEvent } from "./protocol.ts";
import { ChatError, Requests } from "./requests.ts";
import { Sequence } from "./sequence.ts";
import { claimTab, defaultMemory, defaultOwnership, entered, nameOf, outside, type Ownership, type TabMemory, type TabRecord } from "./tab.ts";

/** The wait of an ERROR BANNED for the close that tells a removal from a ban, milliseconds; browsers hold one back for up to 2 s. */
const VERDICT_WAIT = 5_000;
/** The wait before a room is asked for again that the server could not let us into just now. */
const REJOIN_WAIT = 1_000;

/** What is known of the connection beyond its being open. */
type Stage = "down" | "greeting" | "resuming" | "settling" | "ready";

/**
 * A chat client: it keeps a connection, the place in a room and the order of its messages, and
 * sends what was written as soon as it can be sent. All methods and events run on one thread.
 */
export class ChatClient extends Emitter<ClientEvents> {
  readonly #env: Environment;
  readonly #link: Link;
  readonly #requests: Requests;
  readonly #sequence = new Sequence();
  readonly #store: OutboxStore;
  readonly #memory: TabMemory;
  readonly #ownership: Ownership;
  readonly #mine = new Set<number>();
  #outbox: Outbox;
  #tab: TabRecord = { tab: "" };
  #stage: Stage = "down";
  #run = 0;
  #state: ConnectionState = { phase: "idle" };
  #code: ErrorCode | undefined;
  #identity: Identity | undefined;
  #provisional: Connect | undefined;
  #username: string | undefined;
  #room: Room | undefined;
  #wanted: number | undefined;
  /** A JOIN_ROOM that mends a gap is under way; what comes before its answer is replayed anyway. */
  #mending = false;
  /** The seq up to which the running replay goes. */
  #replayEnd: number | undefined;
  /** The replay does not connect to what was known before. */
  #broken = false;
  #rejoinTimer: unknown;
  #verdictTimer: unknown;

  constructor(options: ClientOptions) {
    super();
    this.#env = options.environment ?? systemEnvironment();
    this.#store = options.store ?? defaultOutboxStore();
    this.#memory = options.memory ?? defaultMemory();
    this.#ownership = options.ownership ?? defaultOwnership();
    this.#username = options.username;
    this.#requests = new Requests(this.#env);
    this.#outbox = this.#newOutbox("");
    this.#link = new Link(options.url, this.#env, {
      opened: () => this.#opened(),
      received: (event) => this.#received(event),
      lost: (code) => this.#lost(code),
      changed: (state) => this.#linkChanged(state),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  get room(): Room | undefined {
    return this.#room;
  }

  get outbox(): readonly OutboxItem[] {
    return this.#outbox.items;
  }

  /**
   * Connects and stays connected. roomId names the room to enter; without it the client goes back
   * to the one it was in before a reload.
   */
  async start(roomId?: number): Promise<void> {
    const run = ++this.#run;
    const items = kept(this.#store, this.#env, (late) => this.#restore(late));
    this.#tab = await claimTab(this.#memory, this.#ownership, this.#env);
    this.#outbox = this.#newOutbox(this.#tab.tab);
    if (this.#tab.clientId !== undefined) this.#mine.add(this.#tab.clientId);
    this.#wanted = roomId ?? this.#tab.roomId;
    // Before anything is heard of the room: the replay, or its absence, says what became of them.
    this.#restore(await items);
    if (run !== this.#run) return; // Stopped meanwhile.
    this.#link.start();
    this.#env.setTimeout(() => {
      if (this.#state.phase === "ended" || this.#state.phase === "idle") return;
      void leftBehind(this.#store, this.#ownership, this.#tab.tab).then((left) => this.#outbox.restore(left));
    }, ADOPTION_DELAY);
  }

  #restore(items: readonly OutboxItem[]): void {
    this.#outbox.restore(items.filter((item) => item.owner === this.#tab.tab));
  }

  /** Leaves and closes; the place in the room is given up at once. */
  stop(): void {
    this.#run++;
    this.#link.stop();
    this.#halt();
  }

  /** Tries now instead of after the wait, or asks a silent connection whether it lives. */
  hurry(): void {
    this.#link.hurry();
  }

  /** Begins again after the state "ended": a person asked for it. */
  restart(): void {
    this.#link.restart();
  }

  async createRoom(name: string, hidden = false): Promise<void> {
    await this.#request("create", (id) => ({ type: "CREATE_ROOM", id, name, ...(hidden && { private: true }) }));
  }

  async joinRoom(roomId: number): Promise<void> {
    await this.#request("join", (id) => ({ type: "JOIN_ROOM", id, roomId }));
  }

  async leaveRoom(): Promise<void> {
    await this.#request("leave", (id) => ({ type: "LEAVE_ROOM", id }));
    this.#quit("left");
  }

  async rename(username: string): Promise<void> {
    await this.#request("rename", (id) => ({ type: "UPDATE_USERNAME", id, username }));
    this.#username = username;
    this.#renamed(username);
  }

  async listRooms(cursor?: string, limit = 100): Promise<Rooms> {
    const further = cursor === undefined ? {} : { cursor };
    return (await this.#request("rooms", (id) => ({ type: "LIST_ROOMS", id, limit, ...further }))) as Rooms;
  }

  /** Messages of the current room before a seq, oldest first; `more`: there are still older ones. */
  async history(before: number, limit: number): Promise<{ messages: ChatMessage[]; more: boolean }> {
    const answer = (await this.#request("history", (id) => ({ type: "GET_HISTORY", id, before, limit }))) as History;
    const own = ({ from }: NewMessage): boolean => this.#mine.has(from.clientId);
    return { messages: answer.messages.map((message) => ({ ...message, own: own(message), live: false })), more: answer.more };
  }

  /** Queues a text for the current room; undefined outside of one. */
  send(text: string): OutboxItem | undefined {
    const roomId = this.#room?.roomId ?? this.#wanted;
    return roomId === undefined ? undefined : this.#outbox.add(roomId, text);
  }

  /** Sends a failed message after all, into the current room. */
  retry(id: string): void {
    this.#outbox.retry(id, this.#room?.roomId);
  }

  discard(id: string): void {
    this.#outbox.discard(id);
  }

  /** Sends what waited for a room that is gone into the one that took its place. */
  moveOutbox(from: number, to: number): void {
    this.#outbox.move(from, to);
  }

  #newOutbox(owner: string): Outbox {
    return new Outbox(this.#env, this.#store, owner, {
      transmit: (item) => this.#link.send({ type: "SEND_MESSAGE", id: item.id, roomId: item.roomId, text: item.text }),
      changed: () => this.emit("outbox", this.#outbox.items),
    });
  }

  #request(kind: string, command: (id: string) => Command): Promise<ServerEvent> {
    const { id, answer } = this.#requests.open(kind, (id) => this.#link.send(command(id)));
    if (this.#stage === "ready") this.#requests.release();
    else if (this.#stage === "down") this.#requests.reject(id);
    return answer;
  }

  // The connection.

  #opened(): void {
    this.#stage = this.#tab.session === undefined ? "greeting" : "resuming";
    if (this.#tab.session === undefined) return;
    this.#link.send({ type: "RESUME", id: "resume", session: this.#tab.session, ...this.#sequence.position });
  }

  #lost(code: number): void {
    if (code === 1013) this.#code ??= "CAPACITY";
    this.#halt();
    if (code === CLOSE_REMOVED || code === CLOSE_BANNED) this.#forget();
  }

  /** Whatever was under way is not any more. */
  #halt(): void {
    for (const timer of [this.#rejoinTimer, this.#verdictTimer]) this.#env.clearTimeout(timer);
    this.#stage = "down";
    this.#mending = false;
    this.#replayEnd = undefined;
    this.#provisional = undefined;
    this.#outbox.close();
    this.#requests.abort();
  }

  /** The session is over by an administrator's word: nothing of it may live on. */
  #forget(): void {
    this.#outbox.clear();
    this.#remember({ tab: this.#tab.tab });
    if (this.#room !== undefined) this.#quit("ended");
    this.#wanted = undefined;
  }

  #linkChanged(link: LinkState): void {
    if (link.phase === "open") return; // Connected is said when the room is there as well.
    // Somebody who does not want to wait any longer still wants to know why.
    const reason = this.#code ?? (this.#state.phase === "waiting" ? this.#state.code : undefined);
    this.#enter(connectionState(link, reason));
    if (link.phase === "waiting") this.#code = undefined;
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.emit("state", state);
  }

  #received(event: ServerEvent): void {
    switch (event.type) {
      case "CONNECT":
        return this.#connect(event);
      case "ROOM_JOINED":
        return this.#joined(event);
      case "NEW_MESSAGE":
        return this.#message(event);
      case "USER_EVENT":
        return this.#person(event);
      case "ACK":
        return this.#ack(event);
      case "ERROR":
        return this.#error(event);
      default:
        this.#requests.settle(event);
    }
  }

  // Identity.

  #connect(event: Connect): void {
    if (event.resumed) {
      this.#adoptIdentity(event);
      this.#stage = "settling";
      // Whatever RESUME brings comes before this answer; without a room it brings nothing.
      this.#link.send({ type: "PING", id: "settled" });
    } else if (this.#stage === "resuming") {
      this.#provisional = event;
    } else {
      this.#begin(event);
    }
  }

  #begin(event: Connect): void {
    this.#adoptIdentity(event);
    const name = this.#username;
    if (name !== undefined && name !== event.username) {
      const { id, answer } = this.#requests.open("rename");
      this.#link.send({ type: "UPDATE_USERNAME", id, username: name });
      answer.then(() => this.#renamed(name), () => {});
    }
    if (this.#wanted === undefined) this.#ready();
    else this.#rejoin();
  }

  #adoptIdentity(event: Connect): void {
    this.#provisional = undefined;
    const { clientId, username, serverId, resumeWindowMs, limits } = event;
    this.#identity = { clientId, username, serverId, resumeWindowMs, limits };
    this.#mine.add(event.clientId);
    this.#remember({ ...this.#tab, session: event.session, clientId: event.clientId });
    this.#link.established(event.heartbeatMs);
    this.emit("identity", this.#identity);
  }

  #renamed(username: string): void {
    if (this.#identity === undefined || this.#identity.username === username) return;
    this.#identity = { ...this.#identity, username };
    this.emit("identity", this.#identity);
  }

  #remember(record: TabRecord): void {
    this.#tab = record;
    this.#memory.save(record);
  }

  #ready(): void {
    this.#stage = "ready";
    if (this.#state.phase !== "connected") this.#enter({ phase: "connected" });
    this.#requests.release();
  }

  // The room.

  /** Asks for the wanted room again, from where we left off. */
  #rejoin(): void {
    const roomId = this.#wanted;
    if (roomId === undefined) return;
    const { id, answer } = this.#requests.open("join");
    this.#link.send({ type: "JOIN_ROOM", id, roomId, ...this.#sequence.position });
    answer.catch((error: ChatError) => {
      if (this.#wanted !== roomId) return;
      if (error.code === "OFFLINE") {
        if (this.#stage !== "down") this.#link.recycle(); // It lives and does not answer: another one may.
        return;
      }
      if (error.code === "ROOM_DELETED") this.#quit("deleted");
      else if (error.code === "ROOM_NOT_FOUND" || error.code === "BAD_REQUEST") {
        this.#link.send({ type: "LEAVE_ROOM" }); // Of a former room, where the session still has its place.
        this.#quit("not_found");
      } else {
        this.#env.clearTimeout(this.#rejoinTimer);
        this.#rejoinTimer = this.#env.setTimeout(() => this.#rejoin(), error.retryAfterMs ?? REJOIN_WAIT);
        return;
      }
      this.#ready();
    });
  }

  /** Something is missing: a join of one's own room replays it, and nobody hears of it. */
  #mend(): void {
    if (this.#mending) return;
    this.#mending = true;
    this.#rejoin();
  }

  #joined(event: RoomJoined): void {
    // The session came back into its former room, but the page was opened for another one.
    if (this.#stage === "settling" && this.#wanted !== undefined && this.#wanted !== event.roomId) return;
    const position = this.#room?.roomId === event.roomId ? this.#sequence.position : undefined;
    const first = event.seq - event.messages;
    const continues =
      position !== undefined && event.recovered === true && event.epoch === position.epoch && first <= position.seq;
    if (!continues) this.#sequence.rebase(event.epoch, first);
    if (this.#room?.roomId !== event.roomId) this.#outbox.close();
    const { roomId, name, members, createdAt, createdBy } = event;
    this.#room = { roomId, name, members, createdAt, createdBy };
    this.#wanted = event.roomId;
    this.#mending = false;
    this.#broken ||= !continues;
    this.#replayEnd = event.seq;
    this.#remember(entered(this.#tab, event));
    const gap = !continues && position !== undefined && event.recovered === false;
    this.emit("entered", { room: this.#room, reset: !continues, gap });
    this.#requests.settle(event);
    this.#catchUp();
  }

  #catchUp(): void {
    const room = this.#room;
    const identity = this.#identity;
    const reached = this.#sequence.position?.seq ?? 0;
    if (this.#replayEnd === undefined || room === undefined || identity === undefined || reached < this.#replayEnd) return;
    this.#replayEnd = undefined;
    this.#ready();
    this.#outbox.reconcile(room.roomId, identity.clientId, !this.#broken);
    this.#broken = false;
    this.emit("caughtUp", room);
    this.#outbox.open(room.roomId, identity.clientId);
  }

  /** We are in no room any more. */
  #quit(reason: RoomLeft["reason"]): void {
    const roomId = this.#wanted ?? 0;
    const room = this.#room ?? { roomId, name: nameOf(this.#tab, roomId) };
    const lost = reason === "deleted" || reason === "not_found";
    this.#outbox.close();
    if (lost) this.#outbox.failRoom(room.roomId, "room_gone");
    this.#room = undefined;
    this.#wanted = undefined;
    this.#mending = false;
    this.#replayEnd = undefined;
    this.#broken = false;
    this.#sequence.clear();
    this.#remember(outside(this.#tab, lost ? room : undefined));
    this.emit("left", { room, reason });
  }

  #message(event: NewMessage): void {
    if (event.roomId !== this.#room?.roomId || this.#mending) return;
    const verdict = this.#sequence.offer(event);
    if (verdict === "gap") return this.#mend();
    if (verdict === "duplicate") return;
    const own = this.#mine.has(event.from.clientId);
    if (own && this.#replayEnd !== undefined && !this.#broken) this.#outbox.recognise(event);
    this.#deliver(event, own);
  }

  #deliver(event: NewMessage, own: boolean): void {
    const message: ChatMessage = { ...event, own, live: this.#replayEnd === undefined };
    this.emit("message", message);
    this.#catchUp();
  }

  #person(event: UserEvent): void {
    if (event.roomId !== this.#room?.roomId) return;
    this.#room = { ...this.#room, members: event.members };
    if (event.event === "renamed" && event.client?.clientId === this.#identity?.clientId && event.client) {
      this.#renamed(event.client.username);
    }
    this.emit("person", event);
    if (event.event === "room_deleted") this.#quit("deleted");
  }

  // Answers.

  #ack(event: Ack): void {
    if (event.id === "settled") return this.#settled();
    if (event.seq === undefined) {
      this.#requests.settle(event);
      return;
    }
    const item = this.#outbox.acknowledge(event);
    const identity = this.#identity;
    if (event.roomId !== this.#room?.roomId || this.#mending || identity === undefined) return;
    const next = (this.#sequence.position?.seq ?? 0) + 1;
    const message = event.seq === next ? acknowledgedMessage(event, item, identity) : undefined;
    if (message !== undefined) {
      if (this.#sequence.offer(message) === "deliver") this.#deliver(message, true);
      return;
    }
    // A place behind the next one, or of a message thrown away meanwhile: the replay has its text.
    if (event.duplicate !== true && event.seq >= next) this.#mend();
  }

  /** Whatever RESUME brings has come; where no room was among it, the wanted one is asked for again. */
  #settled(): void {
    if (this.#stage !== "settling" || this.#replayEnd !== undefined) return;
    if (this.#wanted === undefined) this.#ready();
    else this.#rejoin();
  }

  #error(event: ErrorEvent): void {
    if (event.code === "BANNED") {
      // The close code that follows tells a removal from a ban.
      this.#outbox.clear();
      this.#verdictTimer = this.#env.setTimeout(() => this.#link.end(CLOSE_BANNED), VERDICT_WAIT);
      return;
    }
    if (event.id === "resume" || (this.#stage === "resuming" && event.id === undefined)) return this.#notResumed(event);
    if (event.id === "settled") return this.#settled(); // Refused in its turn is as good as answered.
    if (this.#outbox.refuse(event)) {
      if (event.code === "NOT_IN_ROOM") this.#mend();
      return;
    }
    if (this.#requests.settle(event)) return;
    if (event.id !== undefined) return;
    if (this.#stage === "settling" && (event.code === "ROOM_DELETED" || event.code === "ROOM_NOT_FOUND")) {
      this.#gone(event.code);
    } else if (event.retryAfterMs !== undefined) {
      this.#code = event.code;
      this.#link.hold(event.retryAfterMs);
    }
  }

  /** RESUME was refused, or the session came back and its room did not. */
  #notResumed(event: ErrorEvent): void {
    if (event.code === "ROOM_DELETED" || event.code === "ROOM_NOT_FOUND") return this.#gone(event.code);
    if (event.code === "SESSION_INVALID" || event.code === "BAD_REQUEST") {
      const { session: _, ...rest } = this.#tab;
      this.#remember(rest);
      if (this.#provisional !== undefined) this.#begin(this.#provisional);
      else this.#stage = "greeting";
      return;
    }
    // RESUME can only be the first event of a connection: a later try needs another one.
    this.#code = event.code;
    if (event.retryAfterMs !== undefined) this.#link.hold(event.retryAfterMs);
    this.#link.recycle();
  }

  #gone(code: "ROOM_DELETED" | "ROOM_NOT_FOUND"): void {
    if (this.#wanted !== undefined) this.#quit(code === "ROOM_DELETED" ? "deleted" : "not_found");
    this.#ready();
  }
}
