package engine

import (
	"context"
	"sync"

	"chatroom/internal/chat"
)

var _ Feed = (*Engine)(nil)

// The methods of Feed bring an answer or a happening to the loop it concerns, and do nothing else:
// they may be called on any goroutine, and from inside a call of the log on a loop.

// loopOf finds the loop that a tag came from, or nil. Any goroutine.
func (e *Engine) loopOf(tag chat.Tag) *loop {
	loops := *e.loops.Load()
	if i := tagLoop(tag); i >= 0 && i < len(loops) {
		return loops[i]
	}
	return nil
}

// answer posts to the loop that asked.
func (e *Engine) answer(ev event) {
	if l := e.loopOf(ev.tag); l != nil {
		l.inbox.post(ev)
	}
}

// toHome posts to the home loop of a room; false when this node does not know the room (any more).
func (e *Engine) toHome(id chat.RoomID, ev event) bool {
	r := e.rooms.Find(uint64(id))
	if r == nil {
		return false
	}
	ev.room = r
	r.home.inbox.post(ev)
	return true
}

// Created implements Feed. Any goroutine.
func (e *Engine) Created(tag chat.Tag, info chat.RoomInfo, code chat.Code) {
	home := e.loopOf(tag)
	if home == nil {
		return
	}
	ev := event{kind: feedCreated, tag: tag, data: &joinAnswer{info, code}}
	if code == "" {
		// The room is found from here on, by whoever hears of its id first. Somebody may have heard
		// of it already, from a list, and wait there to be let in.
		ev.room = e.roomFor(info.ID, home)
		home = ev.room.home
	}
	home.inbox.post(ev)
}

// Baseline implements Feed. Any goroutine.
func (e *Engine) Baseline(info chat.RoomInfo, recent []chat.Entry) {
	e.toHome(info.ID, event{kind: feedBaseline, data: &baseline{info, append([]chat.Entry(nil), recent...)}})
}

// Joined implements Feed. Any goroutine.
func (e *Engine) Joined(tag chat.Tag, info chat.RoomInfo, code chat.Code) {
	e.toHome(info.ID, event{kind: feedJoined, tag: tag, data: &joinAnswer{info, code}})
}

// entryBatch is a copy of entries that needs no allocation for one message, the common case.
type entryBatch struct {
	list []chat.Entry
	one  [1]chat.Entry
}

// entryBatches are used again: they go from whatever goroutine the log answers on to a home loop.
// A message in a small room costs 4 allocations with that, and 5 without.
var entryBatches = sync.Pool{New: func() any { return &entryBatch{} }}

func newEntryBatch(entries []chat.Entry) *entryBatch {
	b := entryBatches.Get().(*entryBatch)
	b.list = append(b.one[:0], entries...)
	return b
}

// free gives the batch back. Nothing of it may be used behind that.
func (b *entryBatch) free() {
	*b = entryBatch{}
	entryBatches.Put(b)
}

// Messages implements Feed. Any goroutine.
func (e *Engine) Messages(room chat.RoomID, epoch chat.Epoch, entries []chat.Entry) {
	batch := newEntryBatch(entries)
	if e.toHome(room, event{kind: feedMessages, epoch: epoch, data: batch}) {
		return
	}
	batch.free()
	for i := range entries {
		if entries[i].Tag != 0 {
			e.Refused(room, entries[i].Tag, chat.Refusal{Code: chat.Unavailable})
		}
	}
}

// Event implements Feed. Any goroutine.
func (e *Engine) Event(room chat.RoomID, ev chat.UserEvent) {
	e.toHome(room, event{kind: feedEvent, data: &ev})
}

// Resync implements Feed. Any goroutine.
func (e *Engine) Resync(info chat.RoomInfo, recent []chat.Entry) {
	e.toHome(info.ID, event{kind: feedResync, data: &baseline{info, append([]chat.Entry(nil), recent...)}})
}

// Refused implements Feed. Any goroutine.
func (e *Engine) Refused(room chat.RoomID, tag chat.Tag, refusal chat.Refusal) {
	if e.toHome(room, event{kind: feedRefused, tag: tag, data: &refusal}) {
		return
	}
	e.answer(event{kind: answerRefused, tag: tag, room: &liveRoom{id: room}, data: &refusal})
}

// Done implements Feed. Any goroutine.
func (e *Engine) Done(tag chat.Tag, code chat.Code) {
	e.answer(event{kind: answerDone, tag: tag, code: code})
}

// Listed implements Feed. Any goroutine.
func (e *Engine) Listed(tag chat.Tag, rooms []chat.RoomSummary, next string, code chat.Code) {
	e.answer(event{kind: answerListed, tag: tag, data: &listing{append([]chat.RoomSummary(nil), rooms...), next, code}})
}

// Resumed implements Feed. Any goroutine.
func (e *Engine) Resumed(tag chat.Tag, r chat.Resumption) {
	e.answer(event{kind: answerResumed, tag: tag, data: &r})
}

// Disconnect implements Feed. Any goroutine.
func (e *Engine) Disconnect(client chat.ClientID, incarnation chat.Incarnation, cause chat.Cause) {
	if s := e.clients.Find(uint64(client)); s != nil {
		s.loop.inbox.post(event{kind: endSession, session: s, seq: uint64(incarnation), cause: cause})
	}
}

// DisconnectAll implements Feed. Who connects from now on is welcome to stay. Any goroutine.
func (e *Engine) DisconnectAll() {
	go e.dismiss(context.Background(), e.cfg.Drain, e.cfg.Now().UnixMilli())
}
