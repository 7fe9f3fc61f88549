package cluster

import (
	"slices"
	"strings"
	"time"

	"chatroom/internal/chat"
)

// strayMemory is how long after a take-over something of the lost connection may be under way.
const strayMemory = 2 * time.Minute

// inside says whether the session has a stay in room; sessions.mu is held, as for all of these.
func (n *session) inside(room chat.RoomID) bool {
	return slices.ContainsFunc(n.stays, func(x stay) bool { return x.room == room })
}

// goInto adds a stay, even a second one in a room whose leave is still under way: that one ends the
// first and must not take the second with it.
func (n *session) goInto(room chat.RoomID) {
	n.stays = append(n.stays, stay{room: room})
	n.lost = 0
}

// stayIn adds a stay unless there is one; false means that there was, or no room (0).
func (n *session) stayIn(room chat.RoomID) bool {
	if room == 0 || n.inside(room) {
		return false
	}
	n.goInto(room)
	return true
}

// forgetStrays drops the strays once nothing of the lost connection can be under way any more.
func (n *session) forgetStrays(now time.Time) {
	if now.Sub(time.UnixMilli(n.connectedAt)) > strayMemory {
		n.stays = slices.DeleteFunc(n.stays, func(x stay) bool { return x.stray })
	}
}

// places are the rooms of all stays, each once, where it was entered last.
func (n *session) places() []chat.RoomID {
	var rooms []chat.RoomID
	for i, x := range n.stays {
		if !slices.ContainsFunc(n.stays[i+1:], func(later stay) bool { return later.room == x.room }) {
			rooms = append(rooms, x.room)
		}
	}
	return rooms
}

// quit are those of places that the client was told it has left.
func (n *session) quit() []chat.RoomID {
	return slices.DeleteFunc(n.places(), func(room chat.RoomID) bool {
		return slices.Contains(n.stays, stay{room: room})
	})
}

// whereabouts is the field r of the record.
func (n *session) whereabouts() string {
	if n.lost != 0 {
		return formatLost(n.lost)
	}
	return formatRooms(n.places())
}

// departed is the field f of the record: quit, under the incarnation that says so. A node of a version
// that knows no f leaves it behind when the session goes on there, and then it says nothing any more.
func (n *session) departed() string {
	if rooms := formatRooms(n.quit()); rooms != "" {
		return formatID(n.member.Incarnation) + ":" + rooms
	}
	return ""
}

// departedOf reads field f, if it is of one of these incarnations.
func departedOf(f string, incarnations ...string) (rooms string) {
	by, rooms, _ := strings.Cut(f, ":")
	if !slices.Contains(incarnations, by) {
		return ""
	}
	return rooms
}

// staysOf reads the stays of a record: field r, and those of them that are over.
func staysOf(r, f string) []stay {
	over := parseRooms(f)
	var stays []stay
	for _, room := range parseRooms(r) {
		stays = append(stays, stay{room: room, over: slices.Contains(over, room)})
	}
	return stays
}
