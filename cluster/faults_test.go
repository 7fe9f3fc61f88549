package cluster

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// pair is two nodes on one Redis with a member each in one room.
type pair struct {
	t        *testing.T
	redis    *server
	a, b     *scene
	ann, ben chat.Member
	room     chat.RoomID
	sent     map[chat.MessageID]chat.Pending
	order    []chat.Pending
	from     []*scene
}

func twoNodes(t *testing.T, change func(*Config)) *pair {
	p := &pair{t: t, redis: launch(t), sent: map[chat.MessageID]chat.Pending{}}
	url := "redis://" + p.redis.addr()
	p.a, p.b = enact(t, url, change), enact(t, url, change)
	p.ann, p.ben = p.a.somebody(), p.b.somebody()
	p.room = p.a.makes(p.ann)
	p.b.joins(p.room, p.ben)
	return p
}

// flood sends n messages from each node, a little apart.
func (p *pair) flood(n int, name string) {
	for i := range n {
		for k, s := range []*scene{p.a, p.b} {
			m := s.says(p.room, []chat.Member{p.ann, p.ben}[k], fmt.Sprintf("%s-%d-%d", name, k, i))
			p.sent[m.MessageID] = m
			p.order, p.from = append(p.order, m), append(p.from, s)
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// settle waits for the answers and returns the acknowledged messages.
func (p *pair) settle() (acked []chat.Pending) {
	p.t.Helper()
	for i, m := range p.order {
		_, r, ok := p.from[i].verdict(m)
		if ok || r.Code == "" {
			acked = append(acked, m)
		}
	}
	return acked
}

// whole fails unless both nodes were given every acknowledged message exactly once as a new one
// (at most times if that is not zero), in one order.
func (p *pair) whole(acked []chat.Pending) {
	p.t.Helper()
	for _, s := range []*scene{p.a, p.b} {
		until(p.t, "every acknowledged message arrives", func() (ok bool) {
			s.look(func() {
				a := s.of(p.room)
				ok = !slices.ContainsFunc(acked, func(m chat.Pending) bool { return a.counts[m.MessageID] == 0 })
			})
			return ok
		})
		s.look(func() {
			for id, n := range s.of(p.room).counts {
				if n != 1 {
					p.t.Errorf("message %x came %d times", id, n)
				}
			}
		})
	}
	agree(p.t, p.room, p.a, p.b)
}

func (p *pair) resyncs() (n int) {
	for _, s := range []*scene{p.a, p.b} {
		s.look(func() { n += s.of(p.room).resyncs })
	}
	return n
}

func TestLostSubscriptionLosesNothing(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			p.redis.do("CLIENT", "KILL", "TYPE", "pubsub")
			time.Sleep(20 * time.Millisecond)
		}
	}()
	p.flood(500, "x")
	<-done
	acked := p.settle()
	if len(acked) != 1000 {
		t.Errorf("%d of 1000 messages acknowledged", len(acked))
	}
	p.whole(acked)
	if p.resyncs() != 0 {
		t.Error("members were told of a gap that could be filled")
	}
	if p.a.Counters().Repairs+p.b.Counters().Repairs == 0 {
		t.Error("no gap was repaired, so nothing was tested")
	}
}

func TestLastMessageLostOnTheChannelIsFound(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(1, "before")
	p.whole(p.settle())
	// A message that no channel carries: written beside the script, as a lost SPUBLISH looks.
	k := p.b.store.keys.room(p.room)
	m := p.b.pending(p.ben, "silent", "x")
	keys := []string{k.meta, k.log, k.ids, k.idq, k.members, k.tomb, p.b.store.keys.probe(partition(p.room), "nobody")}
	var epoch string
	p.b.look(func() { epoch = hex16(uint64(p.b.of(p.room).info.Epoch)) })
	args := []string{"nobody nobody 16", epoch, "-1", "", "1", "1000", "1000000", "1000000", "300000", "60",
		decimal(uint64(m.Client)), hex16(uint64(m.Incarnation)), "nonce:silent", record(&m)}
	if err := p.b.store.run(t.Context(), scriptPublish, keys, args).Error(); err != nil {
		t.Fatal(err)
	}
	p.a.reaches(p.room, 3)
	p.b.reaches(p.room, 3)
	if p.resyncs() != 0 {
		t.Error("members were told of a gap that could be filled")
	}
}

func TestRestartWithItsFileIsAPause(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(200, "before")
	go func() {
		p.redis.kill()
		p.redis.run()
	}()
	p.flood(400, "during")
	p.settle()
	p.flood(50, "after")
	acked := p.settle()
	p.whole(acked)
	if p.resyncs() != 0 {
		t.Error("a restart with its file must be no more than a pause")
	}
}

func TestEmptyRedisIsToldAndRefilled(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(50, "before")
	before := p.settle()
	p.redis.do("FLUSHALL")
	until(t, "both nodes tell their members", func() bool {
		n := 0
		for _, s := range []*scene{p.a, p.b} {
			s.look(func() { n += min(1, s.of(p.room).resyncs) })
		}
		return n == 2
	})
	until(t, "the last messages are there again", func() bool {
		a, b := p.a.ids(p.room), p.b.ids(p.room)
		return !slices.ContainsFunc(before, func(m chat.Pending) bool {
			return !slices.Contains(a, m.MessageID) || !slices.Contains(b, m.MessageID)
		})
	})
	agree(t, p.room, p.a, p.b)
	after := p.a.says(p.room, p.ann, "after")
	if _, r, ok := p.a.verdict(after); !ok {
		t.Fatalf("a send after the loss: %+v", r)
	}
	again := p.b.says(p.room, p.ben, "after")
	if _, r, ok := p.b.verdict(again); !ok {
		t.Fatalf("a send after the loss: %+v", r)
	}
	if n := p.redis.int("HLEN", p.a.store.keys.room(p.room).members); n != 2 {
		t.Errorf("%d members after the loss, want 2", n)
	}
}

func TestOutOfMemoryAcknowledgesNothingAndLetsLeave(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.redis.do("CONFIG", "SET", "maxmemory", "1mb")
	start := time.Now()
	m := p.a.says(p.room, p.ann, "full")
	_, r, ok := p.a.verdict(m)
	if ok || r.Code != chat.Unavailable {
		t.Fatalf("a send without memory: %+v", r)
	}
	if d := time.Since(start); d > 8*time.Second {
		t.Errorf("refused after %s", d)
	}
	until(t, "readiness ends", func() bool { return p.a.Ready() != "" })
	p.b.leaves(p.room, p.ben)
	until(t, "the other hears of it", func() (ok bool) {
		p.a.look(func() {
			ev := p.a.of(p.room).events
			ok = len(ev) > 0 && ev[len(ev)-1].Kind == chat.EventLeft
		})
		return ok
	})
	p.redis.do("CONFIG", "SET", "maxmemory", "0")
	again := p.a.says(p.room, p.ann, "full")
	if _, r, ok := p.a.verdict(again); !ok {
		t.Fatalf("a send with memory again: %+v", r)
	}
	until(t, "readiness returns", func() bool { return p.a.Ready() == "" })
}

func TestForgottenScriptsAreGivenAgain(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	go func() {
		for range 20 {
			p.redis.do("SCRIPT", "FLUSH")
			time.Sleep(5 * time.Millisecond)
		}
	}()
	p.flood(300, "x")
	acked := p.settle()
	if len(acked) != 600 {
		t.Errorf("%d of 600 messages acknowledged", len(acked))
	}
	p.whole(acked)
}

func TestPausedRedisAnswersLateWithDuplicates(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(20, "before")
	p.settle()
	p.redis.signal(syscall.SIGSTOP)
	late := p.a.says(p.room, p.ann, "late")
	_, r, ok := p.a.verdict(late)
	if ok || r.Code != chat.Unavailable {
		t.Fatalf("a send to a stopped Redis: %+v", r)
	}
	p.redis.signal(syscall.SIGCONT)
	// The client sends it again, with another message id drawn for it. Whether the first try was
	// executed late or not: it stands in the room once.
	again := p.a.says(p.room, p.ann, "late")
	e, r, ok := p.a.verdict(again)
	if !ok && r.Code != "" {
		t.Fatalf("the repetition: %+v", r)
	}
	id := r.MessageID
	if ok {
		id = e.MessageID
	}
	p.flood(20, "after")
	p.whole(p.settle())
	for _, s := range []*scene{p.a, p.b} {
		until(t, "the late message is there", func() bool { return slices.Contains(s.ids(p.room), id) })
		both := 0
		for _, x := range s.ids(p.room) {
			if x == late.MessageID || x == again.MessageID {
				both++
			}
		}
		if both != 1 {
			t.Errorf("the late message stands %d times in the room", both)
		}
	}
	if p.resyncs() != 0 {
		t.Error("a pause is no gap")
	}
}

func TestShortPauseIsOnlySlow(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.redis.do("CLIENT", "PAUSE", "1500", "ALL")
	p.flood(100, "x")
	acked := p.settle()
	if len(acked) != 200 {
		t.Errorf("%d of 200 messages acknowledged", len(acked))
	}
	p.whole(acked)
}

// rollback takes a room's keys back to what they were: what a failover looks like that lost a tail.
func (p *pair) rollback(during func()) {
	p.t.Helper()
	k := p.a.store.keys.room(p.room)
	keys := []string{k.meta, k.log, k.ids, k.idq, k.members}
	dumps := make([]string, len(keys))
	for i, key := range keys {
		dumps[i], _ = p.redis.do("DUMP", key).ToString()
	}
	during()
	restore := p.redis.b.B()
	cmds := []completed{restore.Multi().Build()}
	for i, key := range keys {
		if dumps[i] == "" {
			cmds = append(cmds, restore.Del().Key(key).Build())
			continue
		}
		cmds = append(cmds, restore.Restore().Key(key).Ttl(600000).SerializedValue(dumps[i]).Replace().Build())
	}
	cmds = append(cmds, restore.Exec().Build())
	for _, r := range p.redis.b.DoMulti(p.t.Context(), cmds...) {
		if err := r.Error(); err != nil {
			p.t.Fatal(err)
		}
	}
}

func TestLostTailIsToldAndOfferedAgain(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(5, "kept")
	p.settle()
	p.rollback(func() {
		p.flood(5, "lost")
		p.whole(p.settle())
	})
	until(t, "both nodes tell their members", func() bool { return p.resyncs() >= 2 })
	p.flood(5, "after")
	acked := p.settle()
	if len(acked) != 30 {
		t.Errorf("%d of 30 messages acknowledged", len(acked))
	}
	for _, s := range []*scene{p.a, p.b} {
		until(t, "all acknowledged messages are in the room", func() bool {
			ids := s.ids(p.room)
			return !slices.ContainsFunc(acked, func(m chat.Pending) bool { return !slices.Contains(ids, m.MessageID) })
		})
	}
	agree(t, p.room, p.a, p.b)
	var epochs [2]chat.Epoch
	for i, s := range []*scene{p.a, p.b} {
		s.look(func() { epochs[i] = s.of(p.room).info.Epoch })
	}
	if epochs[0] != epochs[1] {
		t.Error("the nodes are in different epochs")
	}
}

func TestPublishNoticesALostTailFirst(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.rollback(func() {
		p.flood(3, "lost")
		p.whole(p.settle())
	})
	m := p.a.says(p.room, p.ann, "first")
	if _, r, ok := p.a.verdict(m); !ok && r.Code != "" {
		t.Fatalf("the send that meets the fork: %+v", r)
	}
	p.holds([]chat.Pending{m}) // what is offered again may come behind it
}

func TestWhatANodeSaidBeforeItLeftIsOfferedAgain(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(2, "kept")
	p.settle()
	p.rollback(func() {
		p.flood(3, "lost")
		p.whole(p.settle())
		p.a.leaves(p.room, p.ann) // lost as well
		p.a.Release(p.room)
		p.a.Directory().End(p.ann, 0)
	})
	p.a.Cluster.rooms.changed()
	p.b.Cluster.rooms.changed()
	until(t, "those who are in it are told", func() bool { return p.resyncs() > 0 })
	until(t, "all messages are in the room", func() bool {
		ids := p.b.ids(p.room)
		return !slices.ContainsFunc(p.order, func(m chat.Pending) bool { return !slices.Contains(ids, m.MessageID) })
	})
	until(t, "who has left is out", func() bool { return p.redis.int("HLEN", p.b.store.keys.room(p.room).members) == 1 })
}

func TestDeletionDuringAFlood(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	answers := make(chan string, 1)
	go func() {
		time.Sleep(20 * time.Millisecond)
		n, found, err := p.b.DeleteRoom(t.Context(), p.room)
		answers <- fmt.Sprint(n, found, err)
	}()
	p.flood(300, "x")
	if got := <-answers; got != "2 true <nil>" {
		t.Fatalf("DeleteRoom: %s", got)
	}
	p.settle()
	for _, s := range []*scene{p.a, p.b} {
		until(t, "the members hear it", func() (ok bool) {
			s.look(func() { ok = s.of(p.room).ended })
			return ok
		})
		s.look(func() {
			n := 0
			for _, ev := range s.of(p.room).events {
				if ev.Kind == chat.EventRoomDeleted {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d deletions told", n)
			}
		})
	}
	last := p.a.says(p.room, p.ann, "last")
	if _, r, ok := p.a.verdict(last); ok || r.Code != chat.NotInRoom {
		t.Errorf("a send to a deleted room: %+v", r)
	}
	k := p.a.store.keys.room(p.room)
	if n := p.redis.int("EXISTS", k.meta, k.log, k.ids, k.idq, k.members, k.past); n != 0 {
		t.Errorf("%d keys of the deleted room are left", n)
	}
	if why, _ := p.redis.do("GET", k.tomb).ToString(); why != tombDeleted {
		t.Errorf("tombstone %q", why)
	}
	tag := p.a.tag()
	p.a.Join(tag, p.room, p.ann, true)
	if _, code := p.a.outcome(tag); code != chat.RoomDeleted {
		t.Errorf("a resume into the deleted room: %q", code)
	}
	tag = p.a.tag()
	p.a.Join(tag, p.room, p.ann, false)
	if _, code := p.a.outcome(tag); code != chat.RoomNotFound {
		t.Errorf("a join of the deleted room: %q", code)
	}
}
