package cluster

import (
	"testing"

	"chatroom/internal/chat"
)

// TestNobodyLeavesTwice lets the node that cleans up behind a dead one die in the middle of it: those
// who stay in the room hear of each departure once.
func TestNobodyLeavesTwice(t *testing.T) {
	t.Parallel()
	s := launch(t)
	dead, weak, strong := begin(t, s, nil), begin(t, s, nil), begin(t, s, nil)
	stays := strong.open("192.0.2.1")
	room := strong.create(stays)
	const ghosts = 40
	for range ghosts {
		dead.join(room, dead.open("192.0.2.2"), false)
	}
	weak.reaper.broken.Store(40) // of the 64 partitions and the ids
	strong.reaper.broken.Store(-1)
	dead.crash()
	until(t, "one has begun", func() bool { return s.has("ZCARD", "cr:{nodes}:det") })
	weak.crash()
	strong.reaper.broken.Store(0)
	until(t, "both dead nodes are cleaned up", func() bool { return strong.reaper.count.Load() == 2 && !s.has("HLEN", "cr:{nodes}:reap") })
	until(t, "nobody's time is running", func() bool { return !s.has("ZCARD", "cr:{nodes}:det") })
	if n := s.int("HLEN", memberKey(room)); n != 1 {
		t.Errorf("%d members", n)
	}
	left := map[chat.ClientID]int{}
	until(t, "every departure is told", func() bool {
		clear(left)
		strong.with(func() {
			for _, e := range strong.events[room] {
				if e.Kind == chat.EventLeft {
					left[e.Client]++
				}
			}
		})
		return len(left) == ghosts
	})
	for client, n := range left {
		if n != 1 {
			t.Errorf("client %d has left %d times", client, n)
		}
	}
}
