package cluster

import (
	"syscall"
	"testing"
	"time"
)

// granted waits for an id out of the node's stock.
func (n *testNode) granted() (g granted) {
	n.t.Helper()
	until(n.t, "an id is at hand", func() (ok bool) {
		g, ok = n.clientIDs.next()
		return ok
	})
	return g
}

func (s *server) owned(g granted) bool {
	s.t.Helper()
	return s.has("HEXISTS", "cr:{ids}:c:10000:own", formatID(g.id))
}

// TestIDsComeBackThroughARebirth: what is given back while the node forgets what it had is not
// forgotten with it.
func TestIDsComeBackThroughARebirth(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	before, behind := n.granted(), n.granted()
	s.signal(syscall.SIGSTOP)
	n.clientIDs.free(before)
	until(t, "it is under way", func() (ok bool) {
		n.clientIDs.mu.Lock()
		defer n.clientIDs.mu.Unlock()
		return len(n.clientIDs.freeing) == 1
	})
	n.clientIDs.forget()
	n.clientIDs.free(behind)
	s.signal(syscall.SIGCONT)
	until(t, "both are free", func() bool { return !s.owned(before) && !s.owned(behind) })
	until(t, "none is on its way", func() bool { return n.clientIDs.returning() == 0 })
}

// TestAFormerLifeIsCleanedUpOnceMore: requests that were under way when a node was taken for dead may
// be executed behind the reaper.
func TestAFormerLifeIsCleanedUpOnceMore(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	former := a.lease.node()
	s.do("ZREM", "cr:{nodes}:lease", former)
	s.do("HSET", "cr:{nodes}:reap", former, formatID(uint64(a.lease.now())))
	until(t, "it was cleaned up twice", func() bool { return a.reaper.count.Load()+b.reaper.count.Load() >= 2 })
	until(t, "the jobs are done", func() bool { return !s.has("HLEN", "cr:{nodes}:reap") })
}

// TestASilentShardHoldsUpNoCleanup: the sessions of a dead node on other shards are detached.
func TestASilentShardHoldsUpNoCleanup(t *testing.T) {
	t.Parallel()
	s := launch(t)
	dead, n := begin(t, s, nil), begin(t, s, nil)
	m := dead.open("192.0.2.1")
	for m.Client%partitions == 0 {
		m = dead.open("192.0.2.1")
	}
	s.recorded(m)
	const silent = "cr:{00}:clients"
	until(t, "the index of a partition can't be read", func() bool { return s.do("SET", silent, "no hash").Error() == nil })
	dead.crash()
	until(t, "who is elsewhere has gone", func() bool { return !s.has("EXISTS", recordKey(m.Client)) })
	if !s.has("HLEN", "cr:{nodes}:reap") || n.reaper.count.Load() != 0 {
		t.Error("the job counts as done")
	}
	s.do("DEL", silent)
	until(t, "the job is done", func() bool { return !s.has("HLEN", "cr:{nodes}:reap") })
}

// TestAStuckRoomHoldsUpNobodyElse: who is in a room that does not answer ends later, everybody else
// in time, and the room is asked once.
func TestAStuckRoomHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(_ *Config, tm *times) { tm.hold = 500 * time.Millisecond })
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	stuck, fine := n.create(m), n.create(w)
	grant := s.field(m, "g")
	inShard := func(f func(*room)) {
		done := make(chan struct{})
		n.rooms.shardOf(stuck).post(post{kind: postCall, call: func(s *shard) {
			defer close(done)
			f(s.room(stuck))
		}})
		<-done
	}
	endless := &op{kind: opDetach}
	inShard(func(r *room) {
		r.pushFront(endless)
		r.inFlight = endless
	})
	n.dir.Detach(m, stuck)
	n.dir.Detach(w, fine)
	until(t, "the one has gone", func() bool { return !s.has("EXISTS", recordKey(w.Client)) && !s.has("EXISTS", memberKey(fine)) })
	score := func() string {
		v, _ := s.do("ZSCORE", "cr:{nodes}:det", detMember(m.Client, grant)).ToString()
		return v
	}
	first := score()
	until(t, "the other was tried again", func() bool { return score() != first })
	second := score()
	until(t, "and again", func() bool { return score() != second })
	inShard(func(r *room) {
		leaves := 0
		for _, o := range r.queue {
			if o.kind == opLeave {
				leaves++
			}
		}
		if leaves > 1 {
			t.Errorf("%d leaves wait in the room", leaves)
		}
		r.finished(endless)
		r.pump()
	})
	until(t, "the other has gone as well", func() bool { return len(s.leftovers(true)) == 0 })
}

// TestARetiredPrimaryKeepsNoWriter: what waits for an address that is no primary any more comes back
// to its room.
func TestARetiredPrimaryKeepsNoWriter(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	w := newReplicaWriters(n.rooms)
	home := newShard(n.rooms) // not running: what is posted stays
	results := func() []post {
		home.mu.Lock()
		defer home.mu.Unlock()
		return home.inbox
	}
	s.signal(syscall.SIGSTOP)
	w.submit(0, &job{plain: []string{"GET", "x"}}, home)
	var e *executor
	w.mu.Lock()
	e = w.writers[""]
	w.mu.Unlock()
	until(t, "the first is under way", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.queue) == 0
	})
	last := &job{plain: []string{"GET", "y"}}
	w.submit(0, last, home)
	w.keep([]string{"192.0.2.1:6379"})
	s.signal(syscall.SIGCONT)
	until(t, "both came back", func() bool { return len(results()) == 2 })
	if last.err == nil {
		t.Error("a job that was never sent counts as done")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.writers) != 0 {
		t.Errorf("%d writers are kept", len(w.writers))
	}
}
