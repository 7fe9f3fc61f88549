//go:build !race

package wsproto

import (
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// What is promised to cost no allocation. The race detector allocates on its own.
func TestNoAllocation(t *testing.T) {
	var l Limits
	head := []byte(good)
	message := join(masked(OpText, true, strings.Repeat("m", 300)), masked(OpPing, true, "p"), masked(OpPong, true, ""))
	buf := make([]byte, len(message))
	big := []byte{0x81, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0}
	reply := AppendFrame(nil, OpText, []byte(strings.Repeat("m", 300)))
	out := make([]byte, 0, 4096)
	dec, client := NewDecoder(nil), NewClientDecoder(nil)
	r, _ := l.ParseRequest(head)
	upgraded := AppendUpgrade(nil, &r, "")
	o := &RequestOptions{Protocols: []string{"chatroom.v1"}}
	drain := func(d *Decoder, b []byte) {
		for {
			ev, n, err := d.Next(b, 1)
			if err != nil {
				t.Fatal(err)
			}
			if b = b[n:]; ev.Kind == EventNone {
				return
			}
		}
	}
	for name, f := range map[string]func(){
		"FindHead and ParseRequest": func() {
			end, _, _ := l.FindHead(head, 0)
			r, err := l.ParseRequest(head[:end])
			if err != nil || CheckUpgrade(&r) != nil || !r.Offers("chatroom.v1") {
				t.Fatal(err)
			}
			for range r.Hops {
			}
		},
		"AppendUpgrade":     func() { out = AppendUpgrade(out[:0], &r, "chatroom.v1") },
		"AppendError":       func() { out = errVersion.Append(out[:0]) },
		"AppendFrame":       func() { out = AppendFrame(out[:0], OpText, reply) },
		"AppendTextHeader":  func() { out = AppendTextHeader(out[:0], 70_000) },
		"AppendMaskedFrame": func() { out = AppendMaskedFrame(out[:0], OpText, true, reply) },
		"AppendClose":       func() { out = AppendClose(out[:0], CloseGoingAway, "bye") },
		"AppendRequest":     func() { out = AppendRequest(out[:0], "h", "/ws", o) },
		"CheckResponse": func() {
			if _, err := CheckResponse(upgraded, o); err != nil {
				t.Fatal(err)
			}
		},
		"Decoder":        func() { drain(&dec, buf[:copy(buf, message)]) },
		"client Decoder": func() { drain(&client, reply) },
		"declared 1 GiB": func() {
			d := NewDecoder(&l)
			if _, _, err := d.Next(big, 1); err != errTooBig {
				t.Fatal(err)
			}
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Ten thousand idle connections hold ten thousand of these.
func TestDecoderSize(t *testing.T) {
	if size := unsafe.Sizeof(Decoder{}); size > 32 {
		t.Fatalf("a decoder has %d bytes", size)
	}
	d := NewDecoder(nil)
	feed(&d, 1, masked(OpText, false, strings.Repeat("m", 1000)), masked(OpContinuation, true, ""), masked(OpText, true, ""))
	if d.msg != nil {
		t.Fatal("the buffer of a finished message is kept")
	}
}

// A message made of fragments holds at most what the message limit and the growth of a slice allow.
func TestAssemblyIsBounded(t *testing.T) {
	d := NewDecoder(nil)
	part := masked(OpText, false, strings.Repeat("m", 1000))
	for range 16 {
		if got := feed(&d, 1, slices.Clone(part)); got != nil {
			t.Fatal(got)
		}
		part[0] = byte(OpContinuation)
	}
	if held := cap(d.msg.payload); held > 2*DefaultMessage {
		t.Fatalf("%d bytes held for a message of at most %d", held, DefaultMessage)
	}
	if got := feed(&d, 1, part); !slices.Equal(got, []string{"text mmmmmmmm… 17000 bytes"}) && !slices.Equal(got, []string{"error 1009"}) {
		t.Fatal(got)
	}
	if d.msg != nil {
		t.Fatal("the buffer of a refused message is kept")
	}
}
