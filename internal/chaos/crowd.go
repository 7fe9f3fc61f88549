package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const peoplePerRoom = 6

// settlePatience is how long people may need for their last answers once everything is mended.
const settlePatience = 90 * time.Second

// Crowd is people in rooms of six that chat with each other until they are told to finish.
type Crowd struct {
	// Immutable after open.
	History *History
	people  []*person
	cancel  context.CancelFunc

	// Atomic; any goroutine.
	wait sync.WaitGroup
}

// NewCrowd lets people connect to the addresses (ws://…/ws), each to a random one each time, and
// chat. ctx bounds their lives.
func NewCrowd(ctx context.Context, addresses []string, rooms int, seed uint64) *Crowd {
	ctx, cancel := context.WithCancel(ctx)
	c := &Crowd{History: NewHistory(), cancel: cancel}
	var found *meeting
	for i := range rooms * peoplePerRoom {
		if i%peoplePerRoom == 0 {
			found = &meeting{ready: make(chan struct{})}
		}
		p := &person{number: i, nodes: addresses, history: c.History, seed: rand.New(rand.NewPCG(seed, uint64(i)+1)), found: found}
		c.people = append(c.people, p)
		c.wait.Go(func() { p.run(ctx) })
	}
	return c
}

// Finish lets everybody get their last answers and messages, ends the crowd and checks what it saw.
func (c *Crowd) Finish(ctx context.Context) Verdict { return c.finish(ctx, settlePatience) }

func (c *Crowd) finish(ctx context.Context, patience time.Duration) Verdict {
	settle(ctx, c.people, c.History, patience)
	c.Leave()
	return Check(c.History)
}

// Leave ends everybody at once.
func (c *Crowd) Leave() {
	c.cancel()
	c.wait.Wait()
}

// settle lets everybody finish: no new messages, every one in flight answered, everyone of a room
// at the same place for two seconds. What is not so after patience is
// complained about.
func settle(ctx context.Context, people []*person, h *History, patience time.Duration) {
	for _, p := range people {
		p.quiet.Store(true)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(patience)
	var since time.Time
	for ctx.Err() == nil {
		<-tick.C
		waiting := unsettled(people)
		switch {
		case len(waiting) > 0 && time.Now().After(deadline):
			for _, p := range waiting {
				h.Complain(p.number, fmt.Sprintf("not settled: at %v, a message unanswered: %v", p.position.Load(), p.pending.Load()))
			}
			return
		case len(waiting) > 0:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > 2*time.Second:
			return
		}
	}
}

// unsettled returns those that wait for an answer or stand behind others of their room.
func unsettled(people []*person) []*person {
	var waiting []*person
	for i := 0; i < len(people); i += peoplePerRoom {
		room := people[i : i+peoplePerRoom]
		var end Place
		for _, p := range room {
			if at := p.position.Load(); at != nil && at.Seq > end.Seq {
				end = *at
			}
		}
		for _, p := range room {
			if at := p.position.Load(); p.pending.Load() || at == nil || *at != end {
				waiting = append(waiting, p)
			}
		}
	}
	return waiting
}
