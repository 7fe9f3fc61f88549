package engine_test

import (
	"testing"

	"chatroom/engine"
	"chatroom/internal/chat"
)

// TestSplitRoomsAreCounted: a room counts as split while members sit on two loops, whichever way it
// begins and ends.
func TestSplitRoomsAreCounted(t *testing.T) {
	n := start(t, engine.Config{Loops: 2}, nil)
	split := func(what string, want int64) {
		t.Helper()
		eventually(t, what, func() bool { return n.Counters().SplitRooms == want })
	}
	alone := n.dial(t)
	alone.create("alone")
	split("a room of one is on one loop", 0)

	_, member, _ := apart(t, n)
	split("members on both loops", 1)
	_, _, doomed := apart(t, n)
	split("a second room", 2)

	member.send(`{"type":"LEAVE_ROOM","id":"l"}`)
	member.want("ACK")
	split("one room is back on one loop", 1)
	if _, found, err := n.embedded.DeleteRoom(t.Context(), chat.RoomID(doomed)); err != nil || !found {
		t.Fatal(found, err)
	}
	split("a room that was deleted is split no more", 0)
}
