package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/wsproto"
)

func (c *client) frame(f wsproto.Frame) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.conn.WriteFrame(ctx, f); err != nil {
		c.t.Fatal(err)
	}
}

func TestMessageRate(t *testing.T) {
	n := start(t, engine.Config{MessageRate: engine.Rate{PerSecond: 0.01, Burst: 3}}, nil)
	c := n.dial(t)
	c.send(`{"type":"PING","id":"free"}`)
	c.want("ACK")
	for i := range 3 {
		c.send(`{"type":"LIST_ROOMS","id":"%d"}`, i)
		c.want("ROOMS")
	}
	c.send(`{"type":"LIST_ROOMS","id":"over"}`)
	if m := c.wantError("RATE_LIMITED"); m.number("retryAfterMs") <= 0 || m.text("id") != "over" {
		t.Fatalf("got %v", m)
	}
	// The second PING within five seconds is an event like any other.
	c.send(`{"type":"PING","id":"paid"}`)
	c.wantError("RATE_LIMITED")
	if counted := n.Counters().RateLimited["message"]; counted != 2 {
		t.Fatalf("%d counted", counted)
	}
}

func TestStrikes(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	c := n.dial(t)
	for range 19 {
		c.send(`{`)
	}
	c.send(`{"type":"PING","id":"good"}`)
	for range 20 {
		c.send(`{"type":"DANCE"}`)
	}
	for range 19 {
		c.wantError("BAD_JSON")
	}
	c.want("ACK")
	for range 20 {
		c.wantError("UNKNOWN_TYPE")
	}
	c.wantClose(1008)
}

func TestControlFloods(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	for _, op := range []wsproto.Opcode{wsproto.OpPing, wsproto.OpPong} {
		c := n.dial(t)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		flood := bytes.Repeat(wsproto.AppendMaskedFrame(nil, op, true, []byte("x")), 100)
		_ = c.conn.WriteRaw(ctx, flood)
		cancel()
		c.wantClose(1008)
	}
	// A few are answered, in order and with their payload, even inside a fragmented message.
	c := n.dial(t)
	c.frame(wsproto.Frame{Op: wsproto.OpText, Payload: []byte(`{"type":"PING",`)})
	c.frame(wsproto.Frame{Op: wsproto.OpPing, Fin: true, Payload: []byte("between")})
	c.frame(wsproto.Frame{Op: wsproto.OpContinuation, Fin: true, Payload: []byte(`"id":"1"}`)})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if ev, err := c.conn.ReadEvent(ctx); err != nil || ev.Kind != wsproto.EventPong || string(ev.Payload) != "between" {
		t.Fatalf("got %v %q, %v", ev.Kind, ev.Payload, err)
	}
	c.want("ACK")
}

// TestHostileFrames end their own connection with the right code, and nobody else notices.
func TestHostileFrames(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	alice, bob := n.dial(t), n.dial(t)
	room := alice.create("calm")
	bob.join(room)
	alice.want("USER_EVENT")
	text := func(payload string) []byte {
		return wsproto.AppendMaskedFrame(nil, wsproto.OpText, true, []byte(payload))
	}
	raw := func(f wsproto.Frame) []byte { return wsproto.AppendRawFrame(nil, f) }
	for _, test := range []struct {
		name  string
		bytes []byte
		code  int
	}{
		{"unmasked", raw(wsproto.Frame{Op: wsproto.OpText, Fin: true, Unmasked: true, Payload: []byte("{}")}), 1002},
		{"RSV1", raw(wsproto.Frame{Op: wsproto.OpText, Fin: true, RSV: 4, Payload: []byte("{}")}), 1002},
		{"opcode 3", raw(wsproto.Frame{Op: 3, Fin: true}), 1002},
		{"binary", raw(wsproto.Frame{Op: wsproto.OpBinary, Fin: true, Payload: []byte("{}")}), 1003},
		{"invalid UTF-8", text("\xff"), 1007},
		{"close code 1005", raw(wsproto.Frame{Op: wsproto.OpClose, Fin: true, Payload: []byte{0x03, 0xed}}), 1002},
		{"declared 1 GiB", []byte{0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0}, 1009},
		{"too big", text(strings.Repeat(" ", 30000)), 1009},
		{"empty fragments", bytes.Repeat(raw(wsproto.Frame{Op: wsproto.OpContinuation}), 100), 1002},
		{"close", raw(wsproto.Frame{Op: wsproto.OpClose, Fin: true, Payload: []byte{0x0f, 0xa0}}), 4000},
		{"empty close", raw(wsproto.Frame{Op: wsproto.OpClose, Fin: true}), 1005},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := n.dial(t)
			c.t = t
			c.join(room)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_ = c.conn.WriteRaw(ctx, test.bytes)
			c.wantClose(test.code)
			// Data behind the close is ignored, and the server ends the connection.
			_ = c.conn.WriteRaw(ctx, text(`{"type":"SEND_MESSAGE","id":"late","text":"late"}`))
			if _, err := io.ReadAll(c.conn.NetConn()); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Fatal(err)
			}
		})
		alice.want("USER_EVENT")
		bob.want("USER_EVENT")
	}
	alice.say("still", "here")
	if m := bob.want("NEW_MESSAGE"); m.number("seq") != 1 {
		t.Fatalf("got %v", m)
	}
}

// TestSlowMessage cuts off a message that does not end in time.
func TestSlowMessage(t *testing.T) {
	n := start(t, engine.Config{Heartbeat: time.Minute}, nil, func(e *engine.Engine) { e.SetMessageTime(time.Second) })
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	// A pong inside the message would be taken for its bytes.
	conn, err := wsproto.Dial(ctx, "ws://"+n.addr+"/ws", wsproto.DialOptions{ManualPong: true})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, conn: conn}
	defer c.lose()
	c.want("CONNECT")
	if err := c.conn.WriteRaw(ctx, []byte{0x81, 0xfe}); err != nil {
		t.Fatal(err)
	}
	c.wantClose(1008)
}

// TestFragments deliver a message whole, whatever the cuts.
func TestFragments(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	alice, bob := n.dial(t), n.dial(t)
	bob.join(alice.create("pieces"))
	alice.want("USER_EVENT")
	event := []byte(`{"type":"SEND_MESSAGE","id":"é","text":"grüße 👋"}`)
	event = bytes.Replace(event, []byte("é"), []byte("e"), 1)
	for cut := 1; cut < len(event); cut += 3 {
		payload := bytes.Replace(event, []byte(`"e"`), fmt.Appendf(nil, `"e%d"`, cut), 1)
		alice.frame(wsproto.Frame{Op: wsproto.OpText, Payload: payload[:cut]})
		alice.frame(wsproto.Frame{Op: wsproto.OpContinuation, Fin: true, Payload: payload[cut:]})
		alice.want("ACK")
		if m := bob.want("NEW_MESSAGE"); m.text("text") != "grüße 👋" {
			t.Fatalf("cut at %d: %v", cut, m)
		}
	}
}
