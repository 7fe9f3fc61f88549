package cluster

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Bounds of a node's store of unused client ids.
const (
	idBlock    = 64   // ids are granted in multiples of it
	minStock   = 512  // what a node keeps ahead
	maxStock   = 4096 // and at most, under the greatest demand
	maxTake    = 512  // ids of one request: about a millisecond of Redis
	freeChunk  = 128  // ids given back in one request
	claimChunk = 256  // ids claimed in one request
)

// granted is a client id with the mark under which it was granted to a node.
type granted struct {
	id    uint64
	grant string
}

// clientIDs hands out client ids without a round trip: a stock of granted ones is kept ahead.
type clientIDs struct {
	// Immutable after open.
	l     *life
	wakes chan struct{}
	frees chan struct{}

	// Guarded by mu.
	mu      sync.Mutex
	stock   []granted // oldest first
	low     int       // the smallest stock since the last grant
	target  int
	narrow  int       // ids of the last grant when Redis gave fewer than asked, else 0
	known   int       // ranges that this node has taken from
	freed   []granted // to be given back
	freeing []granted // of those, the ones that Redis is being told of

	// Owned by the goroutine of run (by Start's before).
	full map[int]time.Time // when range n had no id left
	open bool              // the last take may have granted ids that did not arrive
}

func newClientIDs(l *life) *clientIDs {
	return &clientIDs{l: l, wakes: make(chan struct{}, 1), frees: make(chan struct{}, 1), target: minStock, full: make(map[int]time.Time)}
}

// agree refuses another range than the one the cluster began with: bitmaps would overlap.
func (p *clientIDs) agree(ctx context.Context) error {
	s := p.l.c.store
	r := p.l.c.config.ClientIDs
	mine := fmt.Sprintf("%d-%d", r.Low, r.High)
	key := s.keys.tagged("ids", "range")
	if err := s.do(ctx, s.client.B().Setnx().Key(key).Value(mine).Build()).Error(); err != nil {
		return fmt.Errorf("cluster: client ids: %w", err)
	}
	theirs, err := s.do(ctx, s.client.B().Get().Key(key).Build()).ToString()
	if err != nil {
		return fmt.Errorf("cluster: client ids: %w", err)
	}
	if theirs != mine {
		return fmt.Errorf("cluster: client ids %s differ from %s, with which this cluster began", mine, theirs)
	}
	return nil
}

// next takes an id out of the stock. Any goroutine; does not block.
func (p *clientIDs) next() (granted, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.stock) == 0 {
		p.low = 0
		wake(p.wakes)
		return granted{}, false
	}
	g := p.stock[0]
	p.stock = p.stock[1:]
	p.low = min(p.low, len(p.stock))
	if len(p.stock) <= p.markLocked() {
		wake(p.wakes)
	}
	return g, true
}

// markLocked is the stock at which more is asked for.
func (p *clientIDs) markLocked() int {
	if p.narrow > 0 {
		return max(1, p.narrow/2)
	}
	return p.target * 3 / 4
}

// back returns an id that nobody has seen in use. It is the last to be taken again. Any goroutine;
// does not block.
func (p *clientIDs) back(g granted) {
	p.mu.Lock()
	if p.narrow == 0 && len(p.stock) < 2*p.target {
		p.stock = append(p.stock, g)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.free(g)
}

// free gives an id back to the cluster, as soon as Redis answers. Any goroutine; does not block.
func (p *clientIDs) free(g granted) {
	p.mu.Lock()
	p.freed = append(p.freed, g)
	p.mu.Unlock()
	wake(p.frees)
}

// forget drops the stock: it belongs to a former life of the node.
func (p *clientIDs) forget() {
	p.mu.Lock()
	p.stock, p.freed = nil, nil
	p.mu.Unlock()
	wake(p.wakes)
}

// fill makes the first stock; Start only.
func (p *clientIDs) fill(ctx context.Context) error {
	for {
		wait, err := p.take(ctx, random(8))
		if err != nil {
			return fmt.Errorf("cluster: client ids: %w", err)
		}
		p.mu.Lock()
		n := len(p.stock)
		p.mu.Unlock()
		if n > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cluster: client ids: %w", ctx.Err())
		case <-time.After(wait):
		}
	}
}

