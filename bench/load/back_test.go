package load_test

import (
	"fmt"
	"testing"
	"time"

	"chatroom/bench/load"
	"chatroom/internal/chat"
)

// everyThird sends the connections of the first, fourth … command of a type away.
func everyThird(t chat.CommandType, effect bool) func(*chat.Command) (bool, bool) {
	seen := 0
	return func(c *chat.Command) (away, took bool) {
		if c.Type != t {
			return false, false
		}
		seen++
		return seen%3 == 1, effect
	}
}

// The end of a connection may take the answer to a wish to change rooms with it. Whether the wish was
// granted or not: RESUME tells where its member is, and neither outcome is a fault.
func TestUnansweredWish(t *testing.T) {
	for _, test := range []struct {
		name    string
		command chat.CommandType
		ops     map[load.Op]float64
		late    bool
	}{
		{"create", chat.CreateRoom, nil, false},
		{"move", chat.JoinRoom, map[load.Op]float64{load.OpMove: 50}, false},
		{"leave", chat.LeaveRoom, map[load.Op]float64{load.OpRejoin: 50}, false},
		{"leave that is not heard of", chat.LeaveRoom, map[load.Op]float64{load.OpRejoin: 50}, true},
		{"rejoin", chat.JoinRoom, map[load.Op]float64{load.OpRejoin: 50}, false},
		{"newcomer", chat.JoinRoom, map[load.Op]float64{load.OpReplace: 50}, false},
		{"resume", chat.Resume, map[load.Op]float64{load.OpCut: 50}, false},
		{"send", chat.SendMessage, map[load.Op]float64{load.OpMove: 20, load.OpRejoin: 20}, false},
	} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, granted %v", test.name, effect), func(t *testing.T) {
				t.Parallel()
				plan := contractPlan(startScript(t, &script{sendsAway: everyThird(test.command, effect), late: test.late}))
				plan.Rooms, plan.Resume, plan.Ops, plan.Patience = rooms(3, 6), true, test.ops, 20*time.Second
				totals := startWorker(t, plan).run(0, time.Second)
				if totals.Faults.Any() || totals.Resumed == 0 {
					t.Errorf("%d came back: %+v", totals.Resumed, totals.Faults)
				}
				if totals.Checked < totals.Sent*3 {
					t.Errorf("%d deliveries of %d messages were checked", totals.Checked, totals.Sent)
				}
			})
		}
	}
}

// A place that is neither the former nor the one that was wished for is a fault, and so is none at all
// behind a wish that leaves no room.
func TestWrongPlace(t *testing.T) {
	for name, s := range map[string]*script{"none": {loses: true}, "none, and says so": {loses: true, late: true}, "another": {misplaces: true}} {
		t.Run(name, func(t *testing.T) {
			away := everyThird(chat.JoinRoom, true)
			opening := 3 * 5 // everybody but the creators
			s.sendsAway = func(c *chat.Command) (bool, bool) {
				if opening > 0 && c.Type == chat.JoinRoom {
					opening--
					return false, false
				}
				return away(c)
			}
			plan := contractPlan(startScript(t, s))
			plan.Rooms, plan.Resume, plan.Ops = rooms(3, 6), true, map[load.Op]float64{load.OpMove: 50}
			if totals := startWorker(t, plan).run(0, time.Second); totals.Faults.Unrecovered+totals.Faults.Invented == 0 {
				t.Errorf("not noticed: %+v", totals.Faults)
			}
		})
	}
}
