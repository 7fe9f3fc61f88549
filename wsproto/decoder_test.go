package wsproto

import (
	"slices"
	"strings"
	"testing"
)

type frameCase struct {
	name string
	in   []byte
	want []string
}

func runFrames(t *testing.T, make func() Decoder, cases []frameCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { everyCut(t, make, c.in, c.want) })
	}
}

func server() Decoder { return NewDecoder(nil) }

// RFC 6455 sections 5.1 to 5.5: every rule of a frame header (rows 24 to 33).
func TestHeaderRules(t *testing.T) {
	control126 := join([]byte{finBit | byte(OpPing), maskBit | length16, 0, 126, 1, 2, 3, 4}, make([]byte, 126))
	cases := []frameCase{
		{"24 unmasked", AppendFrame(nil, OpText, []byte("hi")), []string{"error 1002"}},
		{"24 unmasked behind a good one", join(masked(OpText, true, "hi"), AppendFrame(nil, OpText, nil)), []string{"text hi", "error 1002"}},
		{"25 rsv1", first(masked(OpText, true, "hi"), 0x40), []string{"error 1002"}},
		{"25 rsv2", first(masked(OpText, true, "hi"), 0x20), []string{"error 1002"}},
		{"25 rsv3", first(masked(OpText, true, "hi"), 0x10), []string{"error 1002"}},
		{"25 rsv1 on a control frame", first(masked(OpPing, true, ""), 0x40), []string{"error 1002"}},
		{"27 control of 125", masked(OpPing, true, strings.Repeat("p", 125)), []string{"ping pppppppp… 125 bytes"}},
		{"27 control over 125", control126, []string{"error 1002"}},
		{"28 fragmented ping", masked(OpPing, false, ""), []string{"error 1002"}},
		{"28 fragmented close", masked(OpClose, false, ""), []string{"error 1002"}},
		{"29 continuation at first", masked(OpContinuation, true, "x"), []string{"error 1002"}},
		{"29 continuation after a whole message", join(masked(OpText, true, "a"), masked(OpContinuation, true, "x")), []string{"text a", "error 1002"}},
		{"29 continuation after a finished one", join(masked(OpText, false, "a"), masked(OpContinuation, true, "b"), masked(OpContinuation, true, "x")), []string{"text ab", "error 1002"}},
		{"30 text inside a message", join(masked(OpText, false, "a"), masked(OpText, true, "b")), []string{"error 1002"}},
		{"30 binary inside a message", join(masked(OpText, false, "a"), masked(OpBinary, false, "b")), []string{"error 1002"}},
		{"31 length with its sign bit", []byte{0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1}, []string{"error 1002"}},
		{"31 its first byte is enough", []byte{0x81, 0xFF, 0x80}, []string{"error 1002"}},
		{"31 length of 2^63-1", []byte{0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, []string{"error 1009"}},
		{"31 length of 2^32+5", []byte{0x81, 0xFF, 0, 0, 0, 1, 0, 0, 0, 5}, []string{"error 1009"}},
		{"32 125 in 16 bits", join([]byte{0x81, 0xFE, 0, 125, 0, 0, 0, 0}, make([]byte, 125)), []string{"error 1002"}},
		{"32 0 in 64 bits", []byte{0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, []string{"error 1002"}},
		{"32 65535 in 64 bits", []byte{0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, []string{"error 1002"}},
		{"33 1 GiB declared, then silence", []byte{0x81, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0}, []string{"error 1009"}},
	}
	runFrames(t, server, cases)
}

// RFC 6455 section 5.2: reserved opcodes (row 26), fragmented or not.
func TestReservedOpcodes(t *testing.T) {
	for _, op := range []Opcode{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		everyCut(t, server, masked(op, true, "x"), []string{"error 1002"})
		everyCut(t, server, masked(op, false, ""), []string{"error 1002"})
	}
}

// RFC 6455 section 5.4 and our limits: messages and their fragments (rows 34 to 41).
func TestMessages(t *testing.T) {
	limit := strings.Repeat("m", DefaultMessage)
	half := limit[:DefaultMessage/2]
	cases := []frameCase{
		{"text", masked(OpText, true, "Hello"), []string{"text Hello"}},
		{"empty text", masked(OpText, true, ""), []string{"text"}},
		{"length 126", masked(OpText, true, limit[:126]), []string{"text mmmmmmmm… 126 bytes"}},
		{"two messages", join(masked(OpText, true, "Hello"), masked(OpText, true, "World")), []string{"text Hello", "text World"}},
		{"two fragments", join(masked(OpText, false, "Hel"), masked(OpContinuation, true, "lo")), []string{"text Hello"}},
		{"empty fragments", join(masked(OpText, false, ""), masked(OpContinuation, false, ""), masked(OpContinuation, true, "")), []string{"text"}},
		{"two fragmented messages", join(masked(OpText, false, "a"), masked(OpContinuation, true, "b"), masked(OpText, false, "c"), masked(OpContinuation, true, "d")), []string{"text ab", "text cd"}},
		{"as long as allowed", masked(OpText, true, limit), []string{"text mmmmmmmm… 16384 bytes"}},
		{"one byte longer", masked(OpText, true, limit+"m"), []string{"error 1009"}},
		{"34 fragments as long as allowed", join(masked(OpText, false, half), masked(OpContinuation, true, half)), []string{"text mmmmmmmm… 16384 bytes"}},
		{"34 fragments one byte longer", join(masked(OpText, false, half), masked(OpContinuation, true, half+"m")), []string{"error 1009"}},
		{"37 ping between fragments", join(masked(OpText, false, "Hel"), masked(OpPing, true, "now"), masked(OpContinuation, true, "lo")), []string{"ping now", "text Hello"}},
		{"39 unsolicited pong", join(masked(OpPong, true, "?"), masked(OpText, true, "a")), []string{"pong ?", "text a"}},
		{"40 binary", masked(OpBinary, true, "a"), []string{"error 1003"}},
		{"40 fragmented binary", masked(OpBinary, false, ""), []string{"error 1003"}},
		{"43 data after close", join(masked(OpClose, true, "\x03\xE8"), masked(OpText, true, "a"), []byte{0xFF, 0xFF}), []string{"close 1000"}},
		{"43 close inside a message", join(masked(OpText, false, "a"), masked(OpClose, true, "")), []string{"close 1005"}},
	}
	runFrames(t, server, cases)
}

// Limits.Fragments (row 35): 64 frames make a message, the 65th is refused at its first byte.
func TestTooManyFragments(t *testing.T) {
	b := masked(OpText, false, "")
	for range DefaultFragments - 2 {
		b = append(b, masked(OpContinuation, false, "")...)
	}
	everyCut(t, server, join(b, masked(OpContinuation, true, "end")), []string{"text end"})
	everyCut(t, server, join(b, masked(OpContinuation, false, ""), []byte{byte(OpContinuation)}), []string{"error 1008"})
}

// Limits.MessageTime (row 36): a frame or a message that trickles is refused when its time is over,
// however it trickles, and a peer that is merely silent is not.
func TestTrickle(t *testing.T) {
	const start, limit = int64(1000), int64(10_000)
	part := masked(OpText, false, "Hel")
	cases := []struct {
		name string
		in   []byte
		rest []byte
		late []string
	}{
		{"silent", nil, masked(OpText, true, "a"), []string{"text a"}},
		{"silent after a message", masked(OpText, true, "a"), masked(OpText, true, "b"), []string{"text b"}},
		{"inside a frame", part[:4], part[4:], []string{"error 1008"}},
		{"between fragments", part, masked(OpContinuation, true, "lo"), []string{"error 1008"}},
		{"pings between fragments", join(part, masked(OpPing, true, "")), masked(OpPing, true, ""), []string{"error 1008"}},
		{"inside a control frame", masked(OpPing, true, "abc")[:3], masked(OpPing, true, "abc")[3:], []string{"error 1008"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, late := range []bool{false, true} {
				d := server()
				feed(&d, start, slices.Clone(c.in))
				now := start + limit
				if late {
					now++
				}
				pending := c.late[0] == "error 1008"
				if overdue := d.Overdue(now) != nil; overdue != (pending && late) {
					t.Fatalf("late %v: overdue %v", late, overdue)
				}
				if !late {
					continue
				}
				// The bytes that feed left behind are what a loop still has buffered.
				left := c.in
				if d.Need() == 1 {
					left = nil
				}
				if got := feed(&d, now, join(left, c.rest)); !slices.Equal(got, c.late) {
					t.Fatalf("got %q, want %q", got, c.late)
				}
			}
		})
	}
}

// The clock of the next message starts anew, and 0 as the time turns the limit off.
func TestTrickleStartsAnew(t *testing.T) {
	d := server()
	feed(&d, 1, masked(OpText, false, "a"))
	feed(&d, 9000, masked(OpContinuation, true, "b"))
	feed(&d, 9000, masked(OpText, false, "c"))
	if d.Overdue(19_000) != nil || d.Overdue(19_001) == nil {
		t.Fatal("second message is not timed from its own start")
	}
	d = server()
	feed(&d, 0, masked(OpText, false, "a"))
	if d.Overdue(1<<40) != nil {
		t.Fatal("a decoder without a clock timed a message")
	}
}

// RFC 6455 section 5.5.1 and 7.4 (row 42).
func TestClose(t *testing.T) {
	code := func(c CloseCode, reason string) []byte {
		return masked(OpClose, true, string([]byte{byte(c >> 8), byte(c)})+reason)
	}
	everyCut(t, server, masked(OpClose, true, ""), []string{"close 1005"})
	everyCut(t, server, masked(OpClose, true, "\x03"), []string{"error 1002"})
	everyCut(t, server, code(1001, "tab gone é"), []string{"close 1001 tab gone é"})
	everyCut(t, server, code(1000, "\xC3"), []string{"error 1007"})
	everyCut(t, server, code(1000, "\xED\xA0\x80"), []string{"error 1007"})
	for _, c := range []CloseCode{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		everyCut(t, server, code(c, ""), []string{"error 1002"})
	}
	for _, c := range []CloseCode{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		want := transcript(Event{Kind: EventClose, Code: c})
		everyCut(t, server, code(c, ""), []string{want})
	}
}

// A client must refuse masked frames (RFC 6455 section 5.1) and takes what a server may send.
func TestClientDecoder(t *testing.T) {
	client := func() Decoder { return NewClientDecoder(nil) }
	big := strings.Repeat("b", 70_000)
	runFrames(t, client, []frameCase{
		{"masked", masked(OpText, true, "hi"), []string{"error 1002"}},
		{"text", AppendFrame(nil, OpText, []byte("hi")), []string{"text hi"}},
		{"64-bit length", AppendFrame(nil, OpText, []byte(big)), []string{"text bbbbbbbb… 70000 bytes"}},
		{"text by its header", append(AppendTextHeader(nil, 2), "hi"...), []string{"text hi"}},
		{"compiled", join(PingFrame, PongFrame, CloseFrame), []string{"ping", "pong", "close 1005"}},
		{"fragments", join(AppendHeader(nil, OpText, false, 1), []byte("a"), AppendFrame(nil, OpContinuation, []byte("b"))), []string{"text ab"}},
		{"over its limit", AppendHeader(nil, OpText, true, DefaultClientMessage+1), []string{"error 1009"}},
		{"binary", AppendFrame(nil, OpBinary, nil), []string{"error 1003"}},
	})
}

func TestAcceptBinary(t *testing.T) {
	accepting := func() Decoder {
		d := NewDecoder(nil)
		d.AcceptBinary()
		return d
	}
	runFrames(t, accepting, []frameCase{
		{"whole", masked(OpBinary, true, "\xFF\xFE"), []string{"binary \xFF\xFE"}},
		{"fragments", join(masked(OpBinary, false, "\xC3"), masked(OpContinuation, true, "\xC3")), []string{"binary \xC3\xC3"}},
		{"text is still checked", masked(OpText, true, "\xFF"), []string{"error 1007"}},
	})
}
