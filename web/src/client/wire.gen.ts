// Made from docs/asyncapi.yaml by `go run ./web/build`; change that file instead.

export interface Ack {
  readonly type: "ACK";
  /** Unix milliseconds of the accepting node's clock; not monotone across nodes. */
  readonly at?: number;
  /** The message was accepted before; this is its place. */
  readonly duplicate?: true;
  /** One life of a room's sequence. Compare it for equality only. */
  readonly epoch?: string;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  readonly messageId?: string;
  readonly roomId?: number;
  readonly seq?: number;
}

export interface Connect {
  readonly type: "CONNECT";
  /** A name of a client, never a secret. */
  readonly clientId: number;
  /** 1 to 16 code points after trimming and NFC; no control, bidi-control, zero-width or unassigned characters. */
  readonly username: string;
  /** Opaque; whoever has it is this client. */
  readonly session: string;
  readonly resumed: boolean;
  readonly serverId: string;
  readonly protocol: 1;
  readonly heartbeatMs: number;
  readonly resumeWindowMs: number;
  readonly limits: {
    readonly name: number;
    readonly username: number;
    readonly message: number;
    readonly replay: number;
    /** Bytes of one client event. */
    readonly event: number;
  };
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
}

export interface CreateRoom {
  readonly type: "CREATE_ROOM";
  /** A name as a client writes it, before it is trimmed. */
  readonly name: string;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  /** Not listed by LIST_ROOMS. */
  readonly private?: boolean;
}

export interface ErrorEvent {
  readonly type: "ERROR";
  readonly code: ErrorCode;
  /** A sentence for a person. */
  readonly message: string;
  readonly banCode?: 101010;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  readonly retryAfterMs?: number;
}

export interface GetHistory {
  readonly type: "GET_HISTORY";
  /** Rises by exactly 1 per message within one room and epoch. */
  readonly after?: number;
  /** Rises by exactly 1 per message within one room and epoch. */
  readonly before?: number;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  readonly limit?: number;
}

export interface History {
  readonly type: "HISTORY";
  readonly roomId: number;
  /** One life of a room's sequence. Compare it for equality only. */
  readonly epoch: string;
  /** Oldest first; all together at most 256 KiB. */
  readonly messages: readonly NewMessage[];
  /** There is more in the direction asked. */
  readonly more: boolean;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
}

export interface JoinRoom {
  readonly type: "JOIN_ROOM";
  readonly roomId: number;
  /** Of the last message seen, with seq. */
  readonly epoch?: string;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  readonly messageId?: string;
  /** How many of the last messages follow. */
  readonly replay?: number;
  /** Rises by exactly 1 per message within one room and epoch. */
  readonly seq?: number;
}

export interface LeaveRoom {
  readonly type: "LEAVE_ROOM";
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
}

export interface ListRooms {
  readonly type: "LIST_ROOMS";
  /** Of the ROOMS before; without it the list begins. */
  readonly cursor?: string;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  readonly limit?: number;
}

export interface NewMessage {
  readonly type: "NEW_MESSAGE";
  readonly roomId: number;
  /** One life of a room's sequence. Compare it for equality only. */
  readonly epoch: string;
  readonly seq: number;
  readonly messageId: string;
  readonly from: Client;
  /** 1 to max-message code points, kept as sent; not only white space, no control characters but newline and tab. */
  readonly text: string;
  /** Unix milliseconds of the accepting node's clock; not monotone across nodes. */
  readonly at: number;
}

export interface Ping {
  readonly type: "PING";
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
}

export interface Resume {
  readonly type: "RESUME";
  /** Of the CONNECT before. */
  readonly session: string;
  /** Of the last message seen, with seq. */
  readonly epoch?: string;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  readonly messageId?: string;
  /** Rises by exactly 1 per message within one room and epoch. */
  readonly seq?: number;
}

export interface Rooms {
  readonly type: "ROOMS";
  readonly rooms: readonly {
    readonly roomId: number;
    /** 1 to 16 code points after trimming and NFC; no control, bidi-control, zero-width or unassigned characters. */
    readonly name: string;
    readonly members: number;
    /** Unix milliseconds of the accepting node's clock; not monotone across nodes. */
    readonly createdAt: number;
  }[];
  /** Where the list goes on; absent at its end. */
  readonly cursor?: string;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
}

export interface RoomJoined {
  readonly type: "ROOM_JOINED";
  readonly roomId: number;
  /** 1 to 16 code points after trimming and NFC; no control, bidi-control, zero-width or unassigned characters. */
  readonly name: string;
  /** One life of a room's sequence. Compare it for equality only. */
  readonly epoch: string;
  /** Rises by exactly 1 per message within one room and epoch. */
  readonly seq: number;
  readonly members: number;
  /** Unix milliseconds of the accepting node's clock; not monotone across nodes. */
  readonly createdAt: number;
  /** A name of a client, never a secret. */
  readonly createdBy: number;
  /** How many NEW_MESSAGE follow as replay, all with a seq up to this one's. */
  readonly messages: number;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
  /** Only when a position was given, or unasked. True: nothing was missed, or all of it follows. False: the last messages follow; forget your position. */
  readonly recovered?: boolean;
}

export interface SendMessage {
  readonly type: "SEND_MESSAGE";
  /** The same id in the same session and room within 5 minutes is accepted once. */
  readonly id: string;
  /** 1 to max-message code points, kept as sent; not only white space, no control characters but newline and tab. */
  readonly text: string;
  readonly roomId?: number;
}

export interface UpdateUsername {
  readonly type: "UPDATE_USERNAME";
  /** A name as a client writes it, before it is trimmed. */
  readonly username: string;
  /** Chosen by the client; the answer carries the same. */
  readonly id?: string;
}

export interface UserEvent {
  readonly type: "USER_EVENT";
  readonly event: UserEventKind;
  readonly roomId: number;
  readonly members: number;
  /** Unix milliseconds of the accepting node's clock; not monotone across nodes. */
  readonly at: number;
  readonly client?: Client;
  /** The room's creator left. */
  readonly owner?: true;
  /** 1 to 16 code points after trimming and NFC; no control, bidi-control, zero-width or unassigned characters. */
  readonly previous?: string;
}

export interface Client {
  /** A name of a client, never a secret. */
  readonly clientId: number;
  /** 1 to 16 code points after trimming and NFC; no control, bidi-control, zero-width or unassigned characters. */
  readonly username: string;
}

/** The list is closed; a code is never renamed. */
export type ErrorCode = "BAD_JSON" | "BAD_REQUEST" | "UNKNOWN_TYPE" | "NAME_INVALID" | "TEXT_INVALID" | "NOT_IN_ROOM" | "ROOM_NOT_FOUND" | "ROOM_DELETED" | "SESSION_INVALID" | "RATE_LIMITED" | "UNAVAILABLE" | "CAPACITY" | "BANNED";

export type UserEventKind = "joined" | "left" | "renamed" | "removed" | "room_deleted" | "members";
