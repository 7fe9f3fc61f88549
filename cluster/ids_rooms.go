package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// roomStock is how many candidates for room ids a node keeps ahead.
const roomStock = 64

// sweepPause is how long after a look at all rooms of a range it counts as full when its ids have
// been drawn again.
const sweepPause = 10 * time.Second

// roomIDs draws candidates for room ids. Unlike client ids they need no owner: the room's own keys
// say whether an id is taken, and create looks at them. So ids come back without anybody's doing:
// when all of a range have been drawn, one node looks which of them are rooms or tombstones.
type roomIDs struct {
	// Immutable after open.
	l     *life
	wakes chan struct{}

	// Guarded by mu.
	mu    sync.Mutex
	stock []uint64

	// Owned by the goroutine of run (by Start's before).
	full  map[int]time.Time // when range n had nothing left
	known int               // ranges that this node has drawn from
}

func newRoomIDs(l *life) *roomIDs {
	return &roomIDs{l: l, wakes: make(chan struct{}, 1), full: make(map[int]time.Time)}
}

// next is nextRoomID.
func (p *roomIDs) next() (chat.RoomID, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.stock) <= roomStock/2 {
		wake(p.wakes)
	}
	if len(p.stock) == 0 {
		return 0, false
	}
	id := p.stock[0]
	p.stock = p.stock[1:]
	return chat.RoomID(id), true
}

// fill makes the first stock; Start only.
func (p *roomIDs) fill(ctx context.Context) error {
	if _, err := p.draw(ctx); err != nil {
		return fmt.Errorf("cluster: room ids: %w", err)
	}
	return nil
}

func (p *roomIDs) run() {
	for {
		select {
		case <-p.l.ctx.Done():
			return
		case <-p.wakes:
		}
		for try := 0; p.wanted(); {
			wait, err := p.draw(p.l.ctx)
			if err != nil {
				wait = backoff(try)
				try++
			}
			if wait > 0 && !p.l.pause(wait) {
				return
			}
		}
	}
}

func (p *roomIDs) wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.stock) <= roomStock/2
}

// draw asks once, in the narrowest range that is not known to be full.
func (p *roomIDs) draw(ctx context.Context) (wait time.Duration, err error) {
	s := p.l.c.store
	n := 0
	for time.Since(p.full[n]) < sweepPause {
		n++
	}
	r, ok := widen(p.l.c.config.ClientIDs, n)
	if !ok {
		return time.Second, nil
	}
	// A small range is not emptied by the stocks of a few nodes.
	ask := min(roomStock, max(1, r.size/64))
	start := uint64(0)
	if n < p.known {
		start = rand.Uint64N(r.size)
	}
	ids, err := s.run(ctx, scriptDraw, []string{r.key(&s.keys, "r", "bits"), r.key(&s.keys, "r", "cur")},
		[]string{strconv.FormatUint(ask, 10), strconv.FormatUint(r.low, 10), strconv.FormatUint(r.size, 10), strconv.FormatUint(start, 10)}).AsIntSlice()
	if err != nil {
		return 0, err
	}
	p.known = max(p.known, n+1)
	if len(ids) == 0 {
		return p.exhausted(ctx, n, r)
	}
	p.mu.Lock()
	for _, id := range ids {
		p.stock = append(p.stock, uint64(id))
	}
	p.mu.Unlock()
	return 0, nil
}

// exhausted looks for ids of the range that are not in use any more, or waits for the node that
// does. A range in which there are none is left for the next one.
func (p *roomIDs) exhausted(ctx context.Context, n int, r idRange) (wait time.Duration, err error) {
	s := p.l.c.store
	key := r.key(&s.keys, "r", "sweep")
	b := s.client.B()
	got := s.do(ctx, b.Set().Key(key).Value("running").Nx().Px(2*sweepPause).Build())
	if err := got.Error(); err != nil && !rueidis.IsRedisNil(err) {
		return 0, err
	} else if err != nil {
		state, err := s.do(ctx, b.Get().Key(key).Build()).ToString()
		if err == nil && state == "done" {
			p.full[n] = time.Now()
			return 0, nil
		}
		return 100 * time.Millisecond, nil
	}
	freed, err := p.sweep(ctx, r)
	if err != nil {
		return 0, err
	}
	if freed == 0 {
		p.full[n] = time.Now()
	}
	return 0, s.do(ctx, b.Set().Key(key).Value("done").Px(sweepPause).Build()).Error()
}

// sweep frees the ids of the range that are neither a room nor a tombstone.
func (p *roomIDs) sweep(ctx context.Context, r idRange) (freed int, err error) {
	s := p.l.c.store
	const chunk = 512
	for at := uint64(0); at < r.size; at += chunk {
		b := s.client.B()
		cmds := make(rueidis.Commands, 0, 2*chunk)
		end := min(at+chunk, r.size)
		for off := at; off < end; off++ {
			k := s.keys.room(chat.RoomID(r.low + off))
			cmds = append(cmds, b.Exists().Key(k.meta, k.tomb).Build())
		}
		var clear rueidis.Commands
		for i, res := range s.doMulti(ctx, cmds...) {
			used, err := res.AsInt64()
			if err != nil {
				return freed, err
			}
			if used == 0 {
				clear = append(clear, b.Setbit().Key(r.key(&s.keys, "r", "bits")).Offset(int64(at)+int64(i)).Value(0).Build())
			}
		}
		for _, res := range s.doMulti(ctx, clear...) {
			if err := res.Error(); err != nil {
				return freed, err
			}
		}
		freed += len(clear)
	}
	return freed, nil
}
