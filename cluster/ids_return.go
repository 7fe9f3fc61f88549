package cluster

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"chatroom/internal/chat"
)

// runFree gives ids back until the node closes.
func (p *clientIDs) runFree() {
	for {
		select {
		case <-p.l.ctx.Done():
			return
		case <-p.frees:
		}
		for try := 0; ; {
			batch := p.takeFreed()
			if len(batch) == 0 {
				break
			}
			if err := p.freeNow(p.l.ctx, batch); err != nil {
				if !p.l.pause(backoff(try)) {
					return
				}
				try++
				continue
			}
			try = 0
			p.mu.Lock()
			p.freeing = nil
			p.mu.Unlock()
		}
	}
}

// takeFreed returns what is under way back, or takes the next ids for that. They are taken out of
// freed: forget may empty that meanwhile, and others come into it.
func (p *clientIDs) takeFreed() []granted {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.freeing) == 0 {
		n := min(len(p.freed), freeChunk)
		p.freeing, p.freed = p.freed[:n:n], p.freed[n:]
	}
	return p.freeing
}

// returning is how many ids are on their way back. Any goroutine.
func (p *clientIDs) returning() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.freed) + len(p.freeing)
}

// freeNow gives ids back and returns when Redis has them.
func (p *clientIDs) freeNow(ctx context.Context, ids []granted) error {
	s := p.l.c.store
	var calls []call
	for r, args := range p.byRange(ids) {
		for len(args) > 0 {
			n := min(len(args), 2*freeChunk)
			calls = append(calls, call{script: scriptFree,
				keys: []string{r.key(&s.keys, "c", "bits"), r.key(&s.keys, "c", "own")},
				args: append([]string{strconv.FormatUint(r.low, 10)}, args[:n]...)})
			args = args[n:]
		}
	}
	for _, r := range s.runMulti(ctx, calls) {
		if err := r.Error(); err != nil {
			return err
		}
	}
	return nil
}

// byRange sorts ids into pairs of id and grant for the scripts of their ranges.
func (p *clientIDs) byRange(ids []granted) map[idRange][]string {
	sorted := make(map[idRange][]string)
	for _, g := range ids {
		if r, ok := rangeOf(p.l.c.config.ClientIDs, g.id); ok {
			sorted[r] = append(sorted[r], strconv.FormatUint(g.id, 10), g.grant)
		}
	}
	return sorted
}

// claim tells Redis which ids this node holds, and returns those that it lost to others.
func (p *clientIDs) claim(ctx context.Context, ids []granted) (lost map[uint64]bool, err error) {
	s := p.l.c.store
	var calls []call
	hold := strconv.FormatInt((2*p.l.times.heartbeat + time.Second).Milliseconds(), 10)
	for r, args := range p.byRange(ids) {
		for len(args) > 0 {
			n := min(len(args), 2*claimChunk)
			calls = append(calls, call{script: scriptClaim,
				keys: []string{r.key(&s.keys, "c", "bits"), r.key(&s.keys, "c", "own"), r.key(&s.keys, "c", "cur"), r.key(&s.keys, "c", "hold")},
				args: append([]string{p.l.lease.node(), strconv.FormatUint(r.low, 10), strconv.FormatUint(r.size, 10), hold,
					strconv.FormatUint(rand.Uint64N(r.size), 10)}, args[:n]...)})
			args = args[n:]
		}
	}
	lost = make(map[uint64]bool)
	for _, r := range s.runMulti(ctx, calls) {
		ids, err := r.AsIntSlice()
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			lost[uint64(id)] = true
		}
	}
	return lost, nil
}

// claimAll claims the stock and the ids of all sessions; who lost one is disconnected.
func (p *clientIDs) claimAll(ctx context.Context) error {
	p.mu.Lock()
	held := append([]granted(nil), p.stock...)
	p.mu.Unlock()
	held = append(held, p.l.sessions.grants()...)
	for len(held) > 0 {
		n := min(len(held), 8*claimChunk)
		lost, err := p.claim(ctx, held[:n])
		if err != nil {
			return err
		}
		p.disown(lost)
		held = held[n:]
	}
	return nil
}

// disown forgets ids that belong to others.
func (p *clientIDs) disown(lost map[uint64]bool) {
	if len(lost) == 0 {
		return
	}
	p.mu.Lock()
	kept := make([]granted, 0, len(p.stock))
	for _, g := range p.stock {
		if !lost[g.id] {
			kept = append(kept, g)
		}
	}
	p.stock = kept
	p.mu.Unlock()
	for id := range lost {
		p.l.sessions.lose(chat.ClientID(id), 0, chat.CauseLeaseLost)
	}
}

// giveUp returns the stock; Close only.
func (p *clientIDs) giveUp(ctx context.Context) error {
	p.mu.Lock()
	all := slices.Concat(p.stock, p.freed, p.freeing)
	known := p.known
	p.stock, p.freed, p.freeing = nil, nil, nil
	p.mu.Unlock()
	if err := p.freeNow(ctx, all); err != nil {
		return err
	}
	s := p.l.c.store
	for n := range known {
		if r, ok := widen(p.l.c.config.ClientIDs, n); ok {
			if err := s.do(ctx, s.client.B().Hdel().Key(r.key(&s.keys, "c", "last")).Field(p.l.lease.node()).Build()).Error(); err != nil {
				return err
			}
		}
	}
	return nil
}
