package wsproto

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// cutEverywhere splits b in pieces whose lengths come from cuts.
func cutEverywhere(b, cuts []byte) [][]byte {
	var pieces [][]byte
	for _, c := range cuts {
		n := min(int(c), len(b))
		pieces, b = append(pieces, b[:n]), b[n:]
	}
	return append(pieces, b)
}

func seedFrames(f *testing.F, frame func(op Opcode, fin bool, payload string) []byte) {
	cuts := []byte{1, 1, 2, 3, 5, 8, 13}
	for _, b := range [][]byte{
		frame(OpText, true, "Hello"),
		join(frame(OpText, false, "Hel"), frame(OpPing, true, "p"), frame(OpContinuation, true, "lo")),
		join(frame(OpText, false, "\xE2"), frame(OpContinuation, false, "\x82"), frame(OpContinuation, true, "\xAC")),
		frame(OpClose, true, "\x03\xE8bye"),
		frame(OpText, true, string(bytes.Repeat([]byte("m"), 300))),
		frame(OpBinary, true, "x"),
		first(frame(OpText, true, "x"), 0x20),
		{0x81, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0},
		{0x81, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0},
	} {
		f.Add(b, cuts, false)
		f.Add(b, cuts, true)
	}
}

// fuzzDecoder: the same bytes cut anywhere give the same events and the same error; texts are
// UTF-8; nothing is held beyond the limit.
func fuzzDecoder(f *testing.F, open func(*Limits) Decoder) {
	limits := &Limits{Message: 4096, Fragments: 8}
	f.Fuzz(func(t *testing.T, b, cuts []byte, binary bool) {
		fresh := func() Decoder {
			d := open(limits)
			if binary {
				d.AcceptBinary()
			}
			return d
		}
		whole := fresh()
		want := feed(&whole, 1, slices.Clone(b))
		cut := fresh()
		if got := feed(&cut, 1, cutEverywhere(slices.Clone(b), cuts)...); !slices.Equal(got, want) {
			t.Fatalf("cut %v: got %q, want %q", cuts, got, want)
		}
		if cut.msg != nil && cap(cut.msg.payload) > 2*limits.Message {
			t.Fatalf("%d bytes held", cap(cut.msg.payload))
		}
		d := fresh()
		for left := slices.Clone(b); ; {
			ev, n, err := d.Next(left, 1)
			if n > len(left) || len(ev.Payload) > limits.Message || ev.Kind == EventText && !utf8.Valid(ev.Payload) {
				t.Fatalf("used %d of %d: %+v", n, len(left), ev)
			}
			if left = left[n:]; err != nil || ev.Kind == EventNone {
				if err != nil && (!ValidCloseCode(err.Code) || len(err.Reason) > maxCloseReason) {
					t.Fatalf("error %v can't be sent", err)
				}
				break
			}
		}
	})
}

func FuzzDecoder(f *testing.F) {
	seedFrames(f, masked)
	fuzzDecoder(f, NewDecoder)
}

func FuzzClientDecoder(f *testing.F) {
	seedFrames(f, func(op Opcode, fin bool, payload string) []byte {
		b := AppendFrame(nil, op, []byte(payload))
		if !fin {
			b[0] &^= finBit
		}
		return b
	})
	seedFrames(f, masked)
	fuzzDecoder(f, NewClientDecoder)
}

// FuzzHandshake: no head makes the parser fail hard, the end is found at the same place however the
// bytes come, and what passes here also passes net/http and the Upgrader of gobwas/ws, which reads
// the same key and gives the same answer. The reverse does not hold: both are more lenient.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte(good), []byte{1, 2, 3})
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), []byte{})
	f.Add(AppendRequest(nil, "[::1]:80", "/ws", &RequestOptions{Protocols: []string{"a"}}), []byte{30, 30})
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n"), []byte{})
	f.Add([]byte("GET / HTTP/1.1\r\nHost: h\r\nA: b\n\r\n\r\n"), []byte{7})
	f.Add([]byte("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"), []byte{})
	f.Fuzz(func(t *testing.T, b, cuts []byte) {
		limits := &Limits{Head: 1024, Headers: 16}
		end, _, herr := limits.FindHead(b, 0)
		checkCuts(t, limits, b, cuts, end, herr)
		if end == 0 {
			if _, err := limits.ParseRequest(b); err == nil {
				t.Fatal("parsed without an end")
			}
			return
		}
		r, herr := limits.ParseRequest(b[:end])
		if herr != nil {
			return
		}
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:end])))
		if err == nil && (std.Method != string(r.Method) || std.Host != string(r.Host)) {
			t.Fatalf("net/http reads %s %s of %q", std.Method, std.Host, b[:end])
		}
		for range r.Hops {
		}
		if CheckUpgrade(&r) != nil {
			return
		}
		var answer bytes.Buffer
		rw := struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(b[:end]), &answer}
		if _, err := ws.Upgrade(rw); err != nil {
			t.Fatalf("gobwas refuses %q: %v", b[:end], err)
		}
		if _, err := CheckResponse(answer.Bytes(), &RequestOptions{Key: string(r.Key)}); err != nil {
			t.Fatalf("gobwas answers %q: %v", answer.Bytes(), err)
		}
	})
}

func checkCuts(t *testing.T, limits *Limits, b, cuts []byte, want int, wantErr *HandshakeError) {
	t.Helper()
	from, have := 0, 0
	for _, piece := range cutEverywhere(b, cuts) {
		have += len(piece)
		end, next, err := limits.FindHead(b[:have], from)
		if err != nil || end > 0 {
			if end != want || err != wantErr {
				t.Fatalf("cut %v: end %d, %v; whole: end %d, %v", cuts, end, err, want, wantErr)
			}
			return
		}
		if next < from || next > have {
			t.Fatalf("next %d of %d", next, have)
		}
		from = next
	}
	if want != 0 || wantErr != nil {
		t.Fatalf("cut %v: no end, whole: %d, %v", cuts, want, wantErr)
	}
}
