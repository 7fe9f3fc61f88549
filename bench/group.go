package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/machine"
)

// group is the worker processes of one run and what they say.
type group struct {
	workers []*machine.Child
	replies chan told
	ticks   func(worker int, t *load.Tick)
}

// told is one reply and who gave it.
type told struct {
	worker int
	reply  load.Reply
	err    error
}

// limitedError says that a worker gave up because the server's own limits refused it.
type limitedError struct{ text string }

func (e *limitedError) Error() string { return e.text }

// perWorker is how many connections a worker takes: what its file limit allows, less its own files.
func perWorker(files int) int { return max(1, min(files-200, 60_000)) }

// startGroup starts workers and gives each its part of the rooms. A room is never divided.
func startGroup(ctx context.Context, o *options, s shape, dialect string, targets []string, cpus []int, files int) (*group, error) {
	me, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("chatroom-bench: %w", err)
	}
	parts, err := divide(s.rooms, o.workers, perWorker(files))
	if err != nil {
		return nil, err
	}
	g := &group{replies: make(chan told, 256)}
	run := uint32(time.Now().UnixNano())
	for n, rooms := range parts {
		cpu := -1
		if len(cpus) > 0 {
			cpu = cpus[n%len(cpus)]
		}
		c, err := machine.Start(machine.Spawn{Name: fmt.Sprintf("worker %d", n), Path: me, Args: []string{roleWorker}, CPUs: cpus, Pipe: true})
		if err != nil {
			g.stop()
			return nil, err
		}
		g.workers = append(g.workers, c)
		go g.listen(n, c)
		share := float64(total(rooms)) / float64(s.connections())
		plan := &load.Plan{
			Dialect: dialect, Targets: targets, Rooms: rooms, Worker: n, Run: run, Seed: o.seed, InFlight: max(1, s.inFlight/len(parts)),
			BusyPoll: s.busyPoll, CPU: cpu, Alone: true, Window: s.window, Rate: s.rate * share, Resume: s.resume, Patience: o.patience,
			TextBytes: max(s.text, textBytes), Ops: scaled(s.ops, share), Tick: tickEvery,
		}
		if len(parts) > 1 && loopback(targets) {
			// One address each, so that the ports of one do not run out.
			plan.Source = fmt.Sprintf("127.0.%d.%d", 1+n/250, 2+n%250)
		}
		if err := g.tell(n, load.Command{Do: load.DoPlan, Plan: plan}); err != nil {
			g.stop()
			return nil, err
		}
	}
	if err := g.all(ctx, load.IsReady, nil); err != nil {
		g.stop()
		return nil, err
	}
	return g, nil
}

const (
	textBytes = 120
	tickEvery = 250 * time.Millisecond
)

// divide deals the rooms out to as few workers as can hold them, the largest part as small as
// dealing in turn makes it.
func divide(rooms []int, workers, most int) ([][]int, error) {
	for n := max(1, min(workers, len(rooms)), (total(rooms)+most-1)/most); n <= len(rooms); n++ {
		parts := make([][]int, n)
		sums := make([]int, n)
		for _, size := range rooms {
			least := 0
			for i := range sums {
				if sums[i] < sums[least] {
					least = i
				}
			}
			parts[least], sums[least] = append(parts[least], size), sums[least]+size
		}
		fits := true
		for _, sum := range sums {
			fits = fits && sum <= most && sum > 0
		}
		if fits {
			return parts, nil
		}
	}
	return nil, fmt.Errorf("chatroom-bench: %d connections in %d rooms do not fit into processes of %d files each", total(rooms), len(rooms), most)
}

func total(rooms []int) (n int) {
	for _, size := range rooms {
		n += size
	}
	return n
}

func scaled(ops map[load.Op]float64, share float64) map[load.Op]float64 {
	part := make(map[load.Op]float64, len(ops))
	for op, rate := range ops {
		part[op] = rate * share
	}
	return part
}

func loopback(targets []string) bool {
	for _, t := range targets {
		if len(t) < 4 || t[:4] != "127." {
			return false
		}
	}
	return true
}

func (g *group) listen(n int, c *machine.Child) {
	lines := c.Lines()
	for lines.Scan() {
		var r load.Reply
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			g.replies <- told{worker: n, err: fmt.Errorf("chatroom-bench: %s said %.80q", c.Name, lines.Bytes())}
			return
		}
		g.replies <- told{worker: n, reply: r}
		if r.Is == load.IsGone {
			return
		}
	}
	g.replies <- told{worker: n, err: fmt.Errorf("chatroom-bench: %s ended:%s", c.Name, c.Trouble())}
}

func (g *group) tell(n int, c load.Command) error {
	line, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("chatroom-bench: %w", err)
	}
	return g.workers[n].Send(append(line, '\n'))
}

func (g *group) tellAll(c load.Command) error {
	var faults []error
	for n := range g.workers {
		faults = append(faults, g.tell(n, c))
	}
	return errors.Join(faults...)
}

// all waits until every worker has said is. take may be nil.
func (g *group) all(ctx context.Context, is string, take func(load.Reply)) error {
	for left := len(g.workers); left > 0; {
		r, err := g.next(ctx)
		if err != nil {
			return err
		}
		if r.Is == is {
			left--
			if take != nil {
				take(r)
			}
		}
	}
	return nil
}

// next is the next reply that is not a tick.
func (g *group) next(ctx context.Context) (load.Reply, error) {
	for {
		select {
		case <-ctx.Done():
			return load.Reply{}, ctx.Err()
		case t := <-g.replies:
			switch {
			case t.err != nil:
				return load.Reply{}, t.err
			case t.reply.Is == load.IsFailed && t.reply.Limited:
				return load.Reply{}, &limitedError{t.reply.Error}
			case t.reply.Is == load.IsFailed:
				return load.Reply{}, errors.New(t.reply.Error)
			case t.reply.Is == load.IsTick:
				if g.ticks != nil {
					g.ticks(t.worker, t.reply.Tick)
				}
			default:
				return t.reply, nil
			}
		}
	}
}

// stop ends the workers; their connections say goodbye first.
func (g *group) stop() {
	done := make(chan struct{})
	go func() { // whoever still talks must not block on a full channel
		for {
			select {
			case <-g.replies:
			case <-done:
				return
			}
		}
	}()
	for n := range g.workers {
		_ = g.tell(n, load.Command{Do: load.DoQuit})
	}
	for _, c := range g.workers {
		select {
		case <-c.Ended():
		case <-time.After(5 * time.Second):
		}
		c.Stop()
	}
	close(done)
}
