package main

import (
	"fmt"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

// shape is one load: who is connected, what they do, for how long, and what is looked at.
type shape struct {
	scenario string
	variant  string
	about    string // the load in a sentence

	rooms    []int
	window   int     // closed loop: messages in flight per room
	rate     float64 // open loop: messages a second
	ops      map[load.Op]float64
	resume   bool
	inFlight int // handshakes on their way at once
	busyPoll bool
	pinned   bool // server on one core, load on the others; else the kernel places them

	nodes int      // of the server, with Redis between them; 0 = one node without Redis
	args  []string // of the server, besides the usual ones
	text  int      // bytes of a message; 0 = textBytes

	warmUp, duration time.Duration
	settle           time.Duration // wait between opening and traffic, then look at the memory
	noTraffic        bool
	splits           bool // say which share of the rooms is split over event loops
	moments          []moment
	bounds           []bound

	references []string // servers that take the same load, the first one is the limit of the share
	key        string   // the figure of the share
	// plain says what the references do instead: they know no operations and no RESUME.
	plain func(shape) shape
}

// moment is something the coordinator does to all workers while the traffic runs.
type moment struct {
	after float64 // share of the measuring window
	do    load.Command
}

// bound is what a scenario demands of a figure by its own nature, whatever the machine: not above
// most, or with atLeast not below it.
type bound struct {
	figure  string
	most    float64
	why     string
	atLeast bool
}

// broken says how a row does not keep the bound; empty = it does.
func (b bound) broken(row *report.Row) string {
	f, found := row.Figure(b.figure)
	switch {
	case !found && b.atLeast:
		return fmt.Sprintf("%s was not measured: %s", b.figure, b.why)
	case !found:
		return ""
	case b.atLeast && f.Value < b.most:
		return fmt.Sprintf("%s is %.4g, at least %.4g: %s", b.figure, f.Value, b.most, b.why)
	case !b.atLeast && f.Value > b.most:
		return fmt.Sprintf("%s is %.4g, at most %.4g: %s", b.figure, f.Value, b.most, b.why)
	}
	return ""
}

func (s shape) connections() int {
	n := 0
	for _, size := range s.rooms {
		n += size
	}
	return n
}

// setup is the shape in numbers, for the report.
func (s shape) setup(server, loads []int, workers int) report.Setup {
	setup := report.Setup{
		Rooms: len(s.rooms), Members: s.connections(), Window: s.window, Rate: s.rate, TextBytes: max(s.text, textBytes),
		Nodes: max(1, s.nodes), ServerCPUs: server, LoadCPUs: loads, BusyPoll: s.busyPoll, Workers: workers,
	}
	if !s.noTraffic {
		setup.WarmUp, setup.Duration = s.warmUp.Seconds(), s.duration.Seconds()
	}
	if len(s.ops) > 0 {
		setup.Operations = make(map[string]float64, len(s.ops))
		for op, rate := range s.ops {
			setup.Operations[string(op)] = rate
		}
	}
	return setup
}

// equal gives count rooms of size members.
func equal(count, size int) []int {
	rooms := make([]int, count)
	for i := range rooms {
		rooms[i] = size
	}
	return rooms
}

// sizes picks by the length of the run.
func (o *options) pick(short, full int) int {
	if o.length == "full" {
		return full
	}
	return short
}

// timed fills in warm-up, window and what else a shape leaves open.
func (o *options) timed(s shape) shape {
	if s.inFlight == 0 {
		s.inFlight = 64
	}
	if s.warmUp == 0 {
		s.warmUp = 400 * time.Millisecond
		if o.length == "full" {
			s.warmUp = 2 * time.Second
		}
	}
	if s.duration == 0 {
		s.duration = 2 * time.Second
		if o.length == "full" {
			s.duration = 8 * time.Second
		}
	}
	if o.warmUp > 0 {
		s.warmUp = o.warmUp
	}
	if o.duration > 0 {
		s.duration = o.duration
	}
	return s
}
