package cluster

import (
	"context"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/chat"
)

func TestADeadNodeIsCleanedUpBehind(t *testing.T) {
	t.Parallel()
	s := launch(t)
	dead, b := begin(t, s, nil), begin(t, s, nil)
	stays := b.open("192.0.2.1")
	room := b.create(stays)
	var ghosts []person
	for range 5 {
		m := dead.open("192.0.2.2")
		dead.join(room, m, false)
		ghosts = append(ghosts, m)
	}
	returns := ghosts[0]
	token := dead.token(returns)
	alone := dead.open("192.0.2.3") // in no room
	s.recorded(alone)
	dead.crash()

	r := b.resume(token, "192.0.2.2")
	if r.Code != "" || r.Room != room {
		t.Fatalf("resumed %+v", r)
	}
	b.join(room, r.Member, true)
	for _, m := range ghosts[1:] {
		until(t, "the ghosts have left", func() bool { return !s.has("HEXISTS", memberKey(room), formatID(m.Client)) })
	}
	until(t, "the job is done", func() bool { return !s.has("HLEN", "cr:{nodes}:reap") })
	if n := s.int("HLEN", memberKey(room)); n != 2 {
		t.Errorf("%d members", n)
	}
	if !s.has("EXISTS", recordKey(returns.Client)) {
		t.Error("who came back was cleaned up")
	}
	until(t, "the left are told", func() (ok bool) {
		left := 0
		b.with(func() {
			for _, e := range b.events[room] {
				if e.Kind == chat.EventLeft {
					left++
				}
			}
		})
		return left == 4
	})
	b.dir.End(r.Member, room)
	b.dir.End(stays, room)
	until(t, "nothing is left", func() bool { return len(s.leftovers(true)) == 0 })
	s.swept(t, append(ghosts[1:], alone)...)
	b.leave()
	if n := s.int("BITCOUNT", "cr:{ids}:c:10000:bits"); n != 0 {
		t.Errorf("%d ids are still granted", n)
	}
	if n := s.int("HLEN", "cr:{nodes}:stats"); n != 0 {
		t.Errorf("%d reports are left", n)
	}
}

func TestAnotherReaperGoesOn(t *testing.T) {
	t.Parallel()
	s := launch(t)
	dead := begin(t, s, nil)
	for range 40 {
		s.recorded(dead.open("192.0.2.1"))
	}
	weak, strong := begin(t, s, nil), begin(t, s, nil)
	weak.reaper.broken.Store(40) // of the 64 partitions and the ids
	strong.reaper.broken.Store(-1)
	dead.crash()
	until(t, "one has begun", func() bool { return s.has("ZCARD", "cr:{nodes}:det") })
	weak.crash()
	strong.reaper.broken.Store(0)
	until(t, "the weak one is found dead as well", func() bool { return strong.reaper.count.Load() == 2 })
	until(t, "the job is done", func() bool { return !s.has("HLEN", "cr:{nodes}:reap") })
	until(t, "nothing is left", func() bool { return len(s.leftovers(true)) == 0 })
}

func TestAnOutageOfRedisKillsNobody(t *testing.T) {
	t.Parallel()
	s := launch(t)
	often := func(_ *Config, tm *times) { tm.heartbeat = 100 * time.Millisecond }
	a, b := begin(t, s, often), begin(t, s, often)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	room := a.create(m)
	b.join(room, w, false)
	renewals := func(n uint64) {
		t.Helper()
		x, y := a.lease.count.Load()+n, b.lease.count.Load()+n
		until(t, "both nodes renew", func() bool { return a.lease.count.Load() > x && b.lease.count.Load() > y })
	}
	renewals(22) // long enough to judge others
	s.signal(syscall.SIGSTOP)
	until(t, "nothing is acknowledged", func() bool { return !a.mayAcknowledge() && !b.mayAcknowledge() })
	time.Sleep(1500 * time.Millisecond) // every lease ends meanwhile
	s.signal(syscall.SIGCONT)
	until(t, "both acknowledge again", func() bool { return a.mayAcknowledge() && b.mayAcknowledge() })
	renewals(22)
	for _, n := range []*testNode{a, b} {
		n.with(func() {
			if n.all != 0 || len(n.kicked) != 0 {
				t.Errorf("disconnected: %d times all, %v", n.all, n.kicked)
			}
		})
		if n.reaper.count.Load() != 0 {
			t.Error("somebody was reaped")
		}
	}
	if n := s.int("HLEN", memberKey(room)); n != 2 {
		t.Errorf("%d members", n)
	}
}

