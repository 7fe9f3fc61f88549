package cluster

import (
	"strings"
	"sync"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// permanent are the keys that stay when everybody has left.
func permanent(key string) bool {
	for _, p := range []string{"cr:{ids}:", "cr:{nodes}:", "cr:{ctl}:log", "cr:{audit}", "cr:{session}:key"} {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

// leftovers are keys that should not be there once everybody has left, and, lasting, keys without
// an end.
func (s *server) leftovers(tombstones bool) (keys []string) {
	s.t.Helper()
	all, err := s.do("KEYS", "*").AsStrSlice()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, k := range all {
		// Probes of living nodes end by themselves.
		if permanent(k) || strings.Contains(k, "}:probe:") || (tombstones && strings.HasSuffix(k, ":t")) {
			continue
		}
		keys = append(keys, k)
	}
	return keys
}

func (s *server) endless() (keys []string) {
	s.t.Helper()
	for _, k := range s.leftovers(false) {
		if s.int("PTTL", k) == -1 {
			keys = append(keys, k)
		}
	}
	return keys
}

func TestASessionIsRecordedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	m := n.open("192.0.2.7")
	if m.Name != "User "+formatID(m.Client) || m.Incarnation == 0 || m.Nonce == (chat.Nonce{}) {
		t.Errorf("opened %+v", m)
	}
	key := s.recorded(m)
	n.dir.Rename(m, "Zoë")
	until(t, "the new name stands", func() bool {
		v, _ := s.do("HGET", key, "n").ToString()
		return v == "Zoë"
	})
	room := n.create(m)
	if v, _ := s.do("HGET", key, "r").ToString(); v != formatID(room) {
		t.Errorf("the record has room %q", v)
	}
	if keys := s.endless(); len(keys) > 0 {
		t.Errorf("without an end: %v", keys)
	}
	n.dir.End(m, room)
	until(t, "only permanent keys and tombstones remain", func() bool { return len(s.leftovers(true)) == 0 })
	until(t, "the id is free", func() bool { return !s.has("HEXISTS", "cr:{ids}:c:10000:own", formatID(m.Client)) })
}

func TestDiscardedIdentitiesComeBack(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, narrow)
	for range 300 {
		n.dir.Discard(n.open("192.0.2.1"))
	}
	until(t, "no record is left", func() bool { return len(s.leftovers(true)) == 0 && n.sessions.count() == 0 })
}

func TestMovingIsRecordedBeforeItHappens(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	a, b := n.open("192.0.2.1"), n.open("192.0.2.2")
	from, to := n.create(a), n.create(b)
	n.join(to, a, false)
	key := recordKey(a.Client)
	if v, _ := s.do("HGET", key, "r").ToString(); v != formatID(from)+" "+formatID(to) {
		t.Errorf("between the rooms the record has %q", v)
	}
	n.Leave(0, from, a)
	until(t, "the record has the new room only", func() bool {
		v, _ := s.do("HGET", key, "r").ToString()
		return v == formatID(to)
	})
}

func TestResumeOnAnotherNode(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m, other := a.open("192.0.2.1"), a.open("192.0.2.2")
	token := a.token(m)
	room := a.create(m)
	a.join(room, other, false)
	a.dir.Rename(m, "Ann")
	a.dir.Detach(m, room)
	until(t, "the session is detached", func() bool { return s.has("HEXISTS", recordKey(m.Client), "d") })

	r := b.resume(token, "192.0.2.9")
	if r.Code != "" || r.Member.Client != m.Client || r.Member.Nonce != m.Nonce || r.Member.Name != "Ann" || r.Room != room {
		t.Fatalf("resumed %+v", r)
	}
	if r.Member.Incarnation == m.Incarnation {
		t.Error("the incarnation is the same")
	}
	if again := b.token(r.Member); again != token {
		t.Error("the token has changed")
	}
	if info := b.join(room, r.Member, true); info.Members != 2 {
		t.Errorf("%d members", info.Members)
	}
	// The former window passes and nothing happens.
	until(t, "the sweep has looked", func() bool { return s.int("ZCARD", "cr:{nodes}:det") == 0 })
	if !s.has("EXISTS", recordKey(m.Client)) || !s.has("HEXISTS", memberKey(room), formatID(m.Client)) {
		t.Error("a resumed session was ended")
	}
}

func TestResumeTakesOverALiveConnection(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m := a.open("192.0.2.1")
	s.recorded(m)
	r := b.resume(a.token(m), "192.0.2.1")
	until(t, "the other node is told", func() bool { return a.heard(told{m.Client, m.Incarnation, chat.CauseResumedElsewhere}) })
	// What the former connection still says changes nothing.
	a.dir.Rename(m, "zombie")
	a.dir.End(m, 0)
	again := b.resume(b.token(r.Member), "192.0.2.1")
	if again.Code != "" || again.Member.Name != r.Member.Name {
		t.Fatalf("resumed %+v", again)
	}
	until(t, "the own node is told", func() bool {
		return b.heard(told{m.Client, r.Member.Incarnation, chat.CauseResumedElsewhere})
	})
}

func TestASessionGoesBackAndForthAsFastAsItIsAsked(t *testing.T) {
	t.Parallel()
	s := launch(t)
	nodes := []*testNode{begin(t, s, nil), begin(t, s, nil)}
	m := nodes[0].open("192.0.2.1")
	s.recorded(m)
	token := nodes[0].token(m)
	former := m
	for i := range 200 {
		n := nodes[(i+1)%2]
		r := n.resume(token, "192.0.2.1")
		if r.Code != "" || r.Member.Client != m.Client {
			t.Fatalf("resumption %d: %+v", i, r)
		}
		// The former connection may say goodbye before it is told that it has lost the session.
		if i%3 == 0 {
			nodes[i%2].dir.End(former, 0)
		}
		former = r.Member
	}
}

func TestOneOfRacingResumesWins(t *testing.T) {
	t.Parallel()
	s := launch(t)
	nodes := []*testNode{begin(t, s, nil), begin(t, s, nil)}
	m := nodes[0].open("192.0.2.1")
	s.recorded(m)
	token := nodes[0].token(m)
	var mu sync.Mutex
	owners := map[chat.Incarnation]*testNode{m.Incarnation: nodes[0]}
	var wg sync.WaitGroup
	for i := range 12 {
		n := nodes[i%2]
		wg.Go(func() {
			r := n.resume(token, "192.0.2.1")
			mu.Lock()
			defer mu.Unlock()
			if r.Code != "" {
				t.Errorf("refused: %s", r.Code)
			}
			owners[r.Member.Incarnation] = n
		})
	}
	wg.Wait()
	if len(owners) != 13 {
		t.Fatalf("%d incarnations", len(owners))
	}
	winner, _ := s.do("HGET", recordKey(m.Client), "i").ToString()
	for incarnation, n := range owners {
		if formatID(incarnation) == winner {
			continue
		}
		until(t, "every loser is told", func() bool { return n.heard(told{m.Client, incarnation, chat.CauseResumedElsewhere}) })
	}
	for incarnation, n := range owners {
		if formatID(incarnation) == winner && n.heard(told{m.Client, incarnation, chat.CauseResumedElsewhere}) {
			t.Error("the winner was sent away")
		}
	}
}

func TestAnEndedWindowEndsTheSession(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, _ *times) { c.ResumeWindow = 500 * time.Millisecond })
	m, other := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(other)
	n.join(room, m, false)
	token := n.token(m)
	n.dir.Detach(m, room)
	until(t, "the place is over", func() bool { return !s.has("HEXISTS", memberKey(room), formatID(m.Client)) })
	until(t, "the record has gone", func() bool { return !s.has("EXISTS", recordKey(m.Client)) })
	until(t, "the list is empty", func() bool { return s.int("ZCARD", "cr:{nodes}:det") == 0 })
	if r := n.resume(token, "192.0.2.1"); r.Code != chat.SessionInvalid {
		t.Errorf("resumed %+v", r)
	}
	if r := n.resume("AAAA", "192.0.2.1"); r.Code != chat.SessionInvalid {
		t.Errorf("resumed %+v", r)
	}
	n.dir.End(other, room)
	until(t, "nothing is left", func() bool { return len(s.leftovers(true)) == 0 })
}

