//go:build !race

package engine_test

import (
	"fmt"
	"net"
	"runtime"
	"testing"

	"chatroom/engine"
	"chatroom/wsproto"
)

// hear reads and forgets what a member gets.
func hear(conn net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}

// crowd fills a room with members that only read, and returns the one that made it.
func (n *node) crowd(t testing.TB, members int) (speaker *client) {
	speaker = n.dial(t)
	room := speaker.create("crowd")
	for range members - 1 {
		c := n.dial(t)
		c.send(`{"type":"JOIN_ROOM","roomId":%d,"replay":0}`, room)
		c.want("ROOM_JOINED")
		go hear(c.conn.NetConn())
	}
	speaker.quietCrowd()
	return speaker
}

// sayMany sends prepared messages one after another and waits for each ACK; it allocates nothing.
func sayMany(t testing.TB, speaker *client, prefix string, messages int) (run func()) {
	frames := make([][]byte, messages)
	for i := range frames {
		frames[i] = wsproto.AppendMaskedFrame(nil, wsproto.OpText, true,
			fmt.Appendf(nil, `{"type":"SEND_MESSAGE","id":"%s%d","text":"the same old words"}`, prefix, i))
	}
	conn := speaker.conn.NetConn()
	buf := make([]byte, 64<<10)
	return func() {
		for _, frame := range frames {
			if _, err := conn.Write(frame); err != nil {
				t.Error(err)
				return
			}
			if n, err := conn.Read(buf); err != nil || n == 0 {
				t.Error(n, err)
				return
			}
		}
	}
}

// TestNoAllocationPerRecipient compares what a message costs in a room of 2 and in one of 200.
func TestNoAllocationPerRecipient(t *testing.T) {
	const messages = 300
	perMessage := func(members int) float64 {
		n := start(t, engine.Config{Loops: 1}, nil)
		speaker := n.crowd(t, members)
		sayMany(t, speaker, "warm", messages)()
		run := sayMany(t, speaker, "m", messages)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		run()
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / messages
	}
	small, big := perMessage(2), perMessage(200)
	t.Logf("%.1f allocations a message in a room of 2, %.1f in a room of 200", small, big)
	if big-small > 4 {
		t.Errorf("a room of 200 costs %.1f allocations a message, one of 2 %.1f", big, small)
	}
	if small > 12 {
		t.Errorf("a message costs %.1f allocations", small)
	}
}

// quietCrowd reads the user events of a room that has just filled.
func (c *client) quietCrowd() {
	c.send(`{"type":"PING","id":"crowd"}`)
	for {
		if m := c.next(); m.text("id") == "crowd" {
			return
		}
	}
}

// BenchmarkFanout sends messages one after another to a room; an operation is one delivery.
func BenchmarkFanout(b *testing.B) {
	for _, members := range []int{2, 100, 1000} {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			n := start(b, engine.Config{Loops: 1}, nil)
			speaker := n.crowd(b, members)
			run := sayMany(b, speaker, "m", (b.N+members-1)/members)
			b.ReportAllocs()
			b.ResetTimer()
			run()
		})
	}
}
