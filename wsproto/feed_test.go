package wsproto

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// feed gives a decoder the pieces one after the other, as a loop that peeks and discards would, and
// returns what came out as a transcript: one line per event, the close code of an error last.
func feed(d *Decoder, now int64, pieces ...[]byte) []string {
	var said []string
	var buf []byte
	for _, p := range pieces {
		buf = append(buf, p...)
		if len(buf) < d.Need() {
			continue
		}
		for {
			ev, n, err := d.Next(buf, now)
			if err != nil {
				return append(said, fmt.Sprintf("error %d", err.Code))
			}
			if ev.Kind != EventNone {
				said = append(said, transcript(ev))
			}
			buf = buf[n:]
			if ev.Kind == EventNone {
				break
			}
		}
	}
	return said
}

func transcript(ev Event) string {
	kind := [...]string{"none", "text", "binary", "ping", "pong", "close"}[ev.Kind]
	if ev.Kind == EventClose {
		kind = fmt.Sprintf("close %d", ev.Code)
	}
	payload := string(ev.Payload)
	if len(payload) > 40 {
		payload = fmt.Sprintf("%s… %d bytes", payload[:8], len(payload))
	}
	return strings.TrimSpace(kind + " " + payload)
}

// everyCut feeds the bytes whole, byte by byte, and cut in two at every place (or at a sample of
// places when there are many), each time to a new decoder and from a fresh copy, and wants the same
// transcript each time (row 44).
func everyCut(t *testing.T, make func() Decoder, b []byte, want []string) {
	t.Helper()
	check := func(how string, pieces ...[]byte) {
		t.Helper()
		d := make()
		if got := feed(&d, 1, pieces...); !slices.Equal(got, want) {
			t.Fatalf("%s: got %q, want %q", how, got, want)
		}
	}
	check("whole", slices.Clone(b))
	if len(b) <= 4096 {
		single := [][]byte{}
		for _, c := range b {
			single = append(single, []byte{c})
		}
		check("byte by byte", single...)
	}
	step := 1 + len(b)/2000
	for i := 0; i <= len(b); i += step {
		check(fmt.Sprintf("cut at %d", i), slices.Clone(b[:i]), slices.Clone(b[i:]))
	}
}

// masked builds a client's frame with fixed key, so that tables are the same each time.
func masked(op Opcode, fin bool, payload string) []byte {
	return AppendMaskedFrameKey(nil, op, fin, []byte(payload), [4]byte{0x37, 0xFA, 0x21, 0x3D})
}

// first changes the first byte of a frame.
func first(frame []byte, or byte) []byte {
	frame[0] |= or
	return frame
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }
