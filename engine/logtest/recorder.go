package logtest

import (
	"fmt"
	"sync"
	"time"

	"chatroom/internal/chat"
)

// answer is what came back for a tag.
type answer struct {
	kind    string
	code    chat.Code
	room    chat.RoomInfo
	rooms   []chat.RoomSummary
	next    string
	resumed chat.Resumption
	refusal chat.Refusal
	entry   chat.Entry
	epoch   chat.Epoch
}

// happening is what the feed said of a room, in order.
type happening struct {
	entry  chat.Entry // Seq 0: it is an event
	epoch  chat.Epoch
	event  chat.UserEvent
	base   *chat.RoomInfo // a baseline
	recent []chat.Entry
}

// recorder is a feed that keeps everything it is told.
type recorder struct {
	// Guarded by mu.
	mu       sync.Mutex
	changed  chan struct{} // closed and made anew with every call
	answers  map[chat.Tag][]answer
	rooms    map[chat.RoomID][]happening
	parted   map[chat.ClientID][]chat.Incarnation
	surprise []string
	tags     chat.Tag
}

func newRecorder() *recorder {
	return &recorder{
		changed: make(chan struct{}), answers: map[chat.Tag][]answer{}, rooms: map[chat.RoomID][]happening{},
		parted: map[chat.ClientID][]chat.Incarnation{},
	}
}

// tag draws a tag that was never used.
func (r *recorder) tag() chat.Tag {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tags++
	return r.tags
}

// note changes the record and wakes whoever waits.
func (r *recorder) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// wait waits until ok, asked under the lock.
func (r *recorder) wait(ok func() bool) bool {
	deadline := time.After(Patience)
	for {
		r.mu.Lock()
		done, changed := ok(), r.changed
		r.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-changed:
		case <-deadline:
			return false
		}
	}
}

// await waits for the answer to a tag.
func (r *recorder) await(tag chat.Tag) (a answer, ok bool) {
	ok = r.wait(func() bool {
		if len(r.answers[tag]) == 0 {
			return false
		}
		a = r.answers[tag][0]
		return true
	})
	return a, ok
}

func (r *recorder) answer(tag chat.Tag, a answer) {
	r.note(func() {
		if tag == 0 {
			r.surprise = append(r.surprise, "an answer without a tag")
			return
		}
		if r.answers[tag] = append(r.answers[tag], a); len(r.answers[tag]) > 1 {
			r.surprise = append(r.surprise, fmt.Sprintf("tag %d was answered twice: %+v", tag, r.answers[tag]))
		}
	})
}

// cloned copies entries: the slice is the caller's again after the call.
func cloned(entries []chat.Entry) []chat.Entry {
	copies := append([]chat.Entry(nil), entries...)
	for i := range copies {
		copies[i].Body = append([]byte(nil), copies[i].Body...)
	}
	return copies
}

// Created implements Feed.
func (r *recorder) Created(tag chat.Tag, room chat.RoomInfo, code chat.Code) {
	r.answer(tag, answer{kind: "created", room: room, code: code})
}

// Baseline implements Feed.
func (r *recorder) Baseline(room chat.RoomInfo, recent []chat.Entry) {
	r.note(func() {
		r.rooms[room.ID] = append(r.rooms[room.ID], happening{base: &room, recent: cloned(recent)})
	})
}

// Joined implements Feed.
func (r *recorder) Joined(tag chat.Tag, room chat.RoomInfo, code chat.Code) {
	r.answer(tag, answer{kind: "joined", room: room, code: code})
}

// Messages implements Feed.
func (r *recorder) Messages(room chat.RoomID, epoch chat.Epoch, entries []chat.Entry) {
	entries = cloned(entries)
	r.note(func() {
		for _, e := range entries {
			r.rooms[room] = append(r.rooms[room], happening{entry: e, epoch: epoch})
		}
	})
	for _, e := range entries {
		if e.Tag != 0 {
			r.answer(e.Tag, answer{kind: "entry", entry: e, epoch: epoch})
		}
	}
}

// Event implements Feed.
func (r *recorder) Event(room chat.RoomID, event chat.UserEvent) {
	r.note(func() { r.rooms[room] = append(r.rooms[room], happening{event: event}) })
}

// Resync implements Feed.
func (r *recorder) Resync(room chat.RoomInfo, _ []chat.Entry) {
	r.note(func() { r.surprise = append(r.surprise, fmt.Sprintf("room %d lost its continuity", room.ID)) })
}

// Refused implements Feed.
func (r *recorder) Refused(_ chat.RoomID, tag chat.Tag, refusal chat.Refusal) {
	r.answer(tag, answer{kind: "refused", refusal: refusal, code: refusal.Code})
}

// Done implements Feed.
func (r *recorder) Done(tag chat.Tag, code chat.Code) {
	r.answer(tag, answer{kind: "done", code: code})
}

// Listed implements Feed.
func (r *recorder) Listed(tag chat.Tag, rooms []chat.RoomSummary, next string, code chat.Code) {
	r.answer(tag, answer{kind: "listed", rooms: append([]chat.RoomSummary(nil), rooms...), next: next, code: code})
}

// Resumed implements Feed.
func (r *recorder) Resumed(tag chat.Tag, resumption chat.Resumption) {
	r.answer(tag, answer{kind: "resumed", resumed: resumption, code: resumption.Code})
}

// Disconnect implements Feed.
func (r *recorder) Disconnect(client chat.ClientID, incarnation chat.Incarnation, _ chat.Cause) {
	r.note(func() { r.parted[client] = append(r.parted[client], incarnation) })
}

// DisconnectAll implements Feed.
func (r *recorder) DisconnectAll() {
	r.note(func() { r.surprise = append(r.surprise, "the lease was lost") })
}
