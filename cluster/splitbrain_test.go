package cluster

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chat"
	"chatroom/internal/servers"
)

// divided is a primary with a replica behind a link of its own, and a replica of that one; each
// node reaches Redis by a link that can lead elsewhere, as a moved address does.
type divided struct {
	*pair
	primary, replica *process
	replication      *servers.Proxy
	toA, toB         *servers.Proxy
}

func newLine(t *testing.T, target string) *servers.Proxy {
	t.Helper()
	l, err := servers.NewProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// follower is a replica of whatever listens at the address.
func follower(t *testing.T, addr string) *process {
	t.Helper()
	host, port, _ := strings.Cut(addr, ":")
	p := spawn(t, freePort(t), "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--repl-diskless-sync-delay", "0",
		"--min-replicas-to-write", "1", "--replicaof", host, port)
	until(t, "the replica has caught up", func() bool {
		out, _ := p.cli("INFO", "replication")
		return infoField(out, "master_link_status") == "up"
	})
	return p
}

func divide(t *testing.T, ack string) *divided {
	d := &divided{}
	d.primary = spawn(t, freePort(t), "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--repl-diskless-sync-delay", "0",
		"--min-replicas-to-write", "1")
	d.replication = newLine(t, d.primary.addr())
	d.replica = follower(t, d.replication.Addr())
	follower(t, d.replica.addr())
	// Without one the nodes could not even register.
	until(t, "the primary counts its replica", func() bool {
		out, _ := d.primary.cli("INFO", "replication")
		return infoField(out, "min_slaves_good_slaves") == "1"
	})
	d.toA, d.toB = newLine(t, d.primary.addr()), newLine(t, d.primary.addr())
	p := &pair{t: t, sent: map[chat.MessageID]chat.Pending{}}
	p.a, p.b = d.join(t, d.toA, ack), d.join(t, d.toB, ack)
	p.ann, p.ben = p.a.somebody(), p.b.somebody()
	p.room = p.a.makes(p.ann)
	p.b.joins(p.room, p.ben)
	d.pair = p
	return d
}

// join starts a node whose lease outlasts the division: that nobody is reaped in it is not the point.
func (d *divided) join(t *testing.T, by *servers.Proxy, ack string) *scene {
	return enactWith(t, "redis://"+by.Addr(), func(c *Config) { c.Ack = ack }, func(c *Cluster) { c.times.lease = 2 * time.Minute })
}

// split cuts the replica off without a word, makes it a primary and leads the second node there.
func (d *divided) split() {
	d.t.Helper()
	d.replication.Freeze()
	// Not before: of a replica that reports once a second, one late report would be too old.
	if out, err := d.primary.cli("CONFIG", "SET", "min-replicas-max-lag", "1"); err != nil || out != "OK" {
		d.t.Fatalf("the lag of the replica: %q, %v", out, err)
	}
	if out, err := d.replica.cli("REPLICAOF", "NO", "ONE"); err != nil || out != "OK" {
		d.t.Fatalf("promotion: %q, %v", out, err)
	}
	d.toB.Redirect(d.replica.addr())
}

// refuses waits until the old primary takes no writes any more.
func (d *divided) refuses() {
	d.t.Helper()
	until(d.t, "the old primary refuses writes", func() bool {
		out, _ := d.primary.cli("SET", "x", "y")
		return strings.HasPrefix(out, "NOREPLICAS")
	})
}

func (d *divided) said(s *scene, room chat.RoomID) (n uint64) {
	log, _ := d.primary.cli("XLEN", s.store.keys.room(room).log)
	n, _ = strconv.ParseUint(log, 10, 64)
	return n
}

// TestSplitBrainAcknowledgesNothingOnTheFork keeps one node at a primary that has been replaced.
// With acknowledgement by a replica nothing it is told there is acknowledged, and in the end both
// nodes have what the new primary has.
func TestSplitBrainAcknowledgesNothingOnTheFork(t *testing.T) {
	t.Parallel()
	d := divide(t, AckReplica)
	d.flood(20, "before")
	before := d.settle()
	if len(before) != 40 {
		t.Fatalf("%d of 40 messages acknowledged", len(before))
	}
	d.whole(before)
	d.split()
	var lonely []chat.Pending
	for i := range 5 {
		lonely = append(lonely, d.a.says(d.room, d.ann, fmt.Sprint("lonely", i)))
	}
	until(t, "the other node works with the new primary", func() bool {
		_, r, ok := d.b.verdict(d.b.says(d.room, d.ben, "moved"))
		return ok || r.Code == ""
	})
	for _, m := range lonely {
		if _, r, ok := d.a.verdict(m); ok || r.Code != chat.Unavailable {
			t.Errorf("a send to the old primary: acknowledged %v, %+v", ok, r)
		}
	}
	d.refuses()
	until(t, "the node says why it is not ready", func() bool { return strings.Contains(d.a.Ready(), "NOREPLICAS") })
	d.toA.Redirect(d.replica.addr())
	var kept []chat.Pending
	for _, m := range lonely {
		kept = append(kept, d.again(m))
	}
	d.flood(10, "after")
	d.holds(d.settle())
	for _, s := range []*scene{d.a, d.b} {
		for i, m := range kept {
			n := 0
			for _, id := range s.ids(d.room) {
				if id == m.MessageID || id == lonely[i].MessageID {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s stands %d times in the room", m.ID, n)
			}
		}
	}
	until(t, "the node is ready again", func() bool { return d.a.Ready() == "" })
}

// again repeats a message until it is acknowledged, and returns the try that was.
func (d *divided) again(m chat.Pending) (kept chat.Pending) {
	d.t.Helper()
	until(d.t, "the repetition is acknowledged", func() bool {
		kept = d.a.says(d.room, d.ann, m.ID)
		_, r, ok := d.a.verdict(kept)
		if !ok && r.Code == "" {
			kept.MessageID = r.MessageID
		}
		return ok || r.Code == ""
	})
	return kept
}

// TestSplitBrainOffersTheForkAgain is the same with acknowledgement by Redis alone: what the old
// primary took before it missed its replica was acknowledged, so its node offers it to the new one.
func TestSplitBrainOffersTheForkAgain(t *testing.T) {
	t.Parallel()
	d := divide(t, AckRedis)
	since := time.Now()
	d.flood(10, "before")
	d.whole(d.settle())
	d.split()
	for i := range 10 {
		d.order, d.from = append(d.order, d.a.says(d.room, d.ann, fmt.Sprint("fork", i))), append(d.from, d.a)
	}
	d.refuses()
	forked := d.said(d.a, d.room)
	late := d.a.says(d.room, d.ann, "late")
	until(t, "the other node works with the new primary", func() bool {
		_, r, ok := d.b.verdict(d.b.says(d.room, d.ben, "moved"))
		return ok || r.Code == ""
	})
	if n := d.said(d.a, d.room); n != forked {
		t.Errorf("the old primary took %d messages while it refused writes", n-forked)
	}
	d.toA.Redirect(d.replica.addr())
	replayed := offered(t, since)
	d.works()
	d.again(late)
	d.flood(10, "after")
	acked := d.settle()
	if !replayed {
		acked = acked[len(acked)-20:]
	}
	d.holds(acked)
}

// TestPromotionWithALostTail kills a primary whose replica had fallen behind, and promotes that one.
func TestPromotionWithALostTail(t *testing.T) {
	t.Parallel()
	d := divide(t, AckRedis)
	since := time.Now()
	d.flood(10, "kept")
	d.whole(d.settle())
	d.replication.Freeze()
	d.flood(10, "lost")
	d.settle()
	d.primary.kill()
	if out, err := d.replica.cli("REPLICAOF", "NO", "ONE"); err != nil || out != "OK" {
		t.Fatalf("promotion: %q, %v", out, err)
	}
	d.toA.Redirect(d.replica.addr())
	d.toB.Redirect(d.replica.addr())
	replayed := offered(t, since)
	d.works()
	d.flood(10, "after")
	acked := d.settle()
	if !replayed {
		acked = acked[len(acked)-20:]
	}
	d.holds(acked)
	if replayed && d.resyncs() < 2 {
		t.Error("a lost tail was not told")
	}
}
