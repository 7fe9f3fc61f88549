package cluster

import (
	"fmt"
	"strings"
	"testing"

	"chatroom/internal/chat"
)

func TestTwoNodesSeeOneOrder(t *testing.T) {
	t.Parallel()
	redis := launch(t)
	a, b := enact(t, "redis://"+redis.addr(), nil), enact(t, "redis://"+redis.addr(), nil)
	ann, ben := a.somebody(), b.somebody()
	room := a.makes(ann)
	if info := b.joins(room, ben); info.Members != 2 || info.Name != "room" || info.CreatedBy != ann.Client {
		t.Fatalf("joined %+v", info)
	}
	const each = 500
	var sent []chat.Pending
	for i := range each {
		sent = append(sent, a.says(room, ann, fmt.Sprintf("a%d", i)))
		sent = append(sent, b.says(room, ben, fmt.Sprintf("b%d", i)))
	}
	a.reaches(room, 2*each)
	b.reaches(room, 2*each)
	agree(t, room, a, b)
	for i, p := range sent {
		n := []*scene{a, b}[i%2]
		if e, r, ok := n.verdict(p); !ok || e.MessageID != p.MessageID || string(e.Body) != string(p.Body) {
			t.Fatalf("message %d: %+v %+v", i, e, r)
		}
	}
	for _, n := range []*scene{a, b} {
		n.look(func() {
			for id, count := range n.of(room).counts {
				if count != 1 {
					t.Errorf("message %x came %d times", id, count)
				}
			}
		})
	}
	cat := b.somebody()
	if info := b.joins(room, cat); info.Seq != 2*each || info.Members != 3 {
		t.Fatalf("joined late: %+v", info)
	}
	b.leaves(room, cat)
	until(t, "the other node hears of the coming and going", func() (ok bool) {
		a.look(func() {
			ev := a.of(room).events
			ok = len(ev) == 3 && ev[1].Kind == chat.EventJoined && ev[2].Kind == chat.EventLeft && ev[2].Members == 2 && ev[2].Username == cat.Name
		})
		return ok
	})
}

// TestANewcomerHearsNoOldNews: what was said while its join was under way, and before it was let in.
func TestANewcomerHearsNoOldNews(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := enact(t, "redis://"+s.addr(), nil), enact(t, "redis://"+s.addr(), nil)
	m, gone := a.somebody(), a.somebody()
	room := a.makes(m)
	a.joins(room, gone)
	a.leaves(room, gone)
	epoch, err := s.do("HGET", a.store.keys.room(room).meta, "e").ToString()
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{})
	b.Cluster.rooms.shardOf(room).post(post{kind: postCall, call: func(s *shard) {
		defer close(told)
		r := s.room(room)
		head := string(letterEvent) + a.Cluster.rooms.origin + epoch
		r.early = append(r.early, head+strings.Join([]string{"0", "3", "left", formatID(gone.Client), "0", "1", "1", gone.Name, ""}, "\x00"))
	}})
	<-told
	b.joins(room, b.somebody())
	a.leaves(room, m)
	until(t, "what comes later is heard", func() (found bool) {
		b.look(func() {
			for _, e := range b.of(room).events {
				found = found || e.Kind == chat.EventLeft && e.Client == m.Client
				if e.Client == gone.Client {
					t.Fatalf("heard %+v", e)
				}
			}
		})
		return found
	})
}
