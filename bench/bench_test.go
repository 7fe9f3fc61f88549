package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/report"
)

func TestDivide(t *testing.T) {
	for _, test := range []struct {
		rooms         []int
		workers, most int
		want          int // parts
	}{
		{equal(10, 100), 0, 20_000, 1},
		{equal(10, 100), 2, 20_000, 2},
		{equal(1000, 100), 0, 19_800, 6},
		{[]int{10_000}, 0, 19_800, 1},
		{[]int{15_000, 15_000}, 0, 19_800, 2},
		{equal(3, 100), 8, 19_800, 3}, // never more parts than rooms
	} {
		parts, err := divide(test.rooms, test.workers, test.most)
		if err != nil || len(parts) != test.want {
			t.Errorf("%d rooms over %d workers: %d parts, %v, want %d", len(test.rooms), test.workers, len(parts), err, test.want)
			continue
		}
		sum, rooms := 0, 0
		for _, part := range parts {
			if n := total(part); n > test.most {
				t.Errorf("a part of %d", n)
			}
			sum, rooms = sum+total(part), rooms+len(part)
		}
		if sum != total(test.rooms) || rooms != len(test.rooms) {
			t.Errorf("%d members in %d rooms were dealt out", sum, rooms)
		}
	}
	if _, err := divide([]int{20_000}, 0, 19_800); err == nil {
		t.Error("a room larger than a process was dealt out")
	}
}

// A bad run can't hide behind good ones.
func TestMedian(t *testing.T) {
	row := func(v float64) *report.Row {
		r := &report.Row{}
		r.Add(report.Throughput, v, "/s")
		return r
	}
	if f, _ := median([]*report.Row{row(3), row(1), row(2)}, report.Throughput).Figure(report.Throughput); f.Value != 2 {
		t.Errorf("median of 1, 2, 3 is %v", f.Value)
	}
	bad := row(9)
	bad.Faults = load.Faults{Lost: 1}
	if got := median([]*report.Row{row(1), bad, row(2)}, report.Throughput); got != bad || got.Repeat != 3 {
		t.Errorf("the row with a loss was left out: %+v", got)
	}
}

// Every scenario gives sound plans in both lengths.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, length := range []string{"short", "full"} {
		o := &options{length: length, given: map[string]string{}}
		for _, s := range o.chosen() {
			if length == "short" && seen[s.variant] {
				t.Errorf("two variants are called %s", s.variant)
			}
			seen[s.variant] = true
			if s.scenario == "" || s.about == "" || s.key == "" || s.duration <= 0 || s.warmUp <= 0 {
				t.Errorf("%s is not complete: %+v", s.variant, s)
			}
			mine := s
			for _, dialect := range []string{load.Chatroom, load.Raw} {
				if dialect == load.Raw && s.plain != nil {
					mine = s.plain(s)
				} else if dialect == load.Raw && len(s.references) == 0 {
					continue
				}
				plan := load.Plan{Dialect: dialect, Targets: []string{"127.0.0.1:1"}, Rooms: mine.rooms, Window: mine.window, Rate: mine.rate, Ops: mine.ops, TextBytes: max(mine.text, textBytes)}
				if err := plan.Validate(); err != nil {
					t.Errorf("%s on %s: %v", s.variant, dialect, err)
				}
			}
		}
	}
	if o := (&options{length: "full", given: map[string]string{}}); len(o.chosen()) < len(scenarios) {
		t.Errorf("%d shapes for %d scenarios", len(o.chosen()), len(scenarios))
	}
}

func TestCurveJoinsWorkers(t *testing.T) {
	var c curve
	for worker := range 2 {
		for i := 1; i <= 3; i++ {
			at := time.Duration(i)*tickEvery + time.Duration(worker)*time.Millisecond
			c.add(worker, &load.Tick{At: at, Deliveries: 100, P99: int64(1000 * (worker + 1)), Connections: 10})
		}
	}
	points := c.points()
	if len(points) != 3 {
		t.Fatalf("%d points, want 3", len(points))
	}
	for _, p := range points {
		if p.Deliveries != 200/tickEvery.Seconds() || p.P99 != 2 || p.Connections != 20 {
			t.Errorf("%+v", p)
		}
	}
}

// In a cluster scenario the limit is one process without Redis, but whoever can be a cluster is one:
// a peer on a single node beside the server on two would be flattered.
func TestWhoTakesTheLoadOfACluster(t *testing.T) {
	o := &options{length: "short", given: map[string]string{}, scenarios: []string{"cluster"}}
	s := o.chosen()[0]
	if s.nodes != 2 {
		t.Fatalf("%s has %d nodes", s.variant, s.nodes)
	}
	for _, test := range []struct {
		subject subject
		takes   bool
		nodes   int
	}{
		{subject{name: chatroomName, cluster: true}, true, 2},
		{subject{name: limitBatched}, true, 0},
		{subject{name: "socket.io", peer: true, cluster: true}, true, 2},
		{subject{name: "gws", peer: true}, false, 0},
	} {
		takers := o.takers(s, []subject{test.subject})
		if taken := len(takers) == 1; taken != test.takes {
			t.Errorf("%s takes the load: %v", test.subject.name, taken)
		}
		if mine := s.on(test.subject); test.takes && mine.nodes != test.nodes {
			t.Errorf("%s has %d nodes, want %d", test.subject.name, mine.nodes, test.nodes)
		}
	}
	if o.urls = []string{"127.0.0.1:1"}; o.unfit(s) == "" {
		t.Error("one running server counts as a cluster of two")
	}
}

