/** The wire vocabulary of subprotocol `chatroom.v1`: one JSON object per text frame. */

import type {
  Ack,
  Connect,
  CreateRoom,
  ErrorEvent,
  GetHistory,
  History,
  JoinRoom,
  LeaveRoom,
  ListRooms,
  NewMessage,
  Ping,
  Resume,
  RoomJoined,
  Rooms,
  SendMessage,
  UpdateUsername,
  UserEvent,
} from "./wire.gen.ts";

export type * from "./wire.gen.ts";

/** The subprotocol that the client offers and the server echoes. */
export const SUBPROTOCOL = "chatroom.v1";

/** What the server accepts: code points for texts, messages for replay, bytes for an event. */
export type Limits = Connect["limits"];

/** One line of ROOMS. */
export type RoomSummary = Rooms["rooms"][number];

/** The last message that somebody saw of a room. */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
  readonly messageId?: string;
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
