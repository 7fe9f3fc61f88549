/** The wire vocabulary of subprotocol `chatroom.v1`: one JSON object per text frame. */

/** The subprotocol that the client offers and the server echoes. */
export const SUBPROTOCOL = "chatroom.v1";

/** Somebody as a room sees them: the id is unique in the whole cluster, the name is not. */
export interface Person {
  readonly clientId: number;
  readonly username: string;
}

/** What the server accepts: code points for texts, messages for replay, bytes for an event. */
export interface Limits {
  readonly name: number;
  readonly username: number;
  readonly message: number;
  readonly replay: number;
  readonly event: number;
}

/** The closed list of codes that an ERROR carries. */
export type ErrorCode =
  | "BAD_JSON"
  | "BAD_REQUEST"
  | "UNKNOWN_TYPE"
  | "NAME_INVALID"
  | "TEXT_INVALID"
  | "NOT_IN_ROOM"
  | "ROOM_NOT_FOUND"
  | "ROOM_DELETED"
  | "SESSION_INVALID"
  | "RATE_LIMITED"
  | "UNAVAILABLE"
  | "CAPACITY"
  | "BANNED";

/** The last message that somebody saw of a room. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
  readonly messageId?: string;
}

export interface CreateRoom {
  readonly type: "CREATE_ROOM";
  readonly id?: string;
  readonly name: string;
  readonly private?: boolean;
}

export interface JoinRoom {
  readonly type: "JOIN_ROOM";
  readonly id?: string;
  readonly roomId: number;
  readonly replay?: number;
  readonly epoch?: string;
  readonly seq?: number;
  readonly messageId?: string;
}

export interface SendMessage {
  readonly type: "SEND_MESSAGE";
  readonly id: string;
  readonly text: string;
  readonly roomId?: number;
}

export interface UpdateUsername {
  readonly type: "UPDATE_USERNAME";
  readonly id?: string;
  readonly username: string;
}

export interface LeaveRoom {
  readonly type: "LEAVE_ROOM";
  readonly id?: string;
}

export interface ListRooms {
  readonly type: "LIST_ROOMS";
  readonly id?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

export interface GetHistory {
  readonly type: "GET_HISTORY";
  readonly id?: string;
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
}

export interface Resume {
  readonly type: "RESUME";
  readonly id?: string;
  readonly session: string;
  readonly epoch?: string;
  readonly seq?: number;
  readonly messageId?: string;
}

export interface Ping {
  readonly type: "PING";
  readonly id?: string;
}

/** Everything a client may send. */
export type Command =
  | CreateRoom
  | JoinRoom
  | SendMessage
  | UpdateUsername
  | LeaveRoom
  | ListRooms
  | GetHistory
  | Resume
  | Ping;

export interface Connect {
  readonly type: "CONNECT";
  readonly id?: string;
  readonly clientId: number;
  readonly username: string;
  readonly session: string;
  readonly resumed: boolean;
  readonly serverId: string;
  readonly protocol: number;
  readonly heartbeatMs: number;
  readonly resumeWindowMs: number;
  readonly limits: Limits;
}

export interface RoomJoined {
  readonly type: "ROOM_JOINED";
  readonly id?: string;
  readonly roomId: number;
  readonly name: string;
  readonly epoch: string;
  readonly seq: number;
  readonly members: number;
  readonly createdAt: number;
  readonly createdBy: number;
  readonly messages: number;
  readonly recovered?: boolean;
}

export interface NewMessage {
  readonly type: "NEW_MESSAGE";
  readonly roomId: number;
  readonly epoch: string;
  readonly seq: number;
  readonly messageId: string;
  readonly from: Person;
  readonly text: string;
  readonly at: number;
}

/** What happened to people of a room; `members` as an event is the summary of a busy second. */
export type UserEventKind = "joined" | "left" | "renamed" | "removed" | "room_deleted" | "members";

export interface UserEvent {
  readonly type: "USER_EVENT";
  readonly event: UserEventKind;
  readonly roomId: number;
  readonly client?: Person;
  readonly previous?: string;
  readonly owner?: boolean;
  readonly members: number;
  readonly at: number;
}

export interface Ack {
  readonly type: "ACK";
  readonly id?: string;
  readonly roomId?: number;
  readonly epoch?: string;
  readonly seq?: number;
  readonly messageId?: string;
  readonly at?: number;
  readonly duplicate?: boolean;
}

export interface RoomSummary {
  readonly roomId: number;
  readonly name: string;
  readonly members: number;
  readonly createdAt: number;
}

export interface Rooms {
  readonly type: "ROOMS";
  readonly id?: string;
  readonly rooms: readonly RoomSummary[];
  readonly cursor?: string;
}

export interface History {
  readonly type: "HISTORY";
  readonly id?: string;
  readonly messages: readonly HistoryMessage[];
  readonly epoch: string;
  readonly more: boolean;
}

/** A message inside HISTORY; the answer as a whole carries the epoch. */
export type HistoryMessage = Omit<NewMessage, "type" | "epoch" | "roomId"> & {
  readonly roomId?: number;
  readonly epoch?: string;
};

export interface ErrorEvent {
  readonly type: "ERROR";
  readonly id?: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly banCode?: number;
}

/** Everything a server may send. */
export type ServerEvent = Connect | RoomJoined | NewMessage | UserEvent | Ack | Rooms | History | ErrorEvent;

/** Close codes that end the matter: 4500–4999. Everything else is followed by a reconnection. */
export const CLOSE_REMOVED = 4500;
export const CLOSE_BANNED = 4501;
export const CLOSE_ELSEWHERE = 4502;

/** Whether a client must not reconnect on its own after this close code. */
export function isTerminal(code: number): boolean {
  return code >= 4500 && code <= 4999;
}

/**
 * Reads one frame. Unknown types and anything that is not an object with a `type` give undefined:
 * a later protocol may add events, and a client that stumbles over them helps nobody.
 */
export function parseFrame(text: string): ServerEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  return KNOWN.has((value as { type?: unknown }).type) ? (value as ServerEvent) : undefined;
}

const KNOWN: ReadonlySet<unknown> = new Set([
  "CONNECT",
  "ROOM_JOINED",
  "NEW_MESSAGE",
  "USER_EVENT",
  "ACK",
  "ROOMS",
  "HISTORY",
  "ERROR",
] satisfies ServerEvent["type"][]);
