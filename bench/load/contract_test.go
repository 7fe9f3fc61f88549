package load_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"chatroom/bench/load"
	"chatroom/internal/chat"
)

// amidst is how long the load lasts while something is done to it: a machine that stands still for a
// moment must not find it over.
const amidst = 2 * time.Second

func contractPlan(target string) load.Plan {
	return load.Plan{Dialect: load.Chatroom, Targets: []string{target}, Rooms: rooms(1, 5), Run: 9, Rate: 100, Patience: 500 * time.Millisecond}
}

// A server that keeps the contract passes, in every way the load can be put on it.
func TestHonestServer(t *testing.T) {
	t.Run("open", func(t *testing.T) {
		plan := contractPlan(startScript(t, &script{}))
		plan.Rooms, plan.Patience = rooms(3, 5), 10*time.Second
		totals := startWorker(t, plan).run(100*time.Millisecond, 500*time.Millisecond)
		if totals.Faults.Any() || totals.Checked < 15 {
			t.Errorf("%+v", totals)
		}
	})
	t.Run("closed", func(t *testing.T) {
		plan := contractPlan(startScript(t, &script{}))
		plan.Rate, plan.Window, plan.Patience = 0, 4, 10*time.Second
		totals := startWorker(t, plan).run(100*time.Millisecond, 300*time.Millisecond)
		if totals.Faults.Any() || totals.Checked < 5*4 {
			t.Errorf("%+v", totals)
		}
	})
	t.Run("operations", func(t *testing.T) {
		plan := contractPlan(startScript(t, &script{}))
		plan.Rooms, plan.Patience = rooms(3, 6), 10*time.Second
		plan.Ops = map[load.Op]float64{load.OpMove: 50, load.OpRejoin: 50, load.OpReplace: 30, load.OpRename: 50, load.OpPing: 20, load.OpList: 20, load.OpHistory: 20}
		totals := startWorker(t, plan).run(100*time.Millisecond, time.Second)
		if totals.Faults.Any() {
			t.Errorf("%+v", totals.Faults)
		}
		for op := range plan.Ops {
			h, err := load.DecodeHistogram(totals.Ops[op])
			if err != nil || h.Count() == 0 {
				t.Errorf("no %s was measured: %v", op, err)
			}
		}
	})
	t.Run("cut", func(t *testing.T) {
		plan := contractPlan(startScript(t, &script{}))
		plan.Resume, plan.Patience = true, 10*time.Second
		d := startWorker(t, plan)
		d.do(load.Command{Do: load.DoOpen})
		d.await(load.IsOpened)
		d.do(load.Command{Do: load.DoTraffic, WarmUp: 100 * time.Millisecond, Duration: amidst})
		d.await(load.IsMeasuring)
		d.do(load.Command{Do: load.DoCut})
		if r := d.await(load.IsResumed).Resume; r.Connections != 5 || r.Recovered != 5 {
			t.Errorf("resumed: %+v", r)
		}
		if totals := d.await(load.IsDrained).Totals; totals.Faults.Lost+totals.Faults.Unrecovered+totals.Faults.Invented > 0 || totals.Resumed != 5 {
			t.Errorf("%+v", totals)
		}
	})
}

