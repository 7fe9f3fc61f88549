package engine_test

import (
	"fmt"
	"testing"

	"chatroom/engine"
)

func TestTwoPeopleChat(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	alice, bob := n.dial(t), n.dial(t)
	if alice.id == bob.id || alice.id < 10000 || alice.id > 99999 {
		t.Fatalf("ids %d and %d", alice.id, bob.id)
	}
	room := alice.create("lobby")
	joined, replay := bob.join(room)
	if joined.number("members") != 2 || joined.text("name") != "lobby" || len(replay) != 0 {
		t.Fatalf("joined %v", joined)
	}
	if m := alice.want("USER_EVENT"); m.text("event") != "joined" || m.number("members") != 2 {
		t.Fatalf("got %v", m)
	}
	ack := alice.say("m1", "hello")
	if ack.number("seq") != 1 || ack.number("roomId") != room {
		t.Fatalf("ack %v", ack)
	}
	m := bob.want("NEW_MESSAGE")
	if m.text("text") != "hello" || m.number("seq") != 1 || m.text("messageId") != ack.text("messageId") || m.text("epoch") != ack.text("epoch") {
		t.Fatalf("message %v for %v", m, ack)
	}
	alice.quiet()
	bob.quiet()
}

// TestOneOrder has everybody speak at once: all hear the same order without a hole, and each hears
// its own ACK in the place of its message.
func TestOneOrder(t *testing.T) {
	n := start(t, engine.Config{Loops: 3}, nil)
	const people, each = 9, 40
	room := int64(0)
	var all []*client
	for i := range people {
		c := n.dial(t)
		if i == 0 {
			room = c.create("busy")
		} else {
			c.join(room)
		}
		all = append(all, c)
	}
	type heard struct{ ids []string }
	results := make(chan heard, people)
	for i, c := range all {
		go func() {
			for k := range each {
				c.send(`{"type":"SEND_MESSAGE","id":"%d-%d","text":"text %d"}`, i, k, k)
			}
		}()
		go func() {
			var h heard
			for seq := int64(1); seq <= people*each; {
				m := c.next()
				if m == nil || m.is("ERROR") {
					t.Errorf("got %v, closed %v", m, c.closed)
					break
				}
				if m.is("USER_EVENT") {
					continue
				}
				if m.number("seq") != seq {
					t.Errorf("client %d: got %v, want seq %d", c.id, m, seq)
					break
				}
				h.ids = append(h.ids, m.text("messageId"))
				seq++
			}
			results <- h
		}()
	}
	var first heard
	for range people {
		h := <-results
		if first.ids == nil {
			first = h
		}
		if fmt.Sprint(h.ids) != fmt.Sprint(first.ids) {
			t.Fatal("two members heard different orders")
		}
	}
}
