package engine_test

import (
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/internal/chat"
)

// TestCountsOutliveAConnection: what operators see of a client goes on from one connection of its
// session to the next, and stands while there is none.
func TestCountsOutliveAConnection(t *testing.T) {
	n := start(t, engine.Config{ResumeWindow: time.Hour}, nil)
	before := time.Now().UnixMilli()
	c := n.dial(t)
	room := c.create("room")
	for _, id := range []string{"1", "2", "3"} {
		c.say(id, "hello")
	}
	record := func() chat.ClientRecord {
		r, found, err := n.embedded.Client(t.Context(), chat.ClientID(c.id))
		if err != nil || !found {
			t.Fatal(found, err)
		}
		return r
	}
	if r := record(); r.Messages != 3 {
		t.Fatalf("connected: %+v", r)
	}
	said := time.Now().UnixMilli()
	c.lose()
	eventually(t, "the connection has gone", func() bool { _, here := n.Client(chat.ClientID(c.id)); return !here })
	var kept chat.ClientRecord
	eventually(t, "the counts stand", func() bool { kept = record(); return kept.Messages == 3 })
	if kept.ConnectedAt < before || kept.ConnectedAt > said || kept.LastSeenAt < before-1 || // two clocks, cut to milliseconds
		kept.RoomID != chat.RoomID(room) {
		t.Errorf("kept: %+v, connected between %d and %d", kept, before, said)
	}

	again := n.dial(t)
	again.send(`{"type":"RESUME","id":"r","session":%q}`, c.session)
	again.want("CONNECT")
	again.entered()
	again.say("4", "hello")
	if r := record(); r.Messages != 4 || r.ConnectedAt < kept.ConnectedAt || r.LastSeenAt < kept.LastSeenAt-1 {
		t.Errorf("connected again: %+v, before %+v", r, kept)
	}
	again.lose()
	eventually(t, "the counts stand again", func() bool {
		_, here := n.Client(chat.ClientID(c.id))
		return !here && record().Messages == 4
	})
}

// unreachable is a log that can't bring anybody back to a room.
type unreachable struct {
	*late
	feed engine.Feed // guarded by late.mu
}

func (u *unreachable) Join(tag chat.Tag, room chat.RoomID, m chat.Member, resume bool) {
	if !resume {
		u.late.Join(tag, room, m, resume)
		return
	}
	u.later(func() {
		u.mu.Lock()
		feed := u.feed
		u.mu.Unlock()
		feed.Joined(tag, chat.RoomInfo{ID: room}, chat.Unavailable)
	})
}

// TestAnEndIsAnEndWithoutTheRoom: a client that closes with 1000 while it waits to get back to its
// room has gone at once, even when the room can't be reached; one that does not is sent away and
// keeps its place.
func TestAnEndIsAnEndWithoutTheRoom(t *testing.T) {
	var log *unreachable
	n := startWith(t, engine.Config{ResumeWindow: time.Hour}, func(e *engine.Embedded) engine.Log {
		log = &unreachable{late: newLate(t, e)}
		return log
	})
	t.Cleanup(func() { log.hold(false) })
	log.mu.Lock()
	log.feed = n.Engine
	log.mu.Unlock()
	ann, ben := n.dial(t), n.dial(t)
	room := ann.create("room")
	ben.join(room)
	ann.want("USER_EVENT")
	ben.lose()
	eventually(t, "ben has gone", func() bool { _, here := n.Client(chat.ClientID(ben.id)); return !here })

	back := n.dial(t)
	back.send(`{"type":"RESUME","id":"r","session":%q}`, ben.session)
	back.want("CONNECT")
	back.wantClose(int(chat.CloseTryAgainLater))
	ann.quiet()

	log.hold(true)
	last := n.dial(t)
	last.send(`{"type":"RESUME","id":"r","session":%q}`, ben.session)
	last.want("CONNECT")
	eventually(t, "the log was asked", func() bool { return log.waiting() == 1 })
	last.leave()
	log.hold(false)
	if m := ann.want("USER_EVENT"); m.text("event") != "left" {
		t.Fatalf("got %v", m)
	}
}

// TestAClientThatGoesWhileItResumesLeavesNoGhost: RESUME and the end of the connection arrive
// together, so the session is taken over for nobody.
func TestAClientThatGoesWhileItResumesLeavesNoGhost(t *testing.T) {
	for name, end := range map[string]func(*client){
		"closed": func(c *client) { c.leave() },
		"lost":   func(c *client) { c.lose() },
	} {
		t.Run(name, func(t *testing.T) {
			// The window is short and begins anew with each try, so the first loss alone could not
			// end the place before the second.
			n := start(t, engine.Config{ResumeWindow: 3 * time.Second, Loops: 1}, nil)
			ann, ben := n.dial(t), n.dial(t)
			room := ann.create("room")
			ben.join(room)
			ann.want("USER_EVENT")
			ben.lose()
			eventually(t, "ben has gone", func() bool { _, here := n.Client(chat.ClientID(ben.id)); return !here })
			back := n.dialRaw(t)
			back.send(`{"type":"RESUME","id":"r","session":%q}`, ben.session)
			end(back)
			if m := ann.want("USER_EVENT"); m.text("event") != "left" || m.number("members") != 1 {
				t.Fatalf("got %v", m)
			}
		})
	}
}
