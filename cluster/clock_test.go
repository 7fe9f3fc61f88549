package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// shifted is a redis-server whose wall clock the test sets.
type shifted struct {
	*server
	file string
}

// launchShifted starts one whose clock is right until set is called.
func launchShifted(t *testing.T) *shifted {
	t.Helper()
	dir := t.TempDir()
	library := filepath.Join(dir, "clock.so")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "gcc", "-shared", "-fPIC", "-O2", "-o", library, "testdata/clock.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	s := &shifted{file: filepath.Join(dir, "shift")}
	s.set(t, 0)
	s.server = launch(t, "LD_PRELOAD="+library, "CLOCK_SHIFT="+s.file)
	return s
}

// set says by how many seconds its clock is off from now on.
func (s *shifted) set(t *testing.T, seconds int) {
	t.Helper()
	if err := os.WriteFile(s.file+".new", []byte(strconv.Itoa(seconds)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.file+".new", s.file); err != nil {
		t.Fatal(err)
	}
}

func (s *shifted) now() int64 {
	at, _ := s.do("TIME").AsStrSlice()
	if len(at) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(at[0], 10, 64)
	return n
}

// TestAJumpOfTheClockEndsNothing sets the clock of Redis, by which everybody's leases and windows run,
// an hour on and two hours back. A node whose own clock is wrong looks the same: only the difference
// counts.
func TestAJumpOfTheClockEndsNothing(t *testing.T) {
	t.Parallel()
	s := launchShifted(t)
	seldom := func(_ *Config, tm *times) { tm.touch = time.Hour }
	a, b := begin(t, s.server, seldom), begin(t, s.server, seldom)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	room := a.create(m)
	b.join(room, w, false)
	s.recorded(m)
	s.recorded(w)
	for _, jump := range []int{3600, -3600, 0} {
		before := s.now()
		s.set(t, jump)
		until(t, "the clock jumps", func() bool { d := s.now() - before; return d > 1000 || d < -1000 })
		x, y := a.lease.count.Load(), b.lease.count.Load()
		// Long enough for each to be judged by the other, were it to judge.
		until(t, "both nodes renew their leases", func() bool { return a.lease.count.Load() > x+15 && b.lease.count.Load() > y+15 })
		// An hour is how long a record lives that nobody refreshes.
		s.recorded(m)
		s.recorded(w)
		if n := s.int("HLEN", memberKey(room)); n != 2 {
			t.Errorf("%+d s: %d members", jump, n)
		}
		for _, n := range []*testNode{a, b} {
			until(t, fmt.Sprintf("%+d s: a node acknowledges", jump), n.mayAcknowledge)
			if n.reaper.count.Load() != 0 {
				t.Errorf("%+d s: somebody was taken for dead", jump)
			}
			n.with(func() {
				if n.all != 0 || len(n.kicked) != 0 {
					t.Errorf("%+d s: disconnected: %d times all, %v", jump, n.all, n.kicked)
				}
			})
		}
	}
	token := a.token(m)
	if r := b.resume(token, "192.0.2.1"); r.Code != "" || r.Room != room {
		t.Errorf("resumed %+v", r)
	}
}

// TestOrderDoesNotKnowTheTime sends messages while the clock jumps: their places are numbers.
func TestOrderDoesNotKnowTheTime(t *testing.T) {
	t.Parallel()
	s := launchShifted(t)
	p := &pair{t: t, redis: s.server, sent: map[chat.MessageID]chat.Pending{}}
	url := "redis://" + s.addr()
	p.a, p.b = enact(t, url, nil), enact(t, url, nil)
	p.ann, p.ben = p.a.somebody(), p.b.somebody()
	p.room = p.a.makes(p.ann)
	p.b.joins(p.room, p.ben)
	for i, jump := range []int{-7200, -5400, -9000, -7200} {
		s.set(t, jump)
		p.flood(50, strconv.Itoa(i))
		time.Sleep(20 * time.Millisecond) // a jump falls between two messages, not only before all
	}
	p.all()
	// By the clock of a node that comes now all of them are hours old, by that of Redis they are new.
	late := enact(t, url, nil)
	late.joins(p.room, late.somebody())
	if n := len(late.ids(p.room)); n != len(p.order) {
		t.Errorf("who comes late is shown %d of %d messages", n, len(p.order))
	}
}
