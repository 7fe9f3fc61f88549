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

// Chain makes a loop post n events to itself, each when the one before is handled, and calls done
// behind the last.
func (e *Engine) Chain(i, n int, done func()) {
	in := &(*e.loops.Load())[i].inbox
	var link func(*loop)
	link = func(*loop) {
		if n--; n == 0 {
			done()
			return
		}
		in.post(event{kind: call, data: link})
	}
	in.post(event{kind: call, data: link})
}

// FillInbox makes the inbox of a loop that is kept from its work full for commands of sessions.
func (e *Engine) FillInbox(i int) {
	in := &(*e.loops.Load())[i].inbox
	for !in.full() {
		in.post(event{kind: call, data: nothingCall})
	}
}
