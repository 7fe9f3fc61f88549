package engine

import (
	"sync"
	"sync/atomic"

	"chatroom/engine/room"
	"chatroom/internal/chat"
)

// embeddedRoom is a room of the embedded log.
type embeddedRoom struct {
	// Immutable after open.
	id      chat.RoomID
	name    string
	private bool
	created int64 // Unix milliseconds
	creator chat.ClientID
	epoch   chat.Epoch
	serial  uint64

	// Atomic; any goroutine.
	count atomic.Int32 // of places
	used  atomic.Int64 // when it was written last, Unix milliseconds

	// Guarded by mu.
	mu       sync.Mutex
	places   map[chat.ClientID]place
	ring     room.Ring
	dedupe   dedupe
	past     []chat.Participant // the last hundred, oldest first
	entries  []chat.Entry       // of the Append under way
	last     chat.MessageID
	peak     int
	lastAt   int64
	followed bool // the engine knows its messages so far
	dead     bool

	// Guarded by mu (Embedded's).
	index int // in Embedded.all
}

// place is a member's, kept through the resume window. It stays that of the session's former
// incarnation until the new one has joined.
type place struct {
	session     *embeddedSession
	incarnation chat.Incarnation
}

// maxParticipants is how many people of a room are remembered (contract, GET /admin/room/:id).
const maxParticipants = 100

func (r *embeddedRoom) infoLocked() chat.RoomInfo {
	return chat.RoomInfo{
		ID: r.id, Name: r.name, Private: r.private, CreatedAt: r.created, CreatedBy: r.creator,
		Members: len(r.places), Epoch: r.epoch, Seq: r.ring.Newest(), Last: r.last,
	}
}

// enterLocked gives m a place.
func (r *embeddedRoom) enterLocked(m chat.Member, s *embeddedSession, at int64) {
	r.places[m.Client] = place{s, m.Incarnation}
	r.count.Store(int32(len(r.places)))
	r.peak = max(r.peak, len(r.places))
	if len(r.past) == maxParticipants {
		copy(r.past, r.past[1:])
		r.past = r.past[:maxParticipants-1]
	}
	r.past = append(r.past, chat.Participant{ClientID: m.Client, Username: m.Name, JoinedAt: at})
}

// holdsLocked reports whether m has a place here under this incarnation.
func (r *embeddedRoom) holdsLocked(client chat.ClientID, nonce chat.Nonce, incarnation chat.Incarnation) bool {
	held, ok := r.places[client]
	return ok && held.session.nonce == nonce && held.incarnation == incarnation
}

// exitLocked takes a place away.
func (r *embeddedRoom) exitLocked(id chat.ClientID, at int64) {
	delete(r.places, id)
	r.count.Store(int32(len(r.places)))
	if p := r.participantLocked(id); p != nil {
		p.LeftAt = at
	}
}

// participantLocked is the latest stay of a client, if it is remembered.
func (r *embeddedRoom) participantLocked(id chat.ClientID) *chat.Participant {
	for i := len(r.past) - 1; i >= 0; i-- {
		if r.past[i].ClientID == id {
			return &r.past[i]
		}
	}
	return nil
}

// recentLocked is the retained log for a Baseline.
func (r *embeddedRoom) recentLocked() []chat.Entry {
	entries := make([]chat.Entry, 0, r.ring.Len())
	for seq := r.ring.Oldest(); seq <= r.ring.Newest(); seq++ {
		e, ok := r.ring.Get(seq)
		if !ok {
			break
		}
		prev, _ := r.ring.ID(seq - 1)
		entries = append(entries, chat.Entry{Seq: seq, MessageID: e.ID, Prev: prev, At: e.At, Body: e.Bytes})
	}
	return entries
}
