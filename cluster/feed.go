package cluster

import "chatroom/internal/chat"

// Feed is what a Cluster tells its node. Calls about one room come one at a time and in the room's
// order. They must return at once: they run on the goroutine that owns the room.
type Feed interface {
	// Created answers Create.
	Created(tag chat.Tag, room chat.RoomInfo, code chat.Code)
	// Baseline comes before the first Joined of a room that this node did not follow.
	Baseline(room chat.RoomInfo, recent []chat.Entry)
	// Joined answers Join. All messages up to room.Seq were given before, none behind it was.
	Joined(tag chat.Tag, room chat.RoomInfo, code chat.Code)
	// Messages gives the next messages of the room, each Seq one more than the one before.
	Messages(room chat.RoomID, epoch chat.Epoch, entries []chat.Entry)
	// Event tells a user event.
	Event(room chat.RoomID, event chat.UserEvent)
	// Resync says that continuity could not be proven; recent replaces what is kept of the room.
	Resync(room chat.RoomInfo, recent []chat.Entry)
	// Refused answers a message that got no place of its own.
	Refused(room chat.RoomID, tag chat.Tag, refusal chat.Refusal)
	// Done answers Leave and Rename.
	Done(tag chat.Tag, code chat.Code)
	// Listed answers List.
	Listed(tag chat.Tag, rooms []chat.RoomSummary, next string, code chat.Code)
	// Resumed answers Resume.
	Resumed(tag chat.Tag, r chat.Resumption)
	// Disconnect ends the connection that carries the client under this incarnation (0 = any).
	Disconnect(client chat.ClientID, incarnation chat.Incarnation, cause chat.Cause)
	// DisconnectAll closes every connection: the node lost its lease.
	DisconnectAll()
}

// Local is what a Cluster asks of its own node. Any goroutine.
type Local interface {
	// Stats is the node as operators see it.
	Stats() chat.ServerStats
	// Sessions gives every session of the node until yield returns false.
	Sessions(yield func(chat.ClientRecord) bool)
}