// Every kind of broken promise makes the run fail, and under its own name.
func TestBrokenPromises(t *testing.T) {
	isMessage := func(event []byte) bool { return bytes.Contains(event, []byte("NEW_MESSAGE")) }
	var held []byte
	for _, test := range []struct {
		name   string
		tamper func(member int, seq uint64, event []byte) [][]byte
		count  func(load.Faults) uint64
	}{
		{"dropped", func(member int, seq uint64, event []byte) [][]byte {
			if member == 2 && seq == 10 {
				return nil
			}
			return [][]byte{event}
		}, func(f load.Faults) uint64 { return f.Lost }},
		{"dropped last", func(member int, seq uint64, event []byte) [][]byte {
			if member == 2 && seq >= 20 {
				return nil
			}
			return [][]byte{event}
		}, func(f load.Faults) uint64 { return f.Lost }},
		{"duplicated", func(member int, seq uint64, event []byte) [][]byte {
			if member == 1 && seq == 10 {
				return [][]byte{event, event}
			}
			return [][]byte{event}
		}, func(f load.Faults) uint64 { return f.Duplicated }},
		{"reordered", func(member int, seq uint64, event []byte) [][]byte {
			if member != 3 {
				return [][]byte{event}
			}
			if seq == 10 {
				held = bytes.Clone(event)
				return nil
			}
			if seq == 11 {
				return [][]byte{event, held}
			}
			return [][]byte{event}
		}, func(f load.Faults) uint64 { return f.Reordered }},
		{"altered", func(member int, seq uint64, event []byte) [][]byte {
			if seq == 10 && isMessage(event) {
				return [][]byte{bytes.Replace(event, []byte(`"text":"~`), []byte(`"text":"!`), 1)}
			}
			return [][]byte{event}
		}, func(f load.Faults) uint64 { return f.Invented }},
		{"another text for one member", func(member int, seq uint64, event []byte) [][]byte {
			if member == 4 && seq == 10 && isMessage(event) {
				return [][]byte{bytes.Replace(event, []byte("00000009 00000001 0000"), []byte("00000009 00000001 0001"), 1)}
			}
			return [][]byte{event}
		}, func(f load.Faults) uint64 { return f.Invented }},
		{"not the contract", func(member int, seq uint64, event []byte) [][]byte {
			return [][]byte{bytes.Replace(event, []byte(`"at":`), []byte(`"when":`), 1)}
		}, func(f load.Faults) uint64 { return f.Invented }},
		{"an ACK too few", func(member int, seq uint64, event []byte) [][]byte {
			if seq == 10 && !isMessage(event) {
				return nil
			}
			return [][]byte{event}
		}, func(f load.Faults) uint64 { return f.Unanswered }},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := contractPlan(startScript(t, &script{tamper: test.tamper}))
			totals := startWorker(t, plan).run(50*time.Millisecond, 400*time.Millisecond)
			if test.count(totals.Faults) == 0 {
				t.Errorf("not noticed: %+v", totals.Faults)
			}
			if len(totals.Faults.Notes) == 0 {
				t.Error("no example was kept")
			}
		})
	}
}

// A server that says it can't bring everything back makes the run fail.
func TestUnrecovered(t *testing.T) {
	plan := contractPlan(startScript(t, &script{forgets: true}))
	plan.Resume = true
	d := startWorker(t, plan)
	d.do(load.Command{Do: load.DoOpen})
	d.await(load.IsOpened)
	d.do(load.Command{Do: load.DoTraffic, Duration: amidst})
	d.await(load.IsMeasuring)
	d.do(load.Command{Do: load.DoCut})
	if totals := d.await(load.IsDrained).Totals; totals.Faults.Unrecovered == 0 {
		t.Errorf("%+v", totals.Faults)
	}
}

// A newcomer that is not told what it asked for misses it as well.
func TestReplayThatIsLeftOut(t *testing.T) {
	plan := contractPlan(startScript(t, &script{skimps: true}))
	plan.Ops = map[load.Op]float64{load.OpRejoin: 20}
	if totals := startWorker(t, plan).run(0, 500*time.Millisecond); totals.Faults.Lost == 0 {
		t.Errorf("%+v", totals.Faults)
	}
}

// A server that refuses handshakes because of their number is named as what it is: its limits are
// on, and the run can't even begin.
func TestRefusedHandshakes(t *testing.T) {
	d := startWorker(t, contractPlan(startScript(t, &script{busy: true})))
	d.do(load.Command{Do: load.DoOpen})
	if r := d.reply(); r.Is != load.IsFailed || !r.Limited || !strings.Contains(r.Error, "429") {
		t.Errorf("%+v", r)
	}
}

