package engine

import (
	"net/netip"

	"github.com/panjf2000/gnet/v2"

	"chatroom/engine/room"
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// sessionState is where a connection stands. It only moves forward.
type sessionState uint8

const (
	stateHead    sessionState = iota // HTTP: a request head is awaited
	stateOpen                        // WebSocket
	stateClosing                     // the last bytes are on their way; input is ignored
	stateClosed                      // gnet has closed the connection
)

// fate is what becomes of a chat session when its connection ends.
type fate uint8

const (
	fateDetach fate = iota // keep the place for the resume window
	fateEnd                // leave at once
	fateNone               // the log or another node has seen to it
)

// session is one connection and, once the handshake is done, the client behind it. It belongs to
// the loop that accepted it and dies with the connection, or with its last open request.
//
// Ten thousand of them must fit into a few megabytes: what only some need stands behind a pointer.
type session struct {
	// Immutable after open.
	conn   gnet.Conn
	loop   *loop
	opened int64 // Unix milliseconds

	// Owned by the session's loop.
	decoder  wsproto.Decoder
	member   chat.Member
	address  [16]byte  // the client's, behind trusted proxies
	room     *liveRoom // nil = in none
	slot     *slot     // the members of room on this loop; nil = not seated
	out      *outbox   // what this turn says to this session alone
	backlog  *backlog  // what it is behind with
	waiting  *waiting  // events that wait for an operation
	seen     int64     // when something came last, loop.now
	pinged   int64     // when a ping went out last; in stateHead how far the head was searched
	deadline int64     // stateHead: when the head must be there; stateClosing: when it is cut off

	messages   uint32  // of all connections of the session
	tokens     float32 // of the message rate
	tokensAt   uint32  // when they were counted, loop.now
	freePing   uint32  // when the next PING costs nothing, loop.now in seconds
	controls   uint16  // control frames in the current second
	controlsAt uint16  // that second
	index      int32   // in loop.sessions
	seat       room.Seat
	from       int32  // the first frame of slot.frames that it was not given
	inflight   uint16 // messages of its own, and HISTORYs, that are not answered
	state      sessionState
	fate       fate
	strikes    uint8
	busy       bool // an operation is not answered
	excused    bool // goes as soon as its operation is answered: the node drains
	spoke      bool // some event was taken: RESUME is no longer allowed
	departed   bool
	finished   bool
	shut       bool // the writing side was shut down
	surplus    bool // above the cap: gets a 503
	listed     bool // in loop.touched
	lagging    bool // in loop.laggards
	kept       bool // answered a static request: idle, not leaky
	counted    bool // in the clients registry
}

// RoomSeat implements room.Seated.
func (s *session) RoomSeat() *room.Seat { return &s.seat }

// waiting are the events of a connection that wait until an operation is answered. They are kept
// as they came and decoded when their turn comes.
type waiting struct {
	payloads [][]byte
	bytes    int
}

const (
	waitingEvents = 32       // contract: "at most 32 queued, then UNAVAILABLE"
	waitingBytes  = 64 << 10 // and no more than this, whatever their number
)

// roomID names the room the session is in, 0 = none.
func (s *session) roomID() chat.RoomID {
	if s.room == nil {
		return 0
	}
	return s.room.id
}

// ip is the client's address.
func (s *session) ip() netip.Addr { return netip.AddrFrom16(s.address).Unmap() }

// open reports whether the client can still be told something.
func (s *session) open() bool { return s.state == stateOpen }

// record is the session as operators see it. Loop only.
func (s *session) record(serverID string) chat.ClientRecord {
	pending := 0
	if s.state != stateClosed {
		pending = s.conn.OutboundBuffered()
	}
	if s.backlog != nil {
		pending += s.backlog.bytes
	}
	return chat.ClientRecord{
		ID: s.member.Client, Username: s.member.Name, RoomID: s.roomID(), ServerID: serverID,
		IP: s.ip().String(), ConnectedAt: s.opened,
		LastSeenAt: s.seenAt(), Messages: int64(s.messages), BytesPending: int64(pending),
	}
}

// seenAt is when something came last, in Unix milliseconds. Loop only.
func (s *session) seenAt() int64 {
	return s.loop.engine.cfg.Now().UnixMilli() - (s.loop.now - s.seen)
}
