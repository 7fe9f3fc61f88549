package engine

import "chatroom/internal/chat"

// requestKind says which answer a request waits for.
type requestKind uint8

const (
	requestNone requestKind = iota
	requestSend
	requestCreate
	requestJoin
	requestLeave
	requestRename
	requestList
	requestHistory
	requestResume
	requestReturn // the join behind a RESUME
	requestFormer // the leave of the room that a session came from
)

// request is one question of a loop to a log, a directory or a home loop that is not answered yet.
type request struct {
	kind       requestKind
	positioned bool
	generation uint32
	next       int32 // in the free list
	session    *session
	room       *liveRoom // requestFormer
	id         string    // of the client's event
	name       string    // requestRename
	message    chat.MessageID
	at         int64
	position   chat.Position
	target     chat.RoomID // requestReturn
}

// requests is a loop's table of open requests. A tag is an index into it with a generation, so
// finding the sender of a message is an array access, and an answer that comes twice finds nothing.
//
//	tag = loop+1 (8 bits) | generation (24 bits) | slot (32 bits)
type requests struct {
	// Owned by the session's loop.
	slots []request
	free  int32 // head of the free list, as index+1
	open  int
}

func tagLoop(tag chat.Tag) int { return int(tag>>56) - 1 }

// add stores a request and names it. Loop only.
func (r *requests) add(loop int, q request) chat.Tag {
	if r.free == 0 {
		r.slots = append(r.slots, request{})
		r.free = int32(len(r.slots))
	}
	at := r.free - 1
	slot := &r.slots[at]
	r.free = slot.next
	q.generation = (slot.generation + 1) & 0xffffff
	*slot = q
	r.open++
	return chat.Tag(uint64(loop+1)<<56 | uint64(q.generation)<<32 | uint64(at))
}

// take removes and returns the request of tag; ok is false when it was answered before. Loop only.
func (r *requests) take(tag chat.Tag) (q request, ok bool) {
	at := int(uint32(tag))
	if at >= len(r.slots) {
		return request{}, false
	}
	slot := &r.slots[at]
	if slot.kind == requestNone || slot.generation != uint32(tag>>32)&0xffffff {
		return request{}, false
	}
	q = *slot
	*slot = request{generation: q.generation, next: r.free}
	r.free = int32(at) + 1
	r.open--
	return q, true
}

// peek is the request of tag, which stays open; nil when there is none. Loop only.
func (r *requests) peek(tag chat.Tag) *request {
	at := int(uint32(tag))
	if at >= len(r.slots) || r.slots[at].kind == requestNone || r.slots[at].generation != uint32(tag>>32)&0xffffff {
		return nil
	}
	return &r.slots[at]
}
