// Package chaos proves the delivery promise from outside: real nodes and a real Redis as
// processes, people that chat and record what they did and saw, a seeded nemesis that kills,
// stops and cuts, and a checker that reads the record.
package chaos

import (
	"sync"
	"time"

	"chatroom/internal/chat"
)

// Place is where a message stands: one (epoch, seq) of one room.
type Place struct {
	Room  chat.RoomID
	Epoch string
	Seq   uint64
}

// Ack is an acknowledged send: the text (unique in a run) and the place that it was given.
type Ack struct {
	Person    int
	Text      string
	Place     Place
	MessageID string
	Duplicate bool
}

// Sight is one message that a person saw: in a NEW_MESSAGE, or in the ACK that stands in its place.
type Sight struct {
	Place     Place
	MessageID string
	Text      string
}

// Stretch is what a person saw of one room without a break: it begins at a ROOM_JOINED that
// promised nothing about before (a first join, or recovered:false) and ends where the next begins.
type Stretch struct {
	Room   chat.RoomID
	Seen   []Sight
	Rebase bool // begun by recovered:false: something before it may be missing, and that was said
}

// Complaint is something a person met that the promise does not allow, whatever the checker finds.
type Complaint struct {
	Person int
	What   string
}

// History is the record of one run.
type History struct {
	// Guarded by mu.
	mu         sync.Mutex
	sent       map[string]int // text → person
	order      map[int][]string
	acks       []Ack
	stretches  map[int][]*Stretch
	complaints []Complaint
	resumes    int
	rejoins    int
	outage     time.Duration
}

// NewHistory returns an empty record.
func NewHistory() *History {
	return &History{sent: map[string]int{}, order: map[int][]string{}, stretches: map[int][]*Stretch{}}
}

// Sent records that a person is about to send a text. Any goroutine.
func (h *History) Sent(person int, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent[text] = person
	h.order[person] = append(h.order[person], text)
}

// Acked records an acknowledgement. Any goroutine.
func (h *History) Acked(a Ack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acks = append(h.acks, a)
}

// Begin starts a new stretch of a person. Any goroutine.
func (h *History) Begin(person int, room chat.RoomID, rebase bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stretches[person] = append(h.stretches[person], &Stretch{Room: room, Rebase: rebase})
}

// Saw adds a message to the running stretch of a person. Any goroutine.
func (h *History) Saw(person int, s Sight) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.stretches[person]
	if len(all) == 0 {
		h.complaints = append(h.complaints, Complaint{person, "a message outside any room: " + s.MessageID})
		return
	}
	last := all[len(all)-1]
	last.Seen = append(last.Seen, s)
}

// Complain records something that the promise does not allow. Any goroutine.
func (h *History) Complain(person int, what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.complaints = append(h.complaints, Complaint{person, what})
}

// Resumed counts a session that was taken up again. Any goroutine.
func (h *History) Resumed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.resumes++
}

// Outage notes how long a person was without its room. Any goroutine.
func (h *History) Outage(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.outage = max(h.outage, d)
}

// LongestOutage is the longest that anybody was without its room since the last call. Any goroutine.
func (h *History) LongestOutage() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	longest := h.outage
	h.outage = 0
	return longest
}

// Rebased counts a resume or a join that could not recover everything and said so. Any goroutine.
func (h *History) Rebased() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rejoins++
}

// Counts says how much a run did: acknowledged sends, sights, resumes, rebases. Any goroutine.
func (h *History) Counts() (acked, seen, resumes, rebases int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, stretches := range h.stretches {
		for _, s := range stretches {
			seen += len(s.Seen)
		}
	}
	return len(h.acks), seen, h.resumes, h.rejoins
}
