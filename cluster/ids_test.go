package cluster

import (
	"context"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/chat"
)

func TestRangesGrowByADigit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		first IDRange
		n     int
		low   uint64
		size  uint64
		ok    bool
	}{
		{IDRange{10000, 99999}, 0, 10000, 90000, true},
		{IDRange{10000, 99999}, 1, 100000, 900000, true},
		{IDRange{100, 199}, 1, 1000, 9000, true},
		{IDRange{100, 199}, 2, 10000, 90000, true},
		{IDRange{1, 9}, 1, 10, 90, true},
		{IDRange{1 << 50, maxID}, 1, 0, 0, false},
	} {
		r, ok := widen(c.first, c.n)
		if ok != c.ok || r.low != c.low || r.size != c.size {
			t.Errorf("widen(%v, %d) = %v %v", c.first, c.n, r, ok)
		}
	}
	if r, ok := rangeOf(IDRange{100, 199}, 1234); !ok || r.low != 1000 {
		t.Errorf("1234 stands in %v %v", r, ok)
	}
	if _, ok := rangeOf(IDRange{100, 199}, 500); ok {
		t.Error("500 stands between the ranges")
	}
}

// narrow gives the nodes a range of a hundred ids.
func narrow(c *Config, _ *times) { c.ClientIDs = IDRange{100, 199} }

func TestIDsAreUniqueUnderRacingNodes(t *testing.T) {
	t.Parallel()
	s := launch(t)
	const each = 700
	nodes := make([]*testNode, 3)
	for i := range nodes {
		nodes[i] = begin(t, s, func(c *Config, _ *times) { c.ClientIDs = IDRange{1000, 2999} })
	}
	var mu sync.Mutex
	seen := make(map[chat.ClientID]int)
	var people [3][]person
	var wg sync.WaitGroup
	for i, n := range nodes {
		for w := range 2 {
			wg.Go(func() {
				for range each / 2 {
					m := n.open("192.0.2." + strconv.Itoa(w))
					mu.Lock()
					seen[m.Client]++
					people[i] = append(people[i], m)
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	wide := 0
	for id, times := range seen {
		if times > 1 {
			t.Errorf("id %d was given %d times", id, times)
		}
		if id > 2999 {
			wide++
		}
	}
	if len(seen) != 3*each || wide < 3*each-2000 {
		t.Errorf("%d ids, %d of them wide", len(seen), wide)
	}
	for i, n := range nodes {
		for _, m := range people[i] {
			n.dir.End(m, 0)
		}
		n.leave()
	}
	for _, low := range []string{"1000", "10000"} {
		if n := s.int("HLEN", "cr:{ids}:c:"+low+":own") + s.int("BITCOUNT", "cr:{ids}:c:"+low+":bits"); n != 0 {
			t.Errorf("range %s keeps %d marks", low, n)
		}
	}
}

func TestIDsWidenOnlyWhenFull(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, narrow)
	seen := make(map[chat.ClientID]bool)
	for i := range 150 {
		m := n.open("192.0.2.1")
		if seen[m.Client] {
			t.Fatalf("id %d twice", m.Client)
		}
		seen[m.Client] = true
		if wide := m.Client > 199; wide != (i >= 100) {
			t.Fatalf("id %d is number %d", m.Client, i)
		}
	}
}

func TestGivenBackIDsAreGrantedLate(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, narrow)
	first := n.open("192.0.2.1")
	s.recorded(first)
	n.dir.End(first, 0)
	until(t, "the id is free", func() bool {
		return !s.has("HEXISTS", "cr:{ids}:c:100:own", formatID(first.Client))
	})
	for i := range 90 {
		if m := n.open("192.0.2.1"); m.Client == first.Client {
			t.Fatalf("granted again after %d others", i)
		}
	}
}

func TestASlowRedisDoesNotWidenTheRange(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, _ *times) { c.ClientIDs = IDRange{1000, 1999} })
	s.signal(syscall.SIGSTOP)
	stopped := time.Now()
	open := 0
	for time.Since(stopped) < 2500*time.Millisecond { // longer than a request's deadline
		if _, ok := n.dir.Open("192.0.2.1"); ok {
			open++
		}
		time.Sleep(time.Millisecond)
	}
	s.signal(syscall.SIGCONT)
	for range 300 {
		if m := n.open("192.0.2.1"); m.Client > 1999 {
			t.Fatalf("id %d though only %d were open", m.Client, open)
		}
	}
	if open == 0 {
		t.Error("nobody got in while Redis stood still")
	}
}

func TestATakeIsRepeatable(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, narrow)
	take := func(grant string) string {
		word, rest, err := texts(n.store.run(context.Background(), scriptTake, []string{
			"cr:{ids}:c:100:bits", "cr:{ids}:c:100:own", "cr:{ids}:c:100:cur", "cr:{ids}:c:100:last", "cr:{ids}:c:100:hold",
		}, []string{"4", "somebody", grant, "100", "100", "1"}))
		if err != nil || word != "OK" {
			t.Fatal(word, err)
		}
		list := ""
		for _, m := range rest {
			list += strconv.FormatInt(integer(m), 10) + " "
		}
		return list
	}
	a, b, c := take("aaaa"), take("aaaa"), take("bbbb")
	if a != b || a == c {
		t.Errorf("took %q, again %q, another time %q", a, b, c)
	}
}

func TestRoomIDsComeBackWhenNoRoomHasThem(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, _ *times) { c.ClientIDs = IDRange{100, 139} })
	// A quarter are rooms, a quarter tombstones.
	for id := 100; id < 120; id++ {
		k := n.store.keys.room(chat.RoomID(id))
		if id%2 == 0 {
			s.do("HSET", k.meta, "e", "1")
		} else {
			s.do("SET", k.tomb, "empty")
		}
	}
	draw := func() (id chat.RoomID) {
		until(t, "a room id", func() (ok bool) { id, ok = n.nextRoomID(); return ok })
		return id
	}
	for range 40 {
		if id := draw(); id > 139 {
			t.Fatalf("widened at once: %d", id)
		}
	}
	seen := make(map[chat.RoomID]bool)
	for range 20 {
		id := draw()
		if id < 120 || id > 139 || seen[id] {
			t.Fatalf("drew %d (again: %v) from a range in which 120–139 are free", id, seen[id])
		}
		seen[id] = true
		s.do("HSET", n.store.keys.room(id).meta, "e", "1")
	}
	// One drawn ahead may still be of the old range.
	if a, b := draw(), draw(); a < 1000 && b < 1000 {
		t.Errorf("drew %d and %d from a full range", a, b)
	}
}