func TestWithoutAWindowALostSessionEnds(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, _ *times) { c.ResumeWindow = 0 })
	m := n.open("192.0.2.1")
	room := n.create(m)
	n.dir.Detach(m, room)
	until(t, "nothing is left", func() bool { return len(s.leftovers(true)) == 0 })
}

func TestAClosedNodeHandsItsSessionsOver(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, patient), begin(t, s, patient)
	m := a.open("192.0.2.1")
	room := a.create(m)
	token := a.token(m)
	a.leave()
	r := b.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != room {
		t.Fatalf("resumed %+v", r)
	}
	b.join(room, r.Member, true)
	if n := s.int("ZCARD", "cr:{nodes}:lease"); n != 1 {
		t.Errorf("%d leases", n)
	}
	b.dir.End(r.Member, room)
	b.leave()
	if keys := s.leftovers(true); len(keys) > 0 {
		t.Errorf("left behind: %v", keys)
	}
	if n := s.int("BITCOUNT", "cr:{ids}:c:10000:bits"); n != 0 {
		t.Errorf("%d ids are still granted", n)
	}
}

func TestAResumeComesBehindTheLastWrite(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				m := n.open("192.0.2.1")
				token := n.token(m)
				n.dir.Rename(m, "Ann")
				n.dir.Detach(m, 0)
				r := n.resume(token, "192.0.2.1")
				if r.Code != "" || r.Member.Name != "Ann" {
					t.Errorf("resumed %+v", r)
				}
				n.dir.End(r.Member, 0)
				if r := n.resume(token, "192.0.2.1"); r.Code != chat.SessionInvalid {
					t.Errorf("resumed after the end: %+v", r)
				}
			}
		})
	}
	wg.Wait()
	until(t, "nothing is left", func() bool { return len(s.leftovers(true)) == 0 })
}
