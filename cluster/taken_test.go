package cluster

import (
	"testing"

	"chatroom/internal/chat"
)

// offers makes the node try this id for its next room.
func (s *scene) offers(room chat.RoomID) {
	s.roomIDs.mu.Lock()
	defer s.roomIDs.mu.Unlock()
	s.roomIDs.stock = append([]uint64{uint64(room)}, s.roomIDs.stock...)
}

// TestATakenIDLeavesItsRoomAlone: a Redis that came back empty hands ids of living rooms out. The
// members of one, on the node whose create met it, go on hearing and speaking.
func TestATakenIDLeavesItsRoomAlone(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := enact(t, "redis://"+s.addr(), nil), enact(t, "redis://"+s.addr(), nil)
	m, w, other := a.somebody(), b.somebody(), a.somebody()
	room := a.makes(m)
	b.joins(room, w)
	a.offers(room)
	if made := a.makes(other); made == room {
		t.Fatal("the id was handed out twice")
	}
	if _, r, acked := a.verdict(a.says(room, m, "1")); !acked {
		t.Errorf("a member on the node of the create: %s", r.Code)
	}
	if _, r, acked := b.verdict(b.says(room, w, "2")); !acked {
		t.Errorf("a member on another node: %s", r.Code)
	}
	a.reaches(room, 2)
	b.reaches(room, 2)
	agree(t, room, a, b)
	a.look(func() {
		if e := a.of(room).events; len(e) != 1 || e[0].Kind != chat.EventJoined {
			t.Errorf("heard %+v", e)
		}
	})
}

// TestALostRoomIsNotGivenAway: its members would find themselves among those of another room.
func TestALostRoomIsNotGivenAway(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := enactWith(t, "redis://"+s.addr(), nil, func(c *Cluster) { c.rooms.every = patience }) // nothing mends it by itself
	m, other := n.somebody(), n.somebody()
	room := n.makes(m)
	s.do("FLUSHALL")
	n.offers(room)
	if made := n.makes(other); made == room {
		t.Fatal("the room was given to somebody else")
	}
	if _, r, acked := n.verdict(n.says(room, m, "1")); !acked {
		t.Errorf("its member: %s", r.Code)
	}
	n.reaches(room, 1)
}

// TestLostRoomIDsAreDrawnAnywhere: where a Redis that came back empty would begin is where the rooms are.
func TestLostRoomIDsAreDrawnAnywhere(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, _ *times) { c.ClientIDs = IDRange{1_000_000, 9_999_999} })
	until(t, "an id from elsewhere", func() bool {
		id, ok := n.nextRoomID()
		if !ok || id > 1_100_000 {
			return ok
		}
		s.do("FLUSHALL")
		n.roomIDs.mu.Lock()
		n.roomIDs.stock = nil
		n.roomIDs.mu.Unlock()
		return false
	})
}
