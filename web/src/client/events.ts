import type { LinkState } from "./link.ts";
import type { OutboxItem } from "./outbox-store.ts";
import { CLOSE_BANNED, CLOSE_ELSEWHERE, CLOSE_REMOVED } from "./protocol.ts";
import type { ErrorCode, Limits, NewMessage, UserEvent } from "./protocol.ts";

/** Who this client is at the moment. */
export interface Identity {
  readonly clientId: number;
  readonly username: string;
  readonly serverId: string;
  readonly resumeWindowMs: number;
  readonly limits: Limits;
}

/** The room that the client is in. */
export interface Room {
  readonly roomId: number;
  readonly name: string;
  /** In the whole cluster, places kept for lost connections included. */
  readonly members: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly createdBy: number;
}

/** One message in the room's order. */
export interface ChatMessage extends NewMessage {
  /** Said by this client, or by an identity that it had before. */
  readonly own: boolean;
  /** False while a replay catches up. */
  readonly live: boolean;
}

/** How the connection stands, in terms a person can be told. */
export type ConnectionState =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting" }
  | { readonly phase: "connected" }
  /** `until` is the clock time (Unix milliseconds) of the next attempt; `code` says that the server is full or asked to wait. */
  | { readonly phase: "waiting"; readonly until: number; readonly code?: ErrorCode }
  | { readonly phase: "ended"; readonly reason: EndReason };

/** Why the client does not reconnect on its own. */
export type EndReason =
  /** An administrator removed the session; a new one is allowed. */
  | "removed"
  | "banned"
  /** The session goes on in another page. */
  | "elsewhere"
  | "refused";

/** The room was entered, caught up with, or has lost its continuity. */
export interface RoomEntered {
  readonly room: Room;
  /** What was shown of this room no longer connects to what follows. */
  readonly reset: boolean;
  /** Messages between the two are lost to this client; only with reset. */
  readonly gap: boolean;
}

export interface RoomLeft {
  readonly room: Pick<Room, "roomId" | "name">;
  readonly reason: "left" | "deleted" | "not_found" | "ended";
}

/** What a ChatClient tells. */
export interface ClientEvents {
  state: ConnectionState;
  identity: Identity;
  entered: RoomEntered;
  /** The replay is through; what follows is live. */
  caughtUp: Room;
  left: RoomLeft;
  message: ChatMessage;
  /** Someone came, went or changed the name; the room's count has been updated before. */
  person: UserEvent;
  outbox: readonly OutboxItem[];
}

/** What a person is told of a link that is not open; `code` is the server's reason to wait. */
export function connectionState(link: Exclude<LinkState, { phase: "open" }>, code: ErrorCode | undefined): ConnectionState {
  switch (link.phase) {
    case "waiting":
      return { phase: "waiting", until: link.until, ...(code !== undefined && { code }) };
    case "ended":
      return { phase: "ended", reason: endReason(link.code) };
    default:
      return link;
  }
}

/** The end that a terminal close code means. */
function endReason(code: number): EndReason {
  if (code === CLOSE_REMOVED) return "removed";
  if (code === CLOSE_BANNED) return "banned";
  return code === CLOSE_ELSEWHERE ? "elsewhere" : "refused";
}
