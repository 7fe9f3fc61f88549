package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Zombie plays the fault that only fencing stops: a node is stopped while a message of its client
// waits in its socket; the client goes on elsewhere and leaves the room; then the node wakes up and
// still holds the message of somebody who has left. A witness in the room writes down what it sees.
func Zombie(ctx context.Context, c Config) (Verdict, error) {
	c = c.withDefaults()
	c.Nodes = 2
	s, err := c.start(ctx)
	if err != nil {
		return Verdict{}, err
	}
	defer s.stop()
	h := NewHistory()
	found := &meeting{ready: make(chan struct{})}
	newPerson := func(number, node int) *person {
		return &person{number: number, nodes: []string{s.nodes[node].WebSocket()}, history: h,
			seed: rand.New(rand.NewPCG(c.Seed, uint64(number))), found: found}
	}
	witness, walker := newPerson(0, 1), newPerson(1, 0)
	witness.quiet.Store(true)
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	wait.Go(func() { witness.run(ctx) })
	if err := walker.walk(ctx, s); err != nil {
		return Verdict{}, fmt.Errorf("chaos: zombie: %w", err)
	}
	// The woken node answers /ready only when its link works again: by then it has tried.
	if err := s.nodes[0].Process().Await(ctx, s.nodes[0].Ready); err != nil {
		return Verdict{}, err
	}
	pause(ctx, 2*time.Second)
	cancel()
	wait.Wait()
	walker.closeLink()
	return Check(h), nil
}

// walk enters the room on the first node, leaves a message with it while it is stopped, takes the
// session to the second and leaves the room there.
func (p *person) walk(ctx context.Context, s *site) error {
	if err := p.arrive(ctx); err != nil {
		return err
	}
	if err := s.nodes[0].Pause(); err != nil {
		return err
	}
	p.history.Sent(p.number, "late")
	if err := p.write(map[string]any{"type": "SEND_MESSAGE", "id": "late", "text": "late", "roomId": p.room}); err != nil {
		return err
	}
	former := p.conn
	defer former.close()
	p.nodes = []string{s.nodes[1].WebSocket()}
	p.conn = nil
	if err := p.arrive(ctx); err != nil {
		return err
	}
	if err := p.write(map[string]any{"type": "LEAVE_ROOM", "id": "leave"}); err != nil {
		return err
	}
	if _, err := p.expect(ctx, "ACK", "leave"); err != nil {
		return err
	}
	// The former connection stays open until the node has read from it.
	if err := s.nodes[0].Continue(); err != nil {
		return err
	}
	for {
		if _, err := former.read(ctx, answerTimeout); err != nil {
			return nil
		}
	}
}

// arrive connects, takes up the session if there is one, and enters the room.
func (p *person) arrive(ctx context.Context) error {
	conn, err := dial(ctx, p.nodes[0])
	if err != nil {
		return err
	}
	p.conn = conn
	welcome, err := p.expect(ctx, "CONNECT", "")
	if err != nil {
		return err
	}
	if p.session == "" {
		p.session = welcome.Session
	} else if err := p.resume(ctx, welcome.Session); err != nil {
		return err
	}
	return p.enter(ctx)
}
