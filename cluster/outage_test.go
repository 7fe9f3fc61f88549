package cluster

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// aside runs one command on a connection of its own and returns what redis-cli printed.
func (s *server) aside(words ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, _ := exec.CommandContext(ctx, "redis-cli", append([]string{"-p", strconv.Itoa(s.port)}, words...)...).CombinedOutput()
	return strings.TrimSpace(string(out))
}

// all fails unless every message that was sent is acknowledged and in the room once, without a word
// of a gap.
func (p *pair) all() {
	p.t.Helper()
	acked := p.settle()
	if len(acked) != len(p.order) {
		p.t.Errorf("%d of %d messages acknowledged", len(acked), len(p.order))
	}
	p.whole(acked)
	if p.resyncs() != 0 {
		p.t.Error("members were told of a gap that could be filled")
	}
}

func TestAScriptThatHoldsRedisUpIsWaitedFor(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.redis.do("CONFIG", "SET", "busy-reply-threshold", "20")
	ended := make(chan string, 1)
	go func() { ended <- p.redis.aside("EVAL", "while true do end", "0") }()
	until(t, "redis is busy", func() bool { return strings.HasPrefix(p.redis.aside("PING"), "BUSY") })
	p.flood(50, "x")
	time.Sleep(500 * time.Millisecond) // the nodes meet a busy Redis, more than once
	if out := p.redis.aside("SCRIPT", "KILL"); out != "OK" {
		t.Fatalf("SCRIPT KILL: %s", out)
	}
	<-ended
	p.all()
}

func TestASleepOfRedisIsOnlySlow(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	slept := make(chan string, 1)
	go func() { slept <- p.redis.aside("DEBUG", "SLEEP", "1.5") }()
	p.flood(100, "x")
	if out := <-slept; out != "OK" {
		t.Fatalf("DEBUG SLEEP: %s", out)
	}
	p.all()
}

func TestLostConnectionsLoseNothing(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			p.redis.aside("CLIENT", "KILL", "TYPE", "normal")
			time.Sleep(20 * time.Millisecond)
		}
	}()
	p.flood(500, "x")
	<-done
	p.all()
}

func TestPausedWritesAreOnlySlow(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.redis.do("CLIENT", "PAUSE", "1500", "WRITE")
	p.flood(50, "x")
	p.all()
}

// TestOneWayLinkAcknowledgesNothing lets requests of a node reach Redis but no answer come back. What
// was executed without an answer is acknowledged when answers flow again, and stands once.
func TestOneWayLinkAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	p := &pair{t: t, redis: launch(t), sent: map[chat.MessageID]chat.Pending{}}
	line := newLine(t, p.redis.addr())
	// No lease ends before the link is mended, however slow the machine.
	long := func(c *Cluster) { c.times.lease = 2 * time.Minute }
	p.a, p.b = enactWith(t, "redis://"+line.Addr(), nil, long), enactWith(t, "redis://"+p.redis.addr(), nil, long)
	p.ann, p.ben = p.a.somebody(), p.b.somebody()
	p.room = p.a.makes(p.ann)
	p.b.joins(p.room, p.ben)
	p.flood(5, "before")
	p.whole(p.settle())
	line.FreezeAnswers()
	var mute []chat.Pending
	for i := range 5 {
		mute = append(mute, p.a.says(p.room, p.ann, fmt.Sprint("mute", i)))
	}
	p.b.reaches(p.room, 11) // the first of them at least was executed
	p.a.look(func() {
		for _, m := range mute {
			if _, ok := p.a.acked[m.Tag]; ok {
				t.Errorf("%s was acknowledged without an answer", m.ID)
			}
		}
	})
	for _, m := range mute {
		p.a.verdict(m) // refused in the end, or acknowledged if a loaded machine thaws first
	}
	line.Thaw()
	for _, m := range mute {
		until(t, "the repetition is acknowledged", func() bool {
			_, r, ok := p.a.verdict(p.a.says(p.room, p.ann, m.ID))
			return ok || r.Code == ""
		})
	}
	p.flood(5, "after")
	p.whole(p.settle())
	for _, s := range []*scene{p.a, p.b} {
		if n := len(s.ids(p.room)); n != 25 {
			t.Errorf("%d messages in the room, want 25", n)
		}
	}
	if p.resyncs() != 0 {
		t.Error("a silent link is no gap")
	}
}
