package engine_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"chatroom/engine"
)

// small bounds the receive buffer of a test's connection, so that a reader that stops is noticed
// after kilobytes.
func (c *client) small() {
	c.t.Helper()
	if err := c.conn.NetConn().(*net.TCPConn).SetReadBuffer(32 << 10); err != nil {
		c.t.Fatal(err)
	}
}

// TestSlowReader: only the one that does not read is closed, and it resumes without a loss.
func TestSlowReader(t *testing.T) {
	n := start(t, engine.Config{MaxPending: 128 << 10, RoomLog: engine.Retention{Messages: 5000, Bytes: 64 << 20}}, nil)
	speaker, witness, slow := n.dial(t), n.dial(t), n.dial(t)
	slow.small()
	room := speaker.create("loud")
	witness.join(room)
	slow.join(room)
	heard := make(chan int64)
	go func() {
		last := int64(0)
		for m := witness.next(); m != nil; m = witness.next() {
			if m.is("NEW_MESSAGE") {
				if m.number("seq") != last+1 {
					t.Errorf("the witness heard %d behind %d", m.number("seq"), last)
				}
				last = m.number("seq")
				if m.text("text") == "end" {
					break
				}
			}
		}
		heard <- last
	}()
	text := strings.Repeat("x", 1900)
	sent := int64(0)
	for n.Counters().SlowReaders == 0 {
		if sent++; sent > 4000 {
			t.Fatal("the slow reader was never noticed")
		}
		if m := speaker.say(fmt.Sprint(sent), text); !m.is("ACK") {
			t.Fatalf("got %v", m)
		}
	}
	sent++
	speaker.say("end", "end")
	if last := <-heard; last != sent {
		t.Fatalf("the witness heard %d of %d", last, sent)
	}
	// What it has got until the end has no hole; then it comes back for the rest.
	last, position := int64(0), ""
	take := func(m message) {
		if m.is("NEW_MESSAGE") {
			if m.number("seq") != last+1 {
				t.Fatalf("the slow reader heard %d behind %d", m.number("seq"), last)
			}
			last = m.number("seq")
			position = fmt.Sprintf(`"epoch":%q,"seq":%d,"messageId":%q`, m.text("epoch"), last, m.text("messageId"))
		}
	}
	for {
		m, err := slow.read(patience)
		if m == nil {
			if err == nil && slow.closed.Code != 4000 {
				t.Fatalf("closed with %v", slow.closed)
			}
			break // 4000, or the end of the connection before it
		}
		take(m)
	}
	again := n.dial(t)
	again.send(`{"type":"RESUME","session":%q,%s}`, slow.session, position)
	again.want("CONNECT")
	joined, replay := again.entered()
	if joined["recovered"] != true {
		t.Fatalf("got %v", joined)
	}
	for _, m := range replay {
		take(m)
	}
	if last != sent {
		t.Fatalf("the slow reader has %d of %d", last, sent)
	}
}

// TestManySlowReaders hold no copies of what their room says.
func TestManySlowReaders(t *testing.T) {
	n := start(t, engine.Config{MaxPending: 4 << 20, RoomLog: engine.Retention{Messages: 5000, Bytes: 64 << 20}}, nil)
	speaker := n.dial(t)
	room := speaker.create("crowd")
	const readers = 60
	for range readers {
		c := n.dial(t)
		c.small()
		c.send(`{"type":"JOIN_ROOM","roomId":%d}`, room)
		c.want("ROOM_JOINED")
	}
	text := strings.Repeat("y", 1900)
	before := n.Stats().MemoryBytes
	const messages = 1000
	for i := range messages {
		speaker.say(fmt.Sprint(i), text)
	}
	// 60 readers with nearly 2 MB each to read: far less is held, since they share the frames.
	if grown := n.Stats().MemoryBytes - before; grown > 60<<20 {
		t.Fatalf("%d MB for %d slow readers", grown>>20, readers)
	}
	eventually(t, "pending bytes are seen", func() bool { return n.Counters().PendingBytes > 10<<20 })
}

// TestBigReplay does not count against the one that asked for it: it reads slowly and gets all.
func TestBigReplay(t *testing.T) {
	n := start(t, engine.Config{MaxPending: 64 << 10, RoomLog: engine.Retention{Messages: 200, Bytes: 64 << 20}}, nil)
	speaker := n.dial(t)
	room := speaker.create("past")
	text := strings.Repeat("z", 2000)
	for i := range 200 {
		speaker.say(fmt.Sprint(i), text)
	}
	late := n.dial(t)
	late.small()
	late.send(`{"type":"JOIN_ROOM","roomId":%d,"replay":200}`, room)
	speaker.until("USER_EVENT")
	for i := range 5 {
		speaker.say(fmt.Sprintf("live %d", i), "live")
	}
	joined := late.want("ROOM_JOINED")
	if joined.number("messages") != 200 {
		t.Fatalf("got %v", joined)
	}
	for seq := int64(1); seq <= 205; seq++ {
		if m := late.want("NEW_MESSAGE"); m.number("seq") != seq {
			t.Fatalf("got %v, want seq %d", m, seq)
		}
		if seq%50 == 0 {
			time.Sleep(20 * time.Millisecond) // a slow reader, not a wait for something
		}
	}
	late.quiet()
}