func TestBound(t *testing.T) {
	row := &report.Row{}
	row.Add("closed", 4, "")
	for _, test := range []struct {
		bound bound
		kept  bool
	}{
		{bound{figure: "closed", most: 4}, true},
		{bound{figure: "closed", most: 3}, false},
		{bound{figure: "closed", most: 4, atLeast: true}, true},
		{bound{figure: "closed", most: 5, atLeast: true}, false},
		{bound{figure: "nothing", most: 5}, true},
		{bound{figure: "nothing", most: 5, atLeast: true}, false},
	} {
		if why := test.bound.broken(row); (why == "") != test.kept {
			t.Errorf("%+v: %q", test.bound, why)
		}
	}
}

// The server gets a CPU that this program may use, whatever its number is.
func TestPlacement(t *testing.T) {
	for _, test := range []struct {
		pinned       bool
		cpus         []int
		server, load []int
	}{
		{true, []int{0, 1}, []int{0}, []int{1}},
		{true, []int{2, 5, 7}, []int{2}, []int{5, 7}},
		{true, []int{3}, nil, nil},
		{false, []int{0, 1}, nil, nil},
	} {
		if server, load := placement(test.pinned, test.cpus); !slices.Equal(server, test.server) || !slices.Equal(load, test.load) {
			t.Errorf("%v of %v: server %v, load %v", test.pinned, test.cpus, server, load)
		}
	}
}

// However many workers there are: each of those that stopped reading has to be closed.
func TestSlowReadersAreAShare(t *testing.T) {
	none := load.NewHistogram().Encode()
	totals := func(stalled int, closes uint64) *load.Totals {
		return &load.Totals{Window: time.Second, Stalled: stalled, Events: map[string]uint64{"close 4000": closes}, Latency: none, Replayed: none, Late: none}
	}
	demand := slow.shapes(&options{length: "short"})[0].bounds[0]
	for _, test := range []struct {
		totals []*load.Totals
		kept   bool
	}{
		{[]*load.Totals{totals(5, 5)}, true},
		{[]*load.Totals{totals(2, 2), totals(2, 2)}, true},
		{[]*load.Totals{totals(2, 2), totals(2, 1)}, false},
		{[]*load.Totals{totals(5, 0)}, false},
		{[]*load.Totals{totals(0, 0)}, false},
	} {
		p := &play{o: &options{}, instance: &instance{}, row: &report.Row{Events: map[string]uint64{}}, totals: test.totals}
		if err := p.trafficFigures(); err != nil {
			t.Fatal(err)
		}
		if why := demand.broken(p.row); (why == "") != test.kept {
			t.Errorf("%+v: %q", p.row.Figures, why)
		}
	}
}

// The figures that stand beside other servers.
func TestBesideOthers(t *testing.T) {
	row := func(subject string, throughput, p99 float64) *report.Row {
		r := &report.Row{Subject: subject}
		r.Add(report.Throughput, throughput, "/s")
		r.AddLess(report.P99, p99, "ms")
		r.AddLess(report.CPUCost, 1e6/throughput, "s")
		return r
	}
	mine, limit, peer := row(chatroomName, 500, 3), row(limitBatched, 1000, 2), row("gws", 200, 9)
	closed := shape{window: 1, key: report.Throughput}
	addShare(mine, limit, closed)
	addOver(mine, peer, closed.key)
	for name, want := range map[string]float64{report.Share: 0.5, "cpu_over_limit": 2, "p99_over_limit": 1.5, "over_gws": 2.5} {
		if f, found := mine.Figure(name); !found || f.Value != want {
			t.Errorf("%s is %v, %v, want %v", name, f.Value, found, want)
		}
	}
	open := row(chatroomName, 500, 3)
	addShare(open, limit, shape{rate: 1, key: report.CPUCost})
	if f, found := open.Figure("p99_above_limit_ms"); !found || f.Value != 1 {
		t.Errorf("p99 above the limit: %v, %v", f.Value, found)
	}
}

func TestReadMetrics(t *testing.T) {
	values, version := readMetrics(strings.NewReader(`# HELP chatroom_rooms Rooms.
# TYPE chatroom_rooms gauge
chatroom_rooms 500
chatroom_rooms_split 247
chatroom_handshakes_total{result="ok"} 7
chatroom_build_info{go_version="go1.26.8",server_id="x",version="abc"} 1
`))
	if values[metricRooms] != 500 || values[metricSplit] != 247 || version != "abc" {
		t.Errorf("%v, version %q", values, version)
	}
	if _, version := readMetrics(strings.NewReader(`chatroom_build_info{version="v1",go_version="go1.26.8"} 1`)); version != "v1" {
		t.Errorf("version %q", version)
	}
}

// One lost message among good rows is enough for exit code 1.
func TestVerdict(t *testing.T) {
	o := &options{}
	good, bad := &report.Row{Variant: "a", Subject: chatroomName}, &report.Row{Variant: "b", Subject: chatroomName, Faults: load.Faults{Lost: 1}}
	if err := o.verdict(&report.Result{Rows: []*report.Row{good}}); err != nil {
		t.Error(err)
	}
	if err := o.verdict(&report.Result{Rows: []*report.Row{good, bad}}); err == nil || !strings.Contains(err.Error(), "b on chatroom") {
		t.Errorf("a loss went by: %v", err)
	}
	// What was left out counts only when it was asked for by name.
	skipped := &report.Result{Rows: []*report.Row{good}, Skipped: map[string]string{"cluster": "no Redis"}}
	if err := o.verdict(skipped); err != nil {
		t.Error(err)
	}
	if o.scenarios = []string{"cluster"}; o.verdict(skipped) == nil {
		t.Error("a scenario that was asked for did not run, and nobody says so")
	}
}
