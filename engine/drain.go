package engine

import (
	"context"
	"errors"
	"math"
	"time"

	"chatroom/internal/chat"
)

// sliceTime is how often a share of the clients is sent away.
const sliceTime = 50 * time.Millisecond

// settleTime bounds how long Drain waits, beyond Config.Drain, for last bytes and for sessions
// whose last operation is not answered: the log answers within 5 s.
const settleTime = 7 * time.Second

// Drain refuses every new request with 503 from now on, sends all clients away (1001) in slices
// over Config.Drain, and returns when the last connection has gone, at once when there is none. Who
// waits for the answer to an operation gets it first. ctx cuts it short.
func (e *Engine) Drain(ctx context.Context) error {
	e.draining.Store(true)
	deadline := time.Now().Add(e.cfg.Drain + settleTime)
	e.dismiss(ctx, e.cfg.Drain, everybody)
	tick := time.NewTicker(tickPeriod)
	defer tick.Stop()
	for e.open.Load() > 0 || e.departing.Load() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.ended:
			return nil
		case <-tick.C:
		}
		if time.Now().After(deadline) {
			return errors.New("engine: drain: connections are left")
		}
	}
	return nil
}

// everybody is a time that no connection was opened behind.
const everybody = math.MaxInt64

// dismiss ends the sessions of connections that were opened until then (Unix milliseconds) in slices
// over a span, and returns when it has asked for the last.
func (e *Engine) dismiss(ctx context.Context, over time.Duration, until int64) {
	end := time.Now().Add(over)
	for {
		left := time.Until(end)
		if e.open.Load() == 0 {
			return
		}
		slices := max(1, int(left/sliceTime))
		for _, l := range *e.loops.Load() {
			l.inbox.post(event{kind: call, data: func(l *loop) { l.dismissSlice(slices, until) }})
		}
		if slices == 1 {
			return
		}
		select {
		case <-time.After(sliceTime):
		case <-ctx.Done():
			return
		case <-e.ended:
			return
		}
	}
}

// dismissSlice ends one share of what is still open, and what is between two requests. A share is at
// least one: a few people are no herd, and need not be spread over all of the span. Loop only.
func (l *loop) dismissSlice(slices int, until int64) {
	open := 0
	for _, s := range l.sessions {
		if s.open() && s.opened <= until && !s.excused {
			open++
		} else if s.state == stateHead && l.engine.draining.Load() && s.kept && s.conn.InboundBuffered() == 0 {
			l.wind(s, 0)
		}
	}
	share := (open + slices - 1) / slices
	for i := len(l.sessions) - 1; i >= 0 && share > 0; i-- {
		s := l.sessions[i]
		if !s.open() || s.opened > until || s.excused {
			continue
		}
		share--
		// In the middle of an operation its client could not know where the session is. Above all it
		// would send RESUME elsewhere, and one that is under way here could overtake that.
		if s.excused = s.busy && l.engine.draining.Load(); !s.excused {
			l.endSession(s, 0, chat.CauseLeaseLost)
		}
	}
}

// Shutdown stops serving at once: what is still connected is dropped with its place kept, as if
// the network had failed. Call Drain before it.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.draining.Store(true)
	if e.hold == nil {
		return nil
	}
	if e.open.Load() > 0 || e.departing.Load() > 0 {
		e.dismiss(ctx, 0, everybody)
		e.await(ctx, 2*time.Second)
	}
	e.stopping.Store(true)
	// From here on nobody wakes a loop: its eventfd is about to be closed, and the number could be
	// somebody else's by then.
	for _, l := range *e.loops.Load() {
		l.inbox.close()
	}
	select {
	case <-e.ended:
	case <-e.booted:
		asked, cancel := context.WithCancel(context.Background())
		cancel() // Stop only has to ask; the end of Run is what is waited for
		_ = e.server.Stop(asked)
	}
	select {
	case <-e.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	e.hold.release()
	return nil
}

// await waits until the last connection has gone and the last session is settled.
func (e *Engine) await(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	tick := time.NewTicker(tickPeriod)
	defer tick.Stop()
	for e.open.Load() > 0 || e.departing.Load() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-e.ended:
			return
		case <-tick.C:
		}
	}
}