func TestARestartOfRedisKeepsSessions(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, patient)
	m := n.open("192.0.2.1")
	s.recorded(m)
	token := n.token(m)
	s.kill()
	late := n.open("192.0.2.2") // from the stock
	n.dir.Rename(m, "while away")
	n.dir.Detach(m, 0)
	s.run()
	s.recorded(late)
	until(t, "what was said meanwhile stands", func() bool {
		name, _ := s.do("HGET", recordKey(m.Client), "n").ToString()
		return name == "while away" && s.has("HEXISTS", recordKey(m.Client), "d")
	})
	if r := n.resume(token, "192.0.2.1"); r.Code != "" || r.Member.Name != "while away" {
		t.Errorf("resumed %+v", r)
	}
}

func TestAResumeIsAnsweredWithoutRedis(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	m := n.open("192.0.2.1")
	s.recorded(m)
	token := n.token(m)
	s.kill()
	if r := n.resume(token, "192.0.2.1"); r.Code != chat.Unavailable {
		t.Fatalf("resumed %+v", r)
	}
	s.run()
	// Whatever became of the first try: nobody waits for it, and the session is not stuck with it.
	until(t, "the session can be resumed", func() bool { return n.resume(token, "192.0.2.1").Code == "" })
}

func TestALostRedisIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := launch(t)
	nodes := []*testNode{begin(t, s, narrow), begin(t, s, narrow)}
	seen := make(map[chat.ClientID]bool)
	var tokens []string
	open := func(n *testNode) {
		t.Helper()
		m := n.open("192.0.2.1")
		if seen[m.Client] {
			t.Fatalf("id %d twice", m.Client)
		}
		seen[m.Client] = true
		tokens = append(tokens, n.token(m))
	}
	for i := range 40 {
		open(nodes[i%2])
	}
	if err := s.do("FLUSHALL").Error(); err != nil {
		t.Fatal(err)
	}
	for id := range seen {
		s.recorded(person{Client: id})
	}
	for i := range 100 {
		open(nodes[i%2])
	}
	if r := nodes[1].resume(tokens[0], "192.0.2.1"); r.Code != "" {
		t.Errorf("resumed %+v", r)
	}
	for _, n := range nodes {
		n.with(func() {
			if n.all > 0 {
				t.Error("everybody was disconnected")
			}
		})
	}
}

func TestALostRecordIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(_ *Config, tm *times) { tm.touch = time.Second })
	m, other := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(m)
	s.recorded(other)
	// The id of one of them belongs to somebody else by now. In one step: a record that is written again
	// in between has its id still.
	const lost = "redis.call('HSET', KEYS[1], ARGV[1], 'grant:somebody') return redis.call('DEL', KEYS[2], KEYS[3])"
	if n := s.int("EVAL", lost, "3", "cr:{ids}:c:10000:own", recordKey(m.Client), recordKey(other.Client), formatID(other.Client)); n != 2 {
		t.Fatalf("%d records were there", n)
	}
	s.recorded(m)
	if v, _ := s.do("HGET", recordKey(m.Client), "r").ToString(); v != formatID(room) {
		t.Errorf("the record has room %q", v)
	}
	until(t, "who lost its id is sent away", func() bool { return n.heard(told{other.Client, other.Incarnation, chat.CauseLeaseLost}) })
	if s.has("EXISTS", recordKey(other.Client)) {
		t.Error("a record without an id was written")
	}
	if v, _ := s.do("HGET", "cr:{ids}:c:10000:own", formatID(other.Client)).ToString(); v != "grant:somebody" {
		t.Errorf("the id belongs to %q", v)
	}
}

