package load

import (
	"bufio"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	h := NewHistogram()
	for i := 1; i <= 1000; i++ {
		h.Record(time.Duration(i) * time.Millisecond)
	}
	h.Record(0)
	h.Record(time.Hour) // kept, at the end of the range
	other, err := DecodeHistogram(h.Encode())
	if err != nil {
		t.Fatal(err)
	}
	other.Merge(h)
	if other.Count() != 2004 {
		t.Errorf("%d values behind a merge, want 2004", other.Count())
	}
	if p := other.Percentile(50); p < 499_000 || p > 501_000 {
		t.Errorf("p50 is %d µs, want 500 ms within a thousandth", p)
	}
	if other.Max() < highestMicros {
		t.Errorf("max is %d µs", other.Max())
	}
	if empty, err := DecodeHistogram(nil); err != nil || empty.Count() != 0 || empty.Percentile(99) != 0 {
		t.Errorf("nothing decodes to %v, %v", empty, err)
	}
	if _, err := DecodeHistogram([]byte("no histogram")); err == nil {
		t.Error("nonsense was decoded")
	}
}

// The window against a plain set, with numbers in a shuffled order.
func TestWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const base, total = 100, 5000
	numbers := make([]uint64, 0, total)
	for n := uint64(base); n < base+total; n++ {
		numbers = append(numbers, n)
	}
	for i := 0; i+200 < len(numbers); i += 200 { // disorder within what the window holds
		random.Shuffle(200, func(a, b int) { numbers[i+a], numbers[i+b] = numbers[i+b], numbers[i+a] })
	}
	v := newWindow(base)
	dropped := uint64(0)
	for i, n := range numbers {
		if i%97 == 0 {
			dropped++
			continue
		}
		if !v.take(n) {
			t.Fatalf("%d was new", n)
		}
		if i%31 == 0 && v.take(n) {
			t.Fatalf("%d came twice", n)
		}
	}
	if lost := v.lost(base + total); lost != dropped {
		t.Errorf("%d lost, want %d", lost, dropped)
	}
	if v.take(base) {
		t.Error("what is far behind is not new")
	}
}

// The order check on one connection, case by case.
func TestArrived(t *testing.T) {
	for _, test := range []struct {
		name                        string
		seqs                        []uint64
		missing                     int
		duplicated, reordered, lost uint64
	}{
		{"in order", []uint64{5, 6, 7}, 0, 0, 0, 0},
		{"gap", []uint64{5, 8}, 2, 0, 0, 0},
		{"late", []uint64{5, 7, 6}, 0, 0, 1, 0},
		{"twice", []uint64{5, 5}, 0, 1, 0, 0},
		{"late twice", []uint64{5, 7, 6, 6}, 0, 1, 1, 0},
		{"from before", []uint64{4}, 0, 1, 0, 0},
	} {
		w := &Worker{}
		c := &conn{next: 5}
		for _, seq := range test.seqs {
			w.arrived(c, seq)
		}
		if len(c.missing) != test.missing || w.faults.Duplicated != test.duplicated || w.faults.Reordered != test.reordered {
			t.Errorf("%s: missing %v, %+v", test.name, c.missing, w.faults)
		}
	}
}

// A message that nobody can send at the moment it is due goes out as soon as somebody can, counts
// from when it was due, and is not forgotten when that never happens.
func TestDueMessages(t *testing.T) {
	w := &Worker{out: bufio.NewWriter(io.Discard), base: time.Now(), dialect: rawDialect{}}
	w.plan.TextBytes = MinTextBytes
	w.resetCounts()
	r := newRoom(1, 2)
	c := &conn{fd: -1, slot: -1, room: r, state: joined, op: OpPing}
	w.rooms, w.conns = []*room{r}, []*conn{c}
	r.enter(c)
	w.present = 1
	w.traffic = traffic{phase: measuring, to: int64(time.Hour)}
	w.sendIntended(r, 5)
	if len(r.due) != 1 || len(r.sent) != 0 || w.drained() {
		t.Fatalf("%d due, %d sent, while the only member waits for an answer", len(r.due), len(r.sent))
	}
	w.finish()
	if w.faults.Unanswered == 0 {
		t.Error("a message that was never sent is no fault")
	}
	w.opDone(c)
	if len(r.due) != 0 || len(r.sent) != 1 || r.sent[0].intended != 5 {
		t.Errorf("%d due, sent %+v, when the member is free again", len(r.due), r.sent)
	}
}

