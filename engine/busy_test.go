package engine_test

import (
	"fmt"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/internal/chat"
)

// TestBusyHomeLoop: while a room's home loop is stuck, its inbox takes a bounded number of
// messages; the rest is UNAVAILABLE at once. Every message is answered exactly once, and what was
// acknowledged reaches everybody.
func TestBusyHomeLoop(t *testing.T) {
	n := start(t, engine.Config{Loops: 2, MaxPending: 64 << 20, RoomLog: engine.Retention{Messages: 100}}, nil)
	host := n.dial(t)
	room := host.create("stuck")
	home := n.LoopOf(uint64(host.id))
	var speakers []*client
	for len(speakers) < 3 {
		c := n.dial(t)
		if n.LoopOf(uint64(c.id)) == home {
			c.leave()
			continue
		}
		c.send(`{"type":"JOIN_ROOM","id":"j","roomId":%d}`, room)
		c.until("ROOM_JOINED")
		speakers = append(speakers, c)
	}
	release := n.BlockLoop(home)
	const each = 4500
	refused := make(chan int, len(speakers))
	for k, c := range speakers {
		go func() {
			for i := range each {
				c.send(`{"type":"SEND_MESSAGE","id":"%d-%d","text":"x"}`, k, i)
			}
		}()
		go func() {
			answered, errors := map[string]bool{}, 0
			for len(answered) < each {
				m := c.next()
				if m == nil {
					t.Errorf("closed: %v", c.closed)
					break
				}
				if !m.is("ACK") && !m.is("ERROR") {
					continue
				}
				if answered[m.text("id")] {
					t.Errorf("%s was answered twice", m.text("id"))
				}
				answered[m.text("id")] = true
				if m.is("ERROR") {
					if errors++; m.text("code") != "UNAVAILABLE" {
						t.Errorf("got %v", m)
					}
				}
			}
			refused <- errors
		}()
	}
	eventually(t, "messages are refused", func() bool { return n.Counters().Errors["UNAVAILABLE"] > 0 })
	release()
	all := 0
	for range speakers {
		all += <-refused
	}
	if accepted := len(speakers)*each - all; accepted < 8000 {
		t.Errorf("%d accepted, %d refused", accepted, all)
	}
	last := int64(0)
	for last < int64(len(speakers)*each-all) {
		if m := host.next(); m.is("NEW_MESSAGE") {
			if last++; m.number("seq") != last {
				t.Fatalf("got %v, want %d", m, last)
			}
		}
	}
}

// TestBannedSession is told so when it resumes, with its id, and closed with 4501. Its address is
// not one that may be banned: a new session is welcome.
func TestBannedSession(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	c := n.dial(t)
	removal := chat.Removal{Client: chat.ClientID(c.id), Ban: time.Hour, Bannable: func(string) bool { return false }}
	if removed, err := n.embedded.RemoveClient(t.Context(), removal); err != nil || !removed.SessionOnly {
		t.Fatal(removed, err)
	}
	c.wantError("BANNED")
	c.wantClose(4501)
	again := n.dial(t)
	again.send(`{"type":"RESUME","id":"r","session":%q}`, c.session)
	if m := again.wantError("BANNED"); m.text("id") != "r" || m.number("banCode") != 101010 {
		t.Fatalf("got %v", m)
	}
	again.wantClose(4501)
	if counted := n.Counters().Resumes["banned"]; counted != 1 {
		t.Fatalf("%d counted", counted)
	}
}

// TestCountersAddUp after a short life.
func TestCountersAddUp(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	alice, bob := n.dial(t), n.dial(t)
	room := alice.create("counted")
	bob.join(room)
	alice.want("USER_EVENT")
	for i := range 5 {
		alice.say(fmt.Sprint(i), "text")
		bob.want("NEW_MESSAGE")
	}
	alice.say("4", "again")
	bob.send(`{"type":"LEAVE_ROOM","id":"l"}`)
	bob.want("ACK")
	bob.leave()
	eventually(t, "counters add up", func() bool {
		c := n.Counters()
		return c.Connections == 1 && c.Rooms == 1 && c.RoomsCreated == 1 && c.Messages == 5 && c.Dedupes == 1 &&
			c.Handshakes["ok"] == 2 && c.Closes[1000] == 1 && c.Delivery.Count >= 5 && c.LoopTurn.Count > 0 &&
			c.BytesIn > 0 && c.BytesOut > c.BytesIn && c.LogBytes > 0 && c.MaxConnection > 0 &&
			// Five messages to two members, and the user events.
			c.Deliveries >= 10 && c.Deliveries <= 13
	})
}