// What somebody missed while cut off is timed from when it was due, apart from what came live.
func TestReplayIsTimed(t *testing.T) {
	plan := contractPlan(startScript(t, &script{}))
	plan.Resume, plan.Patience = true, 10*time.Second
	plan.Ops = map[load.Op]float64{load.OpCut: 30}
	totals := startWorker(t, plan).run(0, time.Second)
	if totals.Faults.Any() {
		t.Fatalf("%+v", totals.Faults)
	}
	live, err1 := load.DecodeHistogram(totals.Latency)
	replayed, err2 := load.DecodeHistogram(totals.Replayed)
	late, err3 := load.DecodeHistogram(totals.Late)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	// Every copy of a message is timed once: where it came live, or as a replay.
	if want := int64(totals.Sent) * 5; live.Count()+replayed.Count() != want {
		t.Errorf("%d live and %d replayed copies, want %d", live.Count(), replayed.Count(), want)
	}
	if late.Count() == 0 {
		t.Error("the worker does not say how late it was itself")
	}
}

// Members that stop reading for a while get everything in the end; they are not timed.
func TestStalledReaders(t *testing.T) {
	plan := contractPlan(startScript(t, &script{}))
	plan.Resume, plan.Patience = true, 10*time.Second
	d := startWorker(t, plan)
	d.do(load.Command{Do: load.DoOpen})
	d.await(load.IsOpened)
	d.do(load.Command{Do: load.DoTraffic, Duration: amidst})
	d.await(load.IsMeasuring)
	d.do(load.Command{Do: load.DoStall, Share: 0.25})
	totals := d.await(load.IsDrained).Totals
	if totals.Faults.Any() {
		t.Errorf("%+v", totals.Faults)
	}
	if totals.Stalled != 1 { // the last of every four
		t.Errorf("%d members stopped reading", totals.Stalled)
	}
	if h, err := load.DecodeHistogram(totals.Latency); err != nil || h.Count() >= int64(totals.Sent*5) {
		t.Errorf("%d latencies of %d messages to 5 members, one of them stalled: %v", h.Count(), totals.Sent, err)
	}
}

// A stall of the server shows in the tail of an open loop: latency counts from the intended time.
func TestStallShowsInTheTail(t *testing.T) {
	plan := contractPlan(startScript(t, &script{stallAt: 60, stallFor: 100 * time.Millisecond}))
	plan.Patience = 10 * time.Second
	totals := startWorker(t, plan).run(0, time.Second)
	if totals.Faults.Any() {
		t.Fatalf("%+v", totals.Faults)
	}
	h, err := load.DecodeHistogram(totals.Latency)
	if err != nil {
		t.Fatal(err)
	}
	if p := h.Percentile(99.9); p < 90_000 {
		t.Errorf("p99.9 is %d µs behind a stall of 100 ms", p)
	}
	// At 100 messages a second ten of them were due within the stall: had only the one in flight
	// been delayed (coordinated omission), one in a hundred would be slow.
	if p := h.Percentile(94); p < 10_000 {
		t.Errorf("p94 is %d µs: the messages that were due during the stall are missing", p)
	}
}

// The limits of the server are named as such.
func TestLimitsAreNoticed(t *testing.T) {
	plan := contractPlan(startScript(t, &script{tamper: func(member int, seq uint64, event []byte) [][]byte {
		if strings.Contains(string(event), `"ACK"`) && seq > 5 {
			return [][]byte{[]byte(`{"type":"ERROR","code":"RATE_LIMITED","message":"Slow down.","retryAfterMs":100}`)}
		}
		return [][]byte{event}
	}}))
	totals := startWorker(t, plan).run(0, 300*time.Millisecond)
	if !totals.Limited || totals.Faults.Refused == 0 {
		t.Errorf("limited %v, %+v", totals.Limited, totals.Faults)
	}
}

// UNAVAILABLE is an answer to be tried again, for a message and on the way into a room.
func TestUnavailableIsTriedAgain(t *testing.T) {
	refused := map[string]bool{}
	s := &script{refuse: func(c *chat.Command) bool {
		key := c.Type.String() + string(c.ID)
		if c.Type != chat.JoinRoom && c.Type != chat.SendMessage || refused[key] {
			return false
		}
		refused[key] = true
		return len(refused) < 20
	}}
	plan := contractPlan(startScript(t, s))
	plan.Patience = 10 * time.Second
	totals := startWorker(t, plan).run(0, 300*time.Millisecond)
	if totals.Faults.Any() || totals.Events["error UNAVAILABLE"] == 0 {
		t.Errorf("%+v, %v", totals.Faults, totals.Events)
	}
}
