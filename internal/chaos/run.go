package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"chatroom/internal/servers"
)

// Config is one run. Zero values are the defaults named at the fields.
type Config struct {
	Binary   string        // the chatroom program; needed
	Dir      string        // where everything keeps its files; needed
	Seed     uint64        // what the nemesis follows
	Duration time.Duration // of trouble; 60 s
	Nodes    int           // 3
	Rooms    int           // of six people each; 4
	Env      []string      // for the nodes
	Faults   []string      // what the nemesis may do, by name; everything
	// Impatient ends the settling after 10 s instead of 90: for runs that are expected to fail.
	Impatient bool
	Log       *slog.Logger // nothing is logged without
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
	crowd := NewCrowd(ctx, s.addresses(), c.Rooms, c.Seed)
	defer crowd.Leave()

	trouble, cancel := context.WithTimeout(ctx, c.Duration)
	defer cancel()
	if report.Faults, err = torment(trouble, s, c); err != nil {
		return report, err
	}
	if err := ctx.Err(); err != nil {
		return report, err
	}
	patience := settlePatience
	if c.Impatient {
		patience = 10 * time.Second
	}
	report.Verdict = crowd.finish(ctx, patience)
	report.Acked, report.Seen, report.Resumes, report.Rebases = crowd.History.Counts()
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

// addresses are where the people connect.
func (s *site) addresses() []string {
	var out []string
	for _, n := range s.nodes {
		out = append(out, n.WebSocket())
	}
	return out
}
