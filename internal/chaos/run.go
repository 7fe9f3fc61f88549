package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"chatroom/internal/servers"
)

const peoplePerRoom = 6

// Config is one run. Zero values are the defaults named at the fields.
type Config struct {
	Binary   string        // the chatroom program; needed
	Dir      string        // where everything keeps its files; needed
	Seed     uint64        // what the nemesis follows
	Duration time.Duration // of trouble; 60 s
	Nodes    int           // 3
	Rooms    int           // of six people each; 4
	Env      []string      // for the nodes
	Log      *slog.Logger  // nothing is logged without
}

// Report says what a run did and what the checker found.
type Report struct {
	Seed                          uint64
	Verdict                       Verdict
	Acked, Seen, Resumes, Rebases int
	Faults                        map[string]int
	Everyone                      int
}

// String is the report for a terminal.
func (r Report) String() string {
	n := 0
	for _, c := range r.Faults {
		n += c
	}
	return fmt.Sprintf("seed %d: %d people, %d acknowledged, %d seen, %d resumes, %d told of a gap, %d faults\n%v",
		r.Seed, r.Everyone, r.Acked, r.Seen, r.Resumes, r.Rebases, n, r.Verdict)
}

// Run starts Redis and the nodes, lets people chat while the nemesis works, heals everything, waits
// until everybody has everything, and checks. It talks to loopback only and ends by itself: at the
// latest two minutes behind Duration.
func Run(ctx context.Context, c Config) (Report, error) {
	c = c.withDefaults()
	s, err := c.start(ctx)
	if err != nil {
		return Report{}, err
	}
	defer s.stop()
	report := Report{Seed: c.Seed, Everyone: c.Rooms * peoplePerRoom}
	h := NewHistory()
	people, stop := c.people(ctx, s, h)
	defer stop()

	trouble, cancel := context.WithTimeout(ctx, c.Duration)
	defer cancel()
	if report.Faults, err = torment(trouble, s, c.Seed, c.Log); err != nil {
		return report, err
	}
	if err := ctx.Err(); err != nil {
		return report, err
	}
	settle(ctx, people, h)
	stop()
	report.Verdict = Check(h)
	report.Acked, report.Seen, report.Resumes, report.Rebases = h.Counts()
	return report, nil
}

func (c Config) withDefaults() Config {
	if c.Duration == 0 {
		c.Duration = time.Minute
	}
	if c.Nodes == 0 {
		c.Nodes = 3
	}
	if c.Rooms == 0 {
		c.Rooms = 4
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// start brings up Redis and the nodes, each behind a link of its own.
func (c Config) start(ctx context.Context) (_ *site, err error) {
	s := &site{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	dir := filepath.Join(c.Dir, "redis")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("chaos: %w", err)
	}
	if s.redis, err = servers.StartRedis(ctx, dir); err != nil {
		return nil, err
	}
	for range c.Nodes {
		l, err := servers.NewProxy(s.redis.Addr())
		if err != nil {
			return nil, err
		}
		s.links = append(s.links, l)
		n, err := servers.StartNode(ctx, c.Dir, c.Binary, c.Env, "--redis-url", "redis://"+l.Addr(),
			"--drain", "2s", "--message-rate", "0", "--handshake-rate", "0", "--log-format", "json")
		if err != nil {
			return nil, err
		}
		s.nodes = append(s.nodes, n)
	}
	return s, nil
}

func (s *site) stop() {
	for _, n := range s.nodes {
		n.Kill()
	}
	for _, l := range s.links {
		l.Close()
	}
	if s.redis != nil {
		s.redis.Kill()
	}
}

// people starts everybody; stop ends them and waits.
func (c Config) people(ctx context.Context, s *site, h *History) ([]*person, func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	var people []*person
	var addresses []string
	for _, n := range s.nodes {
		addresses = append(addresses, n.WebSocket())
	}
	var room *meeting
	for i := range c.Rooms * peoplePerRoom {
		if i%peoplePerRoom == 0 {
			room = &meeting{ready: make(chan struct{})}
		}
		p := &person{number: i, nodes: addresses, history: h, seed: rand.New(rand.NewPCG(c.Seed, uint64(i)+1)), found: room}
		people = append(people, p)
		wait.Add(1)
		go func() {
			defer wait.Done()
			p.run(ctx)
		}()
	}
	return people, func() {
		cancel()
		wait.Wait()
	}
}

// settle lets everybody finish: no new messages, every one in flight answered, everyone of a room
// at the same place for two seconds. What is not so after 90 s is complained about.
func settle(ctx context.Context, people []*person, h *History) {
	for _, p := range people {
		p.quiet.Store(true)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(90 * time.Second)
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
