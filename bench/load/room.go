package load

import (
	"bytes"

	"chatroom/internal/chat"
)

// room is one room of the load: who is in it, what was sent to it and in which order the server
// put it. Owned by the worker's goroutine.
type room struct {
	mark    uint32 // names the room in texts and ids; unique over all workers
	size    int
	id      uint64 // the server's
	epoch   string
	creator *conn
	waiting []*conn // connected before the room had an id
	members []*conn
	turn    int // whose turn it is to send

	sent     []message // by number
	inFlight int       // closed loop
	due      []int64   // intended times of messages that had no sender yet

	base   uint64        // seq of places[0]
	placed []place       // by seq, from base on
	top    uint64        // highest seq seen by anyone
	cache  []cachedFrame // by seq; none in a room whose messages have but one reader
}

// message is one that the load sent. Its number is its index in room.sent.
type message struct {
	intended  int64  // when the schedule wanted it sent; the clock of the worker
	seq       uint64 // the place it got; 0 = not known yet
	remaining int32  // closed loop: members that still have to get it
	answered  bool   // the sender has its ACK, or its own copy
	windowed  bool   // intended inside the measuring window
}

// place is what stands at one seq of the room: all members must see the same.
type place struct {
	number uint32
	seen   bool // somebody saw it
	id     chat.MessageID
}

// cachedFrame is a NEW_MESSAGE as the first member got it. The others get the same bytes, and
// comparing them proves more than parsing does, at a tenth of the cost.
type cachedFrame struct {
	seq    uint64
	number uint32
	bytes  []byte
}

// cached is how many frames a room remembers: the messages that can be under way to its members.
const cached = 64

// newRoom makes a room of size members. With two, a message has one reader besides its sender, and
// to remember it for others would only push useful things out of the processor's caches.
func newRoom(mark uint32, size int) *room {
	r := &room{mark: mark, size: size}
	if size > 2 {
		r.cache = make([]cachedFrame, cached)
	}
	return r
}

// known gives the number of the message at seq if payload is byte for byte the frame that somebody
// else got for it.
func (r *room) known(seq uint64, payload []byte) (number uint32, ok bool) {
	if len(r.cache) == 0 {
		return 0, false
	}
	f := &r.cache[seq%cached]
	return f.number, f.seq == seq && bytes.Equal(f.bytes, payload)
}

// remember keeps a frame for the other members.
func (r *room) remember(seq uint64, number uint32, payload []byte) {
	if len(r.cache) == 0 {
		return
	}
	if f := &r.cache[seq%cached]; f.seq < seq {
		f.seq, f.number, f.bytes = seq, number, append(f.bytes[:0], payload...)
	}
}

func (r *room) enter(c *conn) {
	c.slot = len(r.members)
	r.members = append(r.members, c)
}

func (r *room) leave(c *conn) {
	if c.slot < 0 || c.slot >= len(r.members) || r.members[c.slot] != c {
		return
	}
	last := len(r.members) - 1
	r.members[c.slot] = r.members[last]
	r.members[c.slot].slot = c.slot
	r.members = r.members[:last]
	c.slot = -1
}

// sender picks the next member that can send, round robin; nil when nobody can.
func (r *room) sender() *conn {
	for range r.members {
		if r.turn++; r.turn >= len(r.members) {
			r.turn = 0
		}
		if c := r.members[r.turn]; c.state == joined && c.op == "" && !c.slow {
			return c
		}
	}
	return nil
}

// at gives the place of seq, growing the list as needed; nil when seq lies before all that the
// load could have seen.
func (r *room) at(seq uint64) *place {
	if seq < r.base || seq-r.base > uint64(len(r.sent))+uint64(len(r.placed))+cached {
		return nil
	}
	for seq-r.base >= uint64(len(r.placed)) {
		r.placed = append(r.placed, place{})
	}
	return &r.placed[seq-r.base]
}
