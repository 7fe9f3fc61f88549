// The answers of the admin API, as docs and openapi.json describe them. Times are Unix milliseconds.

export interface ServerStats {
  readonly serverId: string;
  readonly host: string;
  readonly version: string;
  readonly startedAt: number;
  readonly uptime: number;
  readonly activeConnections: number;
  readonly totalRooms: number;
  readonly totalRoomsCreated: number;
  readonly totalMessagesReceived: number;
  readonly totalMessagesSent: number;
  readonly leakyConnections: number;
  readonly memoryBytes: number;
  readonly lastUpdatedAt: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

export interface Totals {
  readonly connections: number;
  readonly rooms: number;
  readonly messagesPerSecond: number;
  readonly deliveriesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly memoryBytes: number;
  readonly redisP99Ms: number;
}

export interface Sample {
  readonly at: number;
  readonly totals: Totals;
}

/** The data of one `stats` event; the first one of a stream carries the last hour. */
export interface StatsEvent extends Sample {
  readonly servers: readonly ServerStats[];
  readonly partial?: boolean;
  readonly history?: readonly Sample[];
}

export interface ClientRecord {
  readonly id: number;
  readonly username: string;
  readonly roomId: number | null; // outside a room
  readonly serverId: string;
  readonly ip: string;
  readonly connectedAt: number;
  readonly lastSeenAt: number;
  readonly messages: number;
  readonly bytesPending: number;
}

export interface Participant {
  readonly clientId: number;
  readonly username: string;
  readonly joinedAt: number;
  readonly leftAt?: number;
}

export interface RoomRecord {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
  readonly createdBy: number;
  readonly activeUsers: number;
  readonly messageCount: number;
  readonly lastMessageAt: number;
  readonly peakUsers: number;
  readonly participants: readonly Participant[];
  readonly servers: readonly string[];
}

export interface Ban {
  readonly id: string;
  readonly clientId: number;
  readonly ip?: string;
  readonly until: number;
  readonly by: string;
  readonly reason?: string;
}

export interface AuditEntry {
  readonly at: number;
  readonly by: string;
  readonly ip: string;
  readonly action: string;
  readonly target: string;
  readonly reason?: string;
  readonly result: string;
}

/** The answer of both deletions. */
export interface Removal {
  readonly totalRemoved: number;
  readonly message: string;
  readonly ban?: { readonly id: string; readonly sessionOnly: boolean; readonly sharedWith: number };
}

/** What is asked of a list: a part of a name, an order ("" = by number), and which page of it. */
export interface Part {
  readonly q: string;
  readonly sort: string;
  readonly cursor: string;
  readonly limit: number;
}

/** One page of ids; next is empty at the end. */
export interface IdPage {
  readonly ids: readonly number[];
  readonly total: number;
  readonly next: string;
}
