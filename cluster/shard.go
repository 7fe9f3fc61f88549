package cluster

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"chatroom/internal/chat"
)

// Ticks of a shard: while a gap is open, while something waits for Redis, and otherwise.
const (
	tickGap     = 10 * time.Millisecond
	tickWaiting = 50 * time.Millisecond
	tickIdle    = 250 * time.Millisecond
)

// shard owns the rooms whose ids fall to it. Its goroutine is the only one that touches them.
type shard struct {
	// Immutable after open.
	rooms *rooms
	exec  *executor
	wake  chan struct{} // of capacity one

	// Guarded by mu.
	mu    sync.Mutex
	inbox []post

	// Owned by the room's shard.
	now     time.Time
	byID    map[chat.RoomID]*room
	waiting map[*room]struct{} // with something in their queue
	gaps    map[*room]struct{} // with a gap or an answer that waits for one
}

type postKind uint8

const (
	postEnvelope   postKind = iota // text from the channel of room
	postOp                         // op for room
	postAppend                     // messages for room
	postRelease                    // nobody of this node is in room
	postSubscribed                 // the channel of room is confirmed
	postSilent                     // the channel of room may have missed something
	postResults                    // jobs came back
	postCall                       // call
)

// post is one thing for a shard to do.
type post struct {
	kind     postKind
	room     chat.RoomID
	text     string
	op       *op
	messages []waiting
	jobs     []*job
	call     func(*shard)
}

func newShard(r *rooms) *shard {
	s := &shard{
		rooms: r, wake: make(chan struct{}, 1),
		byID: map[chat.RoomID]*room{}, waiting: map[*room]struct{}{}, gaps: map[*room]struct{}{},
	}
	s.exec = newExecutor(r.c.store, func(jobs []*job) { s.post(post{kind: postResults, jobs: jobs}) })
	return s
}

// post hands p to the shard. Any goroutine.
func (s *shard) post(p post) {
	s.mu.Lock()
	s.inbox = append(s.inbox, p)
	first := len(s.inbox) == 1
	s.mu.Unlock()
	if first {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// run is the shard's goroutine.
func (s *shard) run(ctx context.Context) {
	timer := time.NewTimer(tickIdle)
	defer timer.Stop()
	var batch []post
	next := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		s.mu.Lock()
		batch, s.inbox = s.inbox, batch[:0]
		s.mu.Unlock()
		s.now = time.Now()
		for i := range batch {
			s.handle(&batch[i])
			batch[i] = post{}
		}
		if !s.now.Before(next) {
			s.tick()
			next = s.now.Add(tickIdle)
		}
		// Never later than it was: a shard that is woken all the time must tick as well.
		if soon := s.now.Add(s.interval()); soon.Before(next) {
			next = soon
		}
		timer.Reset(next.Sub(s.now))
	}
}

func (s *shard) interval() time.Duration {
	switch {
	case len(s.gaps) > 0:
		return tickGap
	case len(s.waiting) > 0:
		return tickWaiting
	default:
		return tickIdle
	}
}

func (s *shard) handle(p *post) {
	switch p.kind {
	case postResults:
		for _, j := range p.jobs {
			j.done(j.result, j.extra)
		}
	case postCall:
		p.call(s)
	case postOp:
		s.room(p.room).push(p.op)
	case postAppend:
		s.room(p.room).gather(p.messages)
	default:
		r := s.byID[p.room]
		if r == nil {
			return
		}
		switch p.kind {
		case postEnvelope:
			r.hear(p.text)
		case postRelease:
			r.release()
		case postSubscribed:
			r.confirmed()
		case postSilent:
			r.silenced()
		}
	}
}

// room returns the room of that id, a new one if there is none.
func (s *shard) room(id chat.RoomID) *room {
	r := s.byID[id]
	if r == nil {
		r = &room{id: id, keys: s.rooms.c.store.keys.room(id), shard: s, idleSince: s.now}
		s.byID[id] = r
	}
	return r
}

// tick does what time brings: retries, answers that are overdue, gaps that stay, checks.
func (s *shard) tick() {
	for r := range s.waiting {
		r.expire()
		r.pump()
	}
	for r := range s.gaps {
		r.mend()
	}
	var due []*room
	for _, r := range s.byID {
		switch {
		case r.following && !s.now.Before(r.nextCheck):
			due = append(due, r)
		case !r.following && !r.replayAt.IsZero() && !s.now.Before(r.replayAt):
			r.replayAt = time.Time{}
			r.replayIdle()
			r.sweepGhosts("0")
		case !r.busy() && s.now.Sub(r.idleSince) > s.rooms.idle:
			r.drop()
		}
	}
	for _, r := range due {
		r.check()
	}
}

// jitter spreads what many rooms do at the same interval by ± 20 %.
func jitter(d time.Duration) time.Duration {
	return d*4/5 + rand.N(d*2/5)
}
