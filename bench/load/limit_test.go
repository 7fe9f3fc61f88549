package load_test

import (
	"testing"
	"time"

	"chatroom/bench/limit"
	"chatroom/bench/load"
)

// The whole chain against the built-in limit: closed and open loop, both kinds of writes, every
// delivery checked.
func TestLimit(t *testing.T) {
	for _, test := range []struct {
		name   string
		writes limit.Writes
		plan   load.Plan
	}{
		{"closed batched", limit.Batched, load.Plan{Rooms: rooms(4, 20), Window: 4}},
		{"closed single busy", limit.Single, load.Plan{Rooms: rooms(4, 20), Window: 1, BusyPoll: true}},
		{"open batched", limit.Batched, load.Plan{Rooms: rooms(4, 20), Rate: 200}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := test.plan
			plan.Dialect, plan.Run = load.Raw, 7
			plan.Targets = []string{startLimit(t, test.writes)}
			totals := startWorker(t, plan).run(100*time.Millisecond, 400*time.Millisecond)
			if totals.Faults.Any() {
				t.Fatalf("faults: %+v", totals.Faults)
			}
			// A machine that stands still for the whole window measures nothing, and that is no fault.
			if totals.Checked < 20 || totals.Checked < totals.Deliveries {
				t.Errorf("sent %d, delivered %d, checked %d", totals.Sent, totals.Deliveries, totals.Checked)
			}
			h, err := load.DecodeHistogram(totals.Latency)
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(totals.Sent) * 20; h.Count() != want {
				t.Errorf("%d latencies for %d messages to 20 members, want %d", h.Count(), totals.Sent, want)
			}
			t.Logf("%d deliveries, p50 %d µs, p99 %d µs, busy %.2f", totals.Deliveries, h.Percentile(50), h.Percentile(99), totals.Busy)
		})
	}
}
