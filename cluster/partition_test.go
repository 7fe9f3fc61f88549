package cluster

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// cable is a TCP forwarder that can be cut.
type cable struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
	wg    sync.WaitGroup
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return newCableAt(t, l, to)
}

// newCableAt is newCable on an address of the caller's.
func newCableAt(t *testing.T, l net.Listener, to string) *cable {
	k := &cable{listener: l, to: to, conns: make(map[net.Conn]struct{})}
	k.wg.Go(k.accept)
	t.Cleanup(func() {
		l.Close()
		k.set(true)
		k.wg.Wait()
	})
	return k
}

func (k *cable) accept() {
	for {
		in, err := k.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", k.to)
		if err != nil {
			in.Close()
			continue
		}
		k.mu.Lock()
		k.conns[in], k.conns[out] = struct{}{}, struct{}{}
		cut := k.cut
		k.mu.Unlock()
		if cut {
			in.Close()
			out.Close()
			continue
		}
		for a, b := range map[net.Conn]net.Conn{in: out, out: in} {
			k.wg.Go(func() {
				_, _ = io.Copy(a, b)
				a.Close()
				b.Close()
			})
		}
	}
}

// set cuts the cable, all connections included, or heals it.
func (k *cable) set(cut bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cut = cut
	for c := range k.conns {
		c.Close()
		delete(k.conns, c)
	}
}

func TestACutOffNodeIsReapedAndComesBack(t *testing.T) {
	t.Parallel()
	s := launch(t)
	k := newCable(t, s.addr())
	far := begin(t, s, func(c *Config, _ *times) { c.URL = "redis://" + k.listener.Addr().String() })
	near := begin(t, s, nil)
	m, w := far.open("192.0.2.1"), near.open("192.0.2.2")
	room := near.create(w)
	far.join(room, m, false)
	token := far.token(m)
	k.set(true)
	until(t, "the far node acknowledges nothing", func() bool { return !far.mayAcknowledge() })
	far.dir.Rename(m, "zombie") // waits in its queue
	until(t, "the far node is taken for dead", func() bool { return near.reaper.count.Load() == 1 })
	r := near.resume(token, "192.0.2.1")
	switch {
	case r.Code == "": // within its window
		near.join(room, r.Member, true)
	case r.Code != chat.SessionInvalid: // a loaded machine took longer
		t.Fatalf("resumed %+v", r)
	}
	k.set(false)
	until(t, "the far node begins again", func() (all bool) {
		far.with(func() { all = far.all > 0 })
		return all && far.mayAcknowledge()
	})
	if name, _ := s.do("HGET", recordKey(m.Client), "n").ToString(); name == "zombie" {
		t.Error("a node that was reaped wrote")
	}
	n := far.open("192.0.2.1")
	if n.Client == m.Client {
		t.Error("its id was given twice")
	}
	s.recorded(n)
}

func TestOnlyWhoRenewedMayJudge(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(_ *Config, tm *times) { tm.heartbeat, tm.lease = time.Hour, time.Hour })
	keys := n.lease.keys()
	birth, _ := s.do("GET", keys[1]).ToString()
	beat := func(node, expect string) (status string, now int64, dead int) {
		reply, err := n.store.run(context.Background(), scriptHeartbeat, keys, []string{node, "60000", birth, "x", expect}).ToArray()
		if err != nil {
			t.Fatal(err)
		}
		return text(reply[0]), integer(reply[1]), (len(reply) - 3) / 2
	}
	in := func(ms int64) string { return strconv.FormatInt(time.Now().UnixMilli()+ms, 10) }
	s.do("ZADD", keys[0], in(-5000), "dead", in(-5000), "late", in(60000), "judge")
	for _, c := range []struct {
		node, expect, why string
	}{
		{"late", in(0), "its own lease had ended"},
		{"judge", in(-60000), "the clock of Redis stands elsewhere"},
		{"judge", in(60000), "the clock of Redis stands elsewhere"},
		{"judge", "", "it did not renew for long enough"},
	} {
		if status, _, dead := beat(c.node, c.expect); status != "OK" || dead != 0 {
			t.Errorf("%s judged though %s: %s, %d dead", c.node, c.why, status, dead)
		}
	}
	// A request that is under way for longer than a second does not judge.
	until(t, "the judge finds the dead one", func() bool {
		status, _, dead := beat("judge", in(0))
		return status == "OK" && dead == 1
	})
	if status, _, _ := beat("dead", in(0)); status != "REAPED" {
		t.Errorf("the dead one is %s", status)
	}
	if status, _, dead := beat("late", ""); status != "OK" || dead != 1 {
		t.Errorf("the late one is %s and sees %d dead", status, dead)
	}
}