func TestLeavingWorksWithoutMemory(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	s.recorded(m)
	s.recorded(w)
	s.do("CONFIG", "SET", "maxmemory", "1mb")
	before := n.lease.count.Load()
	n.dir.End(m, 0)
	until(t, "the record has gone", func() bool { return !s.has("EXISTS", recordKey(m.Client)) })
	until(t, "the id is free", func() bool { return !s.has("HEXISTS", "cr:{ids}:c:10000:own", formatID(m.Client)) })
	until(t, "the lease is renewed", func() bool { return n.lease.count.Load() > before+3 })
	s.do("CONFIG", "SET", "maxmemory", "0")
	n.dir.Detach(w, 0)
	until(t, "all have gone", func() bool { return len(s.leftovers(true)) == 0 })
}

func TestAReapedNodeBeginsAgain(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, patient), begin(t, s, patient)
	m := a.open("192.0.2.1")
	s.recorded(m)
	token, former := a.token(m), a.lease.node()
	// What a reaper does when the node stood still for longer than its lease.
	s.do("ZREM", "cr:{nodes}:lease", former)
	s.do("HSET", "cr:{nodes}:reap", former, formatID(uint64(a.lease.now())))
	until(t, "its connections are closed", func() (all bool) {
		a.with(func() { all = a.all == 1 })
		return all
	})
	until(t, "it has a lease again", func() bool { return a.lease.node() != former && a.mayAcknowledge() })
	refused := make(chan bool, 1)
	a.enter(m, 12345, false, func(ok bool) { refused <- !ok })
	if !<-refused {
		t.Error("a lost session may enter rooms")
	}
	a.dir.Detach(m, 0) // the engine, as its connection closes: changes nothing
	if r := b.resume(token, "192.0.2.1"); r.Code != "" {
		t.Errorf("resumed %+v", r)
	}
	next := a.open("192.0.2.1")
	s.recorded(next)
	until(t, "the former life is cleaned up", func() bool { return !s.has("HLEN", "cr:{nodes}:reap") })
	if !s.has("EXISTS", recordKey(next.Client)) {
		t.Error("the new life was cleaned up as well")
	}
}

func TestTheFirstNodeAfterACrashOfAllCleansUp(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a := begin(t, s, nil)
	m := a.open("192.0.2.1")
	a.create(m)
	a.crash()
	b := begin(t, s, nil)
	until(t, "nothing is left", func() bool { return len(s.leftovers(true)) == 0 })
	// Both go on behind the last record, and a node that closes leaves the rest to the next one.
	until(t, "the job is done", func() bool { return !s.has("HLEN", "cr:{nodes}:reap") })
	s.swept(t, m)
	b.leave()
	if n := s.int("BITCOUNT", "cr:{ids}:c:10000:bits"); n != 0 {
		t.Errorf("%d ids are still granted", n)
	}
}

// swept waits until the ids of sessions that ended by the sweep are free, which comes last.
func (s *server) swept(t *testing.T, people ...person) {
	t.Helper()
	for _, m := range people {
		until(t, "the id is free", func() bool { return !s.owned(granted{id: uint64(m.Client)}) })
	}
}

func TestAnotherRangeIsRefused(t *testing.T) {
	t.Parallel()
	s := launch(t)
	begin(t, s, nil)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := Open(ctx, Config{URL: "redis://" + s.addr(), ServerID: "00000000-0000-4000-8000-000000000001", ClientIDs: IDRange{1, 9}}, newEar())
	if err != nil {
		t.Fatal(err)
	}
	c.Bind(newEar())
	if err := c.Start(ctx); err == nil {
		t.Error("two ranges in one cluster")
	}
	c.life.abort()
	c.store.close()
}