func TestText(t *testing.T) {
	text := appendText(nil, 0xdeadbeef, 42, 7, 120)
	if len(text) != 120 {
		t.Fatalf("%d bytes", len(text))
	}
	if room, number, ok := parseText(text, 0xdeadbeef, 120); !ok || room != 42 || number != 7 {
		t.Errorf("read back as room %d, number %d, %v", room, number, ok)
	}
	for i := range text { // no byte can change unnoticed, except into another message's name
		text[i] ^= 0x01
		room, number, ok := parseText(text, 0xdeadbeef, 120)
		if ok && room == 42 && number == 7 {
			t.Errorf("byte %d changed and nobody noticed", i)
		}
		text[i] ^= 0x01
	}
	if _, _, ok := parseText(text, 1, 120); ok {
		t.Error("a text of another run was taken")
	}
	if _, _, ok := parseText(text[:119], 0xdeadbeef, 120); ok {
		t.Error("a short text was taken")
	}
}

func TestScan(t *testing.T) {
	f := scanFields([]byte(`{"a":1, "b":"x\"y" ,"c":{"d":["}",{}]},"e":[1,"]",{"f":2}],"g":true}`))
	want := [][2]string{{"a", "1"}, {"b", `x\"y`}, {"c", `{"d":["}",{}]}`}, {"e", `[1,"]",{"f":2}]`}, {"g", "true"}}
	for _, w := range want {
		key, value, ok := f.next()
		if !ok || string(key) != w[0] || string(value) != w[1] {
			t.Errorf("%q: %q %v, want %q: %q", key, value, ok, w[0], w[1])
		}
	}
	if _, _, ok := f.next(); ok || f.bad {
		t.Errorf("behind the end: %v, bad %v", ok, f.bad)
	}
	for _, broken := range []string{``, `[]`, `{"a"`, `{"a":`, `{"a":"x`, `{"a":{`, `{a:1}`, `{"a" 1}`} {
		f := scanFields([]byte(broken))
		for {
			if _, _, ok := f.next(); !ok {
				break
			}
		}
		if !f.bad {
			t.Errorf("%q was read as an object", broken)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"type":"ACK","id":"m1","seq":3,"x":[{"y":"\\"}]}`))
	f.Add([]byte(`{"a":`))
	f.Fuzz(func(t *testing.T, b []byte) {
		scan := scanFields(b)
		for n := 0; ; n++ {
			_, value, ok := scan.next()
			if !ok {
				break
			}
			elements := scanElements(value)
			for {
				if _, ok := elements.element(); !ok {
					break
				}
			}
			if n > len(b) {
				t.Fatal("more members than bytes")
			}
		}
		for _, d := range dialects { // whatever a server says, nobody panics
			for rest := b; len(rest) > 0; {
				var e event
				next := d.decode(rest, &e)
				if len(next) >= len(rest) {
					t.Fatal("no progress")
				}
				rest = next
			}
		}
	})
}

func TestPlanValidate(t *testing.T) {
	good := Plan{Dialect: Chatroom, Targets: []string{"127.0.0.1:1"}, Rooms: []int{2}, Rate: 1}
	good.setDefaults()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bad := Plan{Dialect: "morse", Rooms: []int{0}, TextBytes: 3, Window: 1000, Rate: -1, Ops: map[Op]float64{OpPing: 1}}
	err := bad.Validate()
	if err == nil {
		t.Fatal("a bad plan was taken")
	}
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) < 6 {
		t.Errorf("not all faults at once: %v", err)
	}
}

func BenchmarkText(b *testing.B) {
	var text []byte
	number := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		number++
		text = appendText(text[:0], 1, 2, number, 120)
		if _, _, ok := parseText(text, 1, 120); !ok {
			b.Fatal("not read back")
		}
	}
}

func BenchmarkDecodeEvent(b *testing.B) {
	text := appendText(nil, 1, 2, 3, 120)
	payload := append([]byte(`{"type":"NEW_MESSAGE","roomId":12345,"epoch":"0123456789abcdef","seq":1234,"messageId":"01234567-89ab-4def-8123-456789abcdef","from":{"clientId":12345,"username":"User 12345"},"text":"`), text...)
	payload = append(payload, `","at":1764259200000}`...)
	var d dialect = chatroomDialect{}
	e := new(event)
	b.ReportAllocs()
	for b.Loop() {
		*e = event{}
		d.decode(payload, e)
	}
	if e.seq != 1234 {
		b.Fatal("wrong")
	}
}
