package engine

import (
	"chatroom/engine/room"
	"chatroom/internal/chat"
)

// liveRoom is a room that this node follows. It has a home loop, the one of the session that first
// brought it here, and a slot on each loop that has members. It dies (is retired) when the last
// member of this node has gone or the room was deleted; a later visitor makes a new one.
type liveRoom struct {
	// Immutable after open.
	id    chat.RoomID
	home  *loop
	slots []*slot // by loop; each element belongs to its loop

	// Owned by the room's home loop.
	info     chat.RoomInfo
	ring     room.Ring
	counts   []int32 // members by loop
	total    int     // their sum
	spread   int     // loops that have members
	joining  int     // joins that the log has not answered
	wishes   map[chat.Tag]*joinWish
	outgoing []chat.Pending // publishes of this turn
	buffers  buffers        // of publishes that the log has not answered
	crowd    crowd
	index    int   // in loop.homes
	used     int64 // when it was written or read last, loop.now
	followed bool  // the log was asked to follow it
	retired  bool
	deleted  bool // by an operator
	listed   bool // in loop.outbound
}

// slot is the part of a room that one loop has.
type slot struct {
	// Owned by the session's loop.
	members  room.Members[*session]
	frames   [][]byte // of this turn
	bytes    int      // of those
	arrivals []int64  // of those frames that came in on this node, for the latency
	dirty    bool     // in loop.dirty
}

// slotOf returns the room's slot on loop l. Loop only.
func (r *liveRoom) slotOf(l *loop) *slot {
	s := r.slots[l.index]
	if s == nil {
		s = &slot{}
		r.slots[l.index] = s
	}
	return s
}

func (e *Engine) newLiveRoom(id chat.RoomID, home *loop) *liveRoom {
	n := e.cfg.Loops
	return &liveRoom{id: id, home: home, slots: make([]*slot, n), counts: make([]int32, n), index: -1}
}

// buffers are the message buffers between publish and the log's answer, in the order of the
// publishes, which is that of nearly all answers: the search begins at the head.
type buffers struct {
	// Owned by the room's home loop.
	queue []buffer
	head  int
}

type buffer struct {
	tag     chat.Tag
	arrival int64
	bytes   []byte // room for the head of the frame, then the body
}

func (b *buffers) put(x buffer) { b.queue = append(b.queue, x) }

func (b *buffers) take(tag chat.Tag) (buffer, bool) {
	for i := b.head; i < len(b.queue); i++ {
		if b.queue[i].tag != tag {
			continue
		}
		x := b.queue[i]
		copy(b.queue[b.head+1:i+1], b.queue[b.head:i])
		b.queue[b.head] = buffer{}
		if b.head++; b.head == len(b.queue) {
			b.queue, b.head = b.queue[:0], 0
		} else if b.head > 64 && b.head > len(b.queue)/2 {
			n := copy(b.queue, b.queue[b.head:])
			clear(b.queue[n:])
			b.queue, b.head = b.queue[:n], 0
		}
		return x, true
	}
	return buffer{}, false
}