// run keeps the stock ahead of the demand.
func (p *clientIDs) run() {
	for {
		select {
		case <-p.l.ctx.Done():
			return
		case <-p.wakes:
		}
		grant := random(8)
		for try := 0; p.wanted() > 0; {
			wait, err := p.take(p.l.ctx, grant)
			if err != nil {
				// The same grant again: what Redis gave may be on its way. Nothing else changes,
				// a slow Redis is no sign of a full range or of more demand.
				if !p.l.pause(backoff(try)) {
					return
				}
				try++
				continue
			}
			try, grant = 0, random(8)
			if wait > 0 && !p.l.pause(wait) {
				return
			}
		}
	}
}

// wanted is how many ids to ask for now; 0 while there are enough.
func (p *clientIDs) wanted() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.stock) > p.markLocked() {
		return 0
	}
	n := max(p.target-len(p.stock), idBlock)
	return min((n+idBlock-1)/idBlock*idBlock, maxTake)
}

// take asks once, in the narrowest range that is not known to be full. wait > 0 asks for a pause
// before the next try.
func (p *clientIDs) take(ctx context.Context, grant string) (wait time.Duration, err error) {
	s := p.l.c.store
	n := 0
	for time.Since(p.full[n]) < time.Second {
		n++
	}
	r, ok := widen(p.l.c.config.ClientIDs, n)
	if !ok {
		return time.Second, nil
	}
	p.mu.Lock()
	known := "0"
	if n < p.known {
		known = "1"
	}
	p.mu.Unlock()
	ask := max(p.wanted(), 1)
	node := p.l.lease.node()
	word, rest, err := texts(s.run(ctx, scriptTake, []string{
		r.key(&s.keys, "c", "bits"), r.key(&s.keys, "c", "own"), r.key(&s.keys, "c", "cur"),
		r.key(&s.keys, "c", "last"), r.key(&s.keys, "c", "hold"),
	}, []string{strconv.Itoa(ask), node, grant, strconv.FormatUint(r.low, 10), strconv.FormatUint(r.size, 10), known}))
	p.open = err != nil
	if err != nil {
		return 0, err
	}
	switch word {
	case "FULL":
		p.full[n] = time.Now()
		return 0, nil
	case "HOLD":
		return 500 * time.Millisecond, nil
	case "LOST":
		p.l.lease.reclaim()
		return 500 * time.Millisecond, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// A stock that nearly ran out before the answer was too small: twice as many from here on.
	if p.low < p.target/4 && p.known > 0 {
		p.target = min(2*p.target, maxStock)
	}
	p.known = max(p.known, n+1)
	into := &p.stock
	if node != p.l.lease.node() {
		into = &p.freed // granted to a former life of this node: a reaper takes them for abandoned
		defer wake(p.frees)
	}
	for _, m := range rest {
		*into = append(*into, granted{id: uint64(integer(m)), grant: grant})
	}
	p.narrow = 0
	if len(rest) < ask {
		p.narrow = len(rest)
	}
	p.low = len(p.stock)
	return 0, nil
}

// shrink gives back what a calmer time does not need.
func (p *clientIDs) shrink() {
	p.mu.Lock()
	if p.low > p.target/2 && p.target > minStock {
		p.target /= 2
	}
	var surplus []granted
	if n := len(p.stock) - 2*p.target; n > 0 {
		surplus, p.stock = p.stock[:n:n], p.stock[n:]
	}
	p.low = len(p.stock)
	p.freed = append(p.freed, surplus...)
	p.mu.Unlock()
	if len(surplus) > 0 {
		wake(p.frees)
	}
}
