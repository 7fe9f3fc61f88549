package engine

import (
	"context"

	"chatroom/internal/chat"
)

// Log is the sequenced log and the membership of every room: embedded in this package, or in Redis
// by package cluster. One contract, one model test for both.
//
// Every method returns at once and never blocks; it may be called on any goroutine, but for one
// room only from that room's home loop, so that requests of a room keep their order. Answers and
// everything that happens in a room come through the Feed, before or after the method has returned:
// the embedded log answers inside the call, the one in Redis later from a goroutine of its own.
// An answer comes within 5 s; where the outcome is unknown by then it is UNAVAILABLE, and the same
// request may be made again.
type Log interface {
	// Create makes a room with creator as its only member and answers Feed.Created. The log draws
	// the id. It does not take the creator out of its former room.
	Create(tag chat.Tag, name string, private bool, creator chat.Member)
	// Join puts m into the room and answers Feed.Joined; everyone hears EventJoined. With resume the
	// member must hold its place (same client and nonce): it takes that over under its new
	// incarnation, nobody hears of it, and no place is answered ROOM_NOT_FOUND.
	Join(tag chat.Tag, room chat.RoomID, m chat.Member, resume bool)
	// Leave takes m out if it is there under this incarnation, and answers Feed.Done, always with
	// success: a log that can't be reached repeats it until it is done. The room dies with its last
	// member.
	Leave(tag chat.Tag, room chat.RoomID, m chat.Member)
	// Rename gives m another name and answers Feed.Done; everyone hears EventRenamed before that.
	Rename(tag chat.Tag, room chat.RoomID, m chat.Member, name string)
	// Append gives the messages their places, in this order. Each is answered once: by an Entry that
	// carries its Tag in Feed.Messages, or by Feed.Refused. The slice is the caller's again when
	// Append returns; the bodies and ids belong to the log.
	Append(room chat.RoomID, messages []chat.Pending)
	// Release says that no connection of this node is in the room any more: its feed may stop.
	Release(room chat.RoomID)
	// List answers Feed.Listed with public rooms, in an order that a cursor can go on in. An unknown
	// cursor is answered BAD_REQUEST.
	List(tag chat.Tag, cursor string, limit int)
}

// Directory knows the sessions: their ids, their tokens and who carries them. Methods return at
// once and never block; any goroutine.
type Directory interface {
	// Open gives a new identity for a handshake from address ip (canonical), with the name
	// "User <id>". ok is false when there is no id at hand: the handshake is refused with 503.
	Open(ip string) (m chat.Member, ok bool)
	// Discard takes back an identity from Open that was never used (its owner resumed another).
	Discard(m chat.Member)
	// Token appends the session token of m for CONNECT (base64url, opaque, signed).
	Token(dst []byte, m chat.Member) []byte
	// Resume checks the token and takes the session over under a new incarnation for a connection
	// from ip; Feed.Resumed answers. The node that carried it until now hears Feed.Disconnect
	// with CauseResumedElsewhere and the former incarnation.
	Resume(tag chat.Tag, token string, ip string)
	// Carries says whether m is still carried under its incarnation. A Disconnect that came before
	// the engine knew of the incarnation found no connection; this tells.
	Carries(m chat.Member) bool
	// Rename records the name of a session.
	Rename(m chat.Member, name string)
	// Observe notes what the connection of m has counted, for operators, right before Detach.
	Observe(m chat.Member, a chat.Activity)
	// Detach keeps the session of m, and its place in room (0 = none), for the resume window; when that ends
	// without a Resume the log runs the leave and the id goes back.
	Detach(m chat.Member, room chat.RoomID)
	// End ends the session of m at once: it leaves room (0 = none) and its id goes back.
	End(m chat.Member, room chat.RoomID)
	// Banned says whether new handshakes from this address are refused (ERROR BANNED, 4501).
	Banned(ip string) bool
}

// Feed is what a Log and a Directory tell the engine; the engine implements it. Calls about one
// room come one at a time and in the room's order; everything else in any order. Calls return at
// once (they post to an inbox), and may be made on any goroutine. A slice that is given belongs to
// the caller again after the call; the bodies of entries are frozen.
type Feed interface {
	// Created answers Create: the room, with its creator in it, or a code.
	Created(tag chat.Tag, room chat.RoomInfo, code chat.Code)
	// Baseline comes before the first Joined of a room that this node did not follow: recent holds
	// the retained messages up to room.Seq, oldest first.
	Baseline(room chat.RoomInfo, recent []chat.Entry)
	// Joined answers Join. All messages up to room.Seq were given before (Baseline, Messages), none
	// behind it was.
	Joined(tag chat.Tag, room chat.RoomInfo, code chat.Code)
	// Messages gives the next messages of the room, each Seq one more than the one before.
	Messages(room chat.RoomID, epoch chat.Epoch, entries []chat.Entry)
	// Event tells a user event. Behind EventRoomDeleted nothing of the room follows.
	Event(room chat.RoomID, event chat.UserEvent)
	// Resync says that continuity could not be proven: members get ROOM_JOINED with
	// recovered:false and the last messages; recent replaces what is kept of the room.
	Resync(room chat.RoomInfo, recent []chat.Entry)
	// Refused answers a Pending that got no place of its own.
	Refused(room chat.RoomID, tag chat.Tag, refusal chat.Refusal)
	// Done answers Leave and Rename.
	Done(tag chat.Tag, code chat.Code)
	// Listed answers List. next is empty at the end.
	Listed(tag chat.Tag, rooms []chat.RoomSummary, next string, code chat.Code)
	// Resumed answers Resume.
	Resumed(tag chat.Tag, r chat.Resumption)
	// Disconnect ends the connection that carries the client under this incarnation (0 = any).
	// Unknown ones are ignored.
	Disconnect(client chat.ClientID, incarnation chat.Incarnation, cause chat.Cause)
	// DisconnectAll closes every connection in slices (1001): the node lost its lease.
	DisconnectAll()
}

// Operators is what the admin API needs to see and do, over the whole cluster. engine.Embedded and
// cluster.Cluster both have these methods; package admin declares the interface it uses.
// Methods may block on Redis until ctx ends; they never run on a loop.
type Operators interface {
	Servers(ctx context.Context) ([]chat.ServerStats, error)
	// Clients lists ids in a stable order; q filters by a part of the name (case-folded).
	Clients(ctx context.Context, q, cursor string, limit int) (ids []chat.ClientID, total int64, next string, err error)
	Rooms(ctx context.Context, q, cursor string, limit int) (ids []chat.RoomID, total int64, next string, err error)
	Client(ctx context.Context, id chat.ClientID) (record chat.ClientRecord, found bool, err error)
	Room(ctx context.Context, id chat.RoomID) (record chat.RoomRecord, found bool, err error)
	RemoveClient(ctx context.Context, r chat.Removal) (chat.Removed, error)
	// DeleteRoom returns how many members it had; found is false when there is no such room.
	DeleteRoom(ctx context.Context, id chat.RoomID) (members int64, found bool, err error)
	Bans(ctx context.Context) ([]chat.Ban, error)
	LiftBan(ctx context.Context, id string) (found bool, err error)
	AppendAudit(ctx context.Context, entry chat.AuditEntry) error
	Audit(ctx context.Context) ([]chat.AuditEntry, error) // newest first, the last 1,000
	// Allow counts one request in the sliding minute of key; when limit is reached it says how long
	// to wait and does not count.
	Allow(ctx context.Context, key string, limit int) (ok bool, retryAfterMs int64, err error)
}
