package cluster

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chat"
)

func TestRoomsAreListedPageByPage(t *testing.T) {
	t.Parallel()
	redis := launch(t)
	a, b := enact(t, "redis://"+redis.addr(), nil), enact(t, "redis://"+redis.addr(), nil)
	var public, all []chat.RoomID
	for i := range 25 {
		s := []*scene{a, b}[i%2]
		tag := s.tag()
		private := i%5 == 4
		name := []string{"Straße", "room"}[i%2]
		s.Create(tag, name, private, s.somebody())
		info, code := s.outcome(tag)
		if code != "" {
			t.Fatal(code)
		}
		all = append(all, info.ID)
		if !private {
			public = append(public, info.ID)
		}
	}
	slices.Sort(public)
	slices.Sort(all)
	var listed []chat.RoomID
	for cursor := ""; ; {
		tag := b.tag()
		b.List(tag, cursor, 7)
		if _, code := b.outcome(tag); code != "" {
			t.Fatal(code)
		}
		b.look(func() {
			for _, r := range b.listed[tag] {
				listed = append(listed, r.ID)
				if r.Members != 1 || r.CreatedAt == 0 || r.Name == "" {
					t.Errorf("listed %+v", r)
				}
			}
			cursor = b.next[tag]
		})
		if cursor == "" {
			break
		}
	}
	if !slices.Equal(listed, public) {
		t.Errorf("listed %v, want %v", listed, public)
	}
	operatorsPage(t, a, all)
}

// operatorsPage walks the pages that operators see, and filters them.
func operatorsPage(t *testing.T, a *scene, all []chat.RoomID) {
	tag := a.tag()
	a.List(tag, "no cursor of ours!", 7)
	if _, code := a.outcome(tag); code != chat.BadRequest {
		t.Errorf("an unknown cursor: %q", code)
	}
	var seen []chat.RoomID
	for cursor := ""; ; {
		ids, total, next, err := a.Rooms(t.Context(), "", cursor, 10)
		if err != nil || total != 25 {
			t.Fatalf("total %d, %v", total, err)
		}
		seen = append(seen, ids...)
		if cursor = next; cursor == "" {
			break
		}
	}
	if !slices.Equal(seen, all) {
		t.Errorf("operators see %v, want %v", seen, all)
	}
	ids, total, next, err := a.Rooms(t.Context(), "RASS", "", 100)
	if err != nil || len(ids) != 0 || total != 0 || next != "" {
		t.Errorf("a part that no name has: %v %d %q %v", ids, total, next, err)
	}
	ids, total, next, err = a.Rooms(t.Context(), "ROO", "", 5)
	if err != nil || len(ids) != 5 || total != 12 || next == "" {
		t.Errorf("a part of a name: %v %d %q %v", ids, total, next, err)
	}
	if _, _, _, err := a.Rooms(t.Context(), "", "?", 5); !errors.Is(err, chat.ErrUnknownCursor) {
		t.Errorf("an unknown cursor: %v", err)
	}
}

func TestOperatorsSeeARoom(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(3, "x")
	p.settle()
	p.b.leaves(p.room, p.ben)
	record, found, err := p.a.Room(t.Context(), p.room)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if record.Name != "room" || record.CreatedBy != p.ann.Client || record.ActiveUsers != 1 || record.PeakUsers != 2 || record.MessageCount != 6 ||
		record.LastMessageAt == 0 || len(record.Participants) != 2 || !slices.Equal(record.Servers, []string{p.a.config.ServerID}) {
		t.Errorf("record %+v", record)
	}
	for _, who := range record.Participants {
		if (who.LeftAt != 0) != (who.ClientID == p.ben.Client) || who.JoinedAt == 0 || !strings.HasPrefix(who.Username, "User ") {
			t.Errorf("participant %+v", who)
		}
	}
	if _, found, err := p.a.Room(t.Context(), 1); found || err != nil {
		t.Errorf("no such room: %v %v", found, err)
	}
	if _, found, err := p.a.DeleteRoom(t.Context(), 1); found || err != nil {
		t.Errorf("no such room to delete: %v %v", found, err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.flood(20, "x")
	p.settle()
	keys, _ := p.redis.do("KEYS", "*").AsStrSlice()
	for _, key := range keys { // rooms live on only while somebody refreshes them
		if strings.HasPrefix(key, p.a.store.keys.tags[partition(p.room)]) {
			if ttl := p.redis.int("TTL", key); ttl <= 0 || ttl > int64(roomTTL/time.Second) {
				t.Errorf("%s has TTL %d", key, ttl)
			}
		}
	}
	k := p.a.store.keys.room(p.room)
	p.a.leaves(p.room, p.ann)
	p.a.Release(p.room)
	p.b.leaves(p.room, p.ben)
	p.b.Release(p.room)
	if n := p.redis.int("EXISTS", k.meta, k.log, k.ids, k.idq, k.members, k.past, k.rooms); n != 0 {
		t.Errorf("%d keys are left of a room that died", n)
	}
	if ttl := p.redis.int("TTL", k.tomb); ttl < 500 || ttl > 600 {
		t.Errorf("the tombstone has TTL %d", ttl)
	}
	tag := p.a.tag()
	p.a.Join(tag, p.room, p.ann, false)
	if _, code := p.a.outcome(tag); code != chat.RoomNotFound {
		t.Errorf("a join of a dead room: %q", code)
	}
	until(t, "the rooms are forgotten", func() bool { return p.a.kept() == 0 })
}

// kept counts the rooms that a node still has.
func (s *scene) kept() (n int) {
	for _, sh := range s.Cluster.rooms.shards {
		counted := make(chan int)
		sh.post(post{kind: postCall, call: func(s *shard) { counted <- len(s.byID) }})
		n += <-counted
	}
	return n
}

func TestDeafNodeIsNotReady(t *testing.T) {
	t.Parallel()
	redis := launch(t)
	s := enact(t, "redis://"+redis.addr(), nil)
	// Scripts still run, but nobody may subscribe any more.
	redis.do("ACL", "SETUSER", "default", "-ssubscribe")
	redis.do("CLIENT", "KILL", "TYPE", "pubsub")
	until(t, "readiness ends", func() bool { return strings.Contains(s.Ready(), "subscription") })
	redis.do("ACL", "SETUSER", "default", "+ssubscribe")
	until(t, "readiness returns", func() bool { return s.Ready() == "" })
	if c := s.Counters(); c.Probes == 0 || c.ProbeMisses == 0 || c.ProbeRTT.Count == 0 {
		t.Errorf("counted %d probes, %d misses, %d returns", c.Probes, c.ProbeMisses, c.ProbeRTT.Count)
	}
}
