package cluster

import (
	"context"
	"testing"
	"time"

	"chatroom/internal/chat"
)

func TestCommandsSurviveALostSubscription(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	for i := range 30 {
		if i%3 == 0 {
			s.do("CLIENT", "KILL", "TYPE", "pubsub")
		}
		want := told{chat.ClientID(i + 1), chat.Incarnation(i + 100), chat.CauseRemoved}
		a.control.send(command{node: b.lease.node(), verb: verbKick, client: want.client, incarnation: want.incarnation, cause: want.cause})
		if i%10 == 9 {
			until(t, "the command has arrived", func() bool { return b.heard(want) })
		}
	}
	b.with(func() {
		// A command whose append got no answer is appended again: each at least once, in their order.
		var newest chat.ClientID
		for i, k := range b.kicked {
			if k.client > newest+1 {
				t.Fatalf("command %d is %v behind %d", i, k, newest)
			}
			newest = max(newest, k.client)
		}
		if newest != 30 || len(b.kicked) > 60 {
			t.Errorf("%d commands up to %d", len(b.kicked), newest)
		}
	})
	a.with(func() {
		if len(a.kicked) > 0 {
			t.Errorf("a heard %v", a.kicked)
		}
	})
}

func TestCommandsThatNobodyAnnouncedAreFound(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	cmd := command{node: everyNode, verb: verbKick, client: 7, incarnation: 8, cause: chat.CauseBanned}
	s.do("XADD", "cr:{ctl}:log", "*", "c", cmd.String())
	s.do("XADD", "cr:{ctl}:log", "*", "c", "a line of a later version")
	until(t, "it is found", func() bool { return n.heard(told{7, 8, chat.CauseBanned}) })
	s.do("FLUSHALL")
	s.do("XADD", "cr:{ctl}:log", "5-0", "c", command{node: everyNode, verb: verbKick, client: 9, cause: chat.CauseRemoved}.String())
	until(t, "a log that began anew is read", func() bool { return n.heard(told{9, 0, chat.CauseRemoved}) })
	if err := n.control.sendNow(context.Background(), cmd); err != nil {
		t.Error(err)
	}
}

// TestAChangeOfBansHoldsNoCommandUp: commands are heard on the way that Redis' answers take; whoever
// waits there for an answer stops both.
func TestAChangeOfBansHoldsNoCommandUp(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, func(_ *Config, tm *times) { tm.check = time.Hour })
	until(t, "both listen", func() bool {
		v, err := s.do("PUBSUB", "SHARDNUMSUB", b.control.channel()).ToArray()
		if err != nil || len(v) != 2 {
			return false
		}
		n, _ := v[1].AsInt64()
		return n == 2
	})
	b.bans.mu.Lock()
	defer b.bans.mu.Unlock()
	a.control.send(command{node: everyNode, verb: verbBans})
	for i := range 100 {
		a.control.send(command{node: b.lease.node(), verb: verbKick, client: chat.ClientID(i + 1), cause: chat.CauseRemoved})
	}
	until(t, "all commands are heard", func() bool { return b.heard(told{100, 0, chat.CauseRemoved}) })
}

func TestCommandsAreReadStrictly(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "* kick", "* kick 1 2 x", "* dance 1 2 3", "* kick 1 2 999"} {
		if _, ok := parseCommand(bad); ok {
			t.Errorf("%q is a command", bad)
		}
	}
	c := command{node: "n", verb: verbKick, client: 1, incarnation: 1<<64 - 1, cause: chat.CauseBanned}
	if got, ok := parseCommand(c.String()); !ok || got != c {
		t.Errorf("%v became %v", c, got)
	}
}
