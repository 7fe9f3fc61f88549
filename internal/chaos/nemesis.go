package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"chatroom/internal/servers"
)

// site is what the nemesis works on: the nodes, each with a link of its own to Redis.
type site struct {
	// Immutable after open.
	redis *servers.Redis
	nodes []*servers.Node
	links []*servers.Proxy
}

// fault is one thing that goes wrong and is mended again before strike returns.
type fault struct {
	name   string
	strike func(ctx context.Context, s *site, r *rand.Rand) error
}

// faults are what the nemesis chooses from. Outages stay well below the resume window: behind it
// people lose their places rightly, and the checker would have to forgive.
var faults = []fault{
	{"kill -9 of a node", func(ctx context.Context, s *site, r *rand.Rand) error {
		n := pick(r, s.nodes)
		n.Kill()
		pause(ctx, between(r, 200, 3000))
		return n.Start(context.WithoutCancel(ctx))
	}},
	{"SIGTERM of a node", func(ctx context.Context, s *site, r *rand.Rand) error {
		n := pick(r, s.nodes)
		code, err := n.Stop()
		if err != nil {
			return err
		}
		if code != 0 {
			return fmt.Errorf("a drained node ended with %d: %s", code, n.Process().Log())
		}
		pause(ctx, between(r, 100, 1000))
		return n.Start(context.WithoutCancel(ctx))
	}},
	{"SIGSTOP of a node for less than its lease", func(ctx context.Context, s *site, r *rand.Rand) error {
		return stopNode(ctx, pick(r, s.nodes), between(r, 500, 6000))
	}},
	{"SIGSTOP of a node for longer than its lease", func(ctx context.Context, s *site, r *rand.Rand) error {
		return stopNode(ctx, pick(r, s.nodes), between(r, 13000, 18000))
	}},
	{"kill -9 of Redis", func(ctx context.Context, s *site, r *rand.Rand) error {
		s.redis.Kill()
		pause(ctx, between(r, 100, 4000))
		return s.redis.Start(context.WithoutCancel(ctx))
	}},
	{"SIGSTOP of Redis", func(ctx context.Context, s *site, r *rand.Rand) error {
		if err := s.redis.Pause(); err != nil {
			return err
		}
		pause(ctx, between(r, 500, 6500))
		return s.redis.Continue()
	}},
	{"CLIENT KILL TYPE pubsub", command("CLIENT", "KILL", "TYPE", "pubsub")},
	{"CLIENT KILL TYPE normal", command("CLIENT", "KILL", "TYPE", "normal")},
	{"CLIENT PAUSE WRITE", command("CLIENT", "PAUSE", "2500", "WRITE")},
	{"SCRIPT FLUSH", command("SCRIPT", "FLUSH")},
	{"link cut", func(ctx context.Context, s *site, r *rand.Rand) error {
		link := pick(r, s.links)
		link.Cut(true)
		pause(ctx, between(r, 100, 5000))
		link.Mend()
		return nil
	}},
	{"link frozen", func(ctx context.Context, s *site, r *rand.Rand) error {
		link := pick(r, s.links)
		link.Freeze()
		pause(ctx, between(r, 500, 6000))
		link.Thaw()
		return nil
	}},
	{"link slow", func(ctx context.Context, s *site, r *rand.Rand) error {
		link := pick(r, s.links)
		link.Delay(between(r, 20, 200))
		pause(ctx, between(r, 1000, 4000))
		link.Delay(0)
		return nil
	}},
}

// starvation is the name of a fault that a test asks for.
const starvation = "a tenth of the processor for a node, for longer than its lease"

// lengthy are faults that would leave a short run no time for others: they strike when they are asked
// for by name, and in runs of lengthyRun and more.
var lengthy = []fault{
	{starvation, func(ctx context.Context, s *site, r *rand.Rand) error {
		return starve(ctx, pick(r, s.nodes), between(r, 11000, 15000))
	}},
}

const lengthyRun = 5 * time.Minute

func command(words ...string) func(context.Context, *site, *rand.Rand) error {
	return func(_ context.Context, s *site, _ *rand.Rand) error {
		// A server that is just being restarted can't take it: the fault is then void.
		_, _ = s.redis.Command(words...)
		return nil
	}
}

func stopNode(ctx context.Context, n *servers.Node, d time.Duration) error {
	if err := n.Pause(); err != nil {
		return err
	}
	pause(ctx, d)
	return n.Continue()
}

// starve lets a node run for a tenth of the time, in turns of a tenth of a second.
func starve(ctx context.Context, n *servers.Node, d time.Duration) error {
	for end := time.Now().Add(d); ctx.Err() == nil && time.Now().Before(end); {
		if err := stopNode(ctx, n, 90*time.Millisecond); err != nil {
			return err
		}
		pause(ctx, 10*time.Millisecond)
	}
	return nil
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func between(r *rand.Rand, low, high int) time.Duration {
	return time.Duration(low+r.IntN(high-low)) * time.Millisecond
}

// pause waits, or returns early when the run ends: a fault is mended all the same.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// torment runs faults until ctx ends, one after the other with short rests, and leaves everything
// mended. The choice follows the seed alone.
func torment(ctx context.Context, s *site, c Config) (struck map[string]int, err error) {
	all := slices.Clone(faults)
	if c.Faults != nil || c.Duration >= lengthyRun {
		all = append(all, lengthy...)
	}
	allowed := slices.DeleteFunc(all, func(f fault) bool {
		return c.Faults != nil && !slices.Contains(c.Faults, f.name)
	})
	r := rand.New(rand.NewPCG(c.Seed, 0x6e656d65736973))
	struck = map[string]int{}
	for ctx.Err() == nil {
		f := pick(r, allowed)
		c.Log.Info("fault", "name", f.name)
		if err := f.strike(ctx, s, r); err != nil {
			return struck, fmt.Errorf("chaos: %s: %w", f.name, err)
		}
		struck[f.name]++
		pause(ctx, between(r, 200, 2500))
	}
	return struck, s.mend()
}

// mend makes sure that nothing is left stopped or cut.
func (s *site) mend() error {
	for _, l := range s.links {
		l.Mend()
		l.Thaw()
		l.Delay(0)
	}
	_ = s.redis.Continue()
	for _, n := range s.nodes {
		if err := n.Process().Signal(syscall.SIGCONT); err != nil {
			return fmt.Errorf("chaos: a node is not running at the end: %w\n%s", err, n.Process().Log())
		}
	}
	return nil
}
