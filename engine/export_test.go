package engine

import "time"

// SetMessageTime is how long a message may take to arrive. Before Start.
func (e *Engine) SetMessageTime(d time.Duration) { e.wire.MessageTime = d }

// Departing counts sessions that have ended and still wait for an answer.
func (e *Engine) Departing() int64 { return e.departing.Load() }

// LoopOf is the loop that a client's session sits on.
func (e *Engine) LoopOf(id uint64) int { return e.clients.Find(id).loop.index }

// BlockLoop keeps a loop from its work until release is called.
func (e *Engine) BlockLoop(i int) (release func()) {
	gate := make(chan struct{})
	(*e.loops.Load())[i].inbox.post(event{kind: call, data: func(*loop) { <-gate }})
	return func() { close(gate) }
}

// FillInbox makes the inbox of a loop that is kept from its work full for commands of sessions.
func (e *Engine) FillInbox(i int) {
	in := &(*e.loops.Load())[i].inbox
	for !in.full() {
		in.post(event{kind: call, data: nothingCall})
	}
}
