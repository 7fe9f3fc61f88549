package engine

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"chatroom/internal/chat"
)

// TestIDPool draws and frees at random: no number is out twice, and the range is used up before it
// grows.
func TestIDPool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint64Range(1, 50).Draw(t, "first")
		last := first + rapid.Uint64Range(0, 200).Draw(t, "size")
		pool := newIDPool(IDRange{first, last})
		out := map[uint64]bool{}
		for range rapid.IntRange(1, 600).Draw(t, "steps") {
			if len(out) > 0 && rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				for id := range out {
					pool.free(id)
					delete(out, id)
					break
				}
				continue
			}
			inside := uint64(0)
			for id := range out {
				if id <= last {
					inside++
				}
			}
			id, ok := pool.draw()
			if !ok || out[id] || id < first {
				t.Fatalf("drew %d, %v", id, ok)
			}
			if full := inside == last-first+1; full != (id > last) {
				t.Fatalf("drew %d with %d of %d-%d out", id, inside, first, last)
			}
			out[id] = true
		}
	})
}

func TestIDPoolGrowsByOneDigit(t *testing.T) {
	pool := newIDPool(IDRange{10000, 10001})
	for _, want := range []IDRange{{10000, 10001}, {10000, 10001}, {100000, 999999}} {
		if id, ok := pool.draw(); !ok || id < want.First || id > want.Last {
			t.Fatalf("drew %d, want one of %v", id, want)
		}
	}
	// What comes back is not handed out again at once.
	pool = newIDPool(IDRange{1, 100})
	id, _ := pool.draw()
	pool.free(id)
	for range 99 {
		if again, _ := pool.draw(); again == id {
			t.Fatal("a number came back before the others were used")
		}
	}
}

func TestDedupeKeepsFiveMinutes(t *testing.T) {
	var d dedupe
	nonce := chat.Nonce{1}
	const minute = 60 * 1000
	for now := int64(0); now < 30*minute; now += 10 * 1000 {
		d.put(dedupePlace{key: keyOf(nonce, fmt.Sprint(now)), seq: uint64(now)}, now)
		for back := int64(0); back <= dedupeWindow && back <= now; back += 10 * 1000 {
			if p, ok := d.find(keyOf(nonce, fmt.Sprint(now-back))); !ok || p.seq != uint64(now-back) {
				t.Fatalf("what was said %d s ago is forgotten", back/1000)
			}
		}
		if len(d.generations) > 8 {
			t.Fatalf("%d generations are kept", len(d.generations))
		}
	}
	d.expire(60 * minute)
	if d.generations != nil {
		t.Fatal("a silent room keeps its old ids")
	}
	if keyOf(chat.Nonce{1}, "a") == keyOf(chat.Nonce{2}, "a") || keyOf(nonce, "a") == keyOf(nonce, "b") {
		t.Fatal("two keys are the same")
	}
}

// TestDedupeMatchesAMap holds the tables beside plain maps, with keys that share their first word's
// low or high bits.
func TestDedupeMatchesAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d dedupe
		model := map[dedupeKey]uint64{}
		now := int64(0)
		keys := rapid.Custom(func(t *rapid.T) dedupeKey {
			return dedupeKey{
				rapid.Uint64Range(0, 3).Draw(t, "high")<<60 | rapid.Uint64Range(0, 40).Draw(t, "low"),
				rapid.Uint64Range(0, 1).Draw(t, "second"),
			}
		})
		for i := range rapid.IntRange(1, 300).Draw(t, "steps") {
			now += rapid.Int64Range(0, 1000).Draw(t, "pause")
			key := keys.Draw(t, "key")
			p, ok := d.find(key)
			if seq, known := model[key]; ok != known || p.seq != seq {
				t.Fatalf("%x is %d, %v; want %d, %v", key, p.seq, ok, seq, known)
			}
			if !ok {
				d.put(dedupePlace{key: key, seq: uint64(i + 1)}, now)
				model[key] = uint64(i + 1)
			}
		}
	})
}

func TestBuffersComeBackByTag(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b buffers
		var open []chat.Tag
		next := chat.Tag(1)
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			if len(open) == 0 || rapid.IntRange(0, 2).Draw(t, "what") > 0 {
				b.put(buffer{tag: next, arrival: int64(next)})
				open = append(open, next)
				next++
				continue
			}
			at := 0
			if rapid.IntRange(0, 4).Draw(t, "order") == 0 {
				at = rapid.IntRange(0, len(open)-1).Draw(t, "at")
			}
			if x, ok := b.take(open[at]); !ok || x.arrival != int64(open[at]) {
				t.Fatalf("took %+v, %v for tag %d", x, ok, open[at])
			}
			if _, ok := b.take(open[at]); ok {
				t.Fatalf("tag %d came back twice", open[at])
			}
			open = append(open[:at], open[at+1:]...)
		}
	})
}

func TestRequestsAnswerOnce(t *testing.T) {
	var r requests
	a := r.add(3, request{kind: requestSend, id: "a"})
	b := r.add(3, request{kind: requestSend, id: "b"})
	if tagLoop(a) != 3 || a == b || a == 0 {
		t.Fatalf("tags %x and %x", a, b)
	}
	if q, ok := r.take(a); !ok || q.id != "a" {
		t.Fatalf("took %+v, %v", q, ok)
	}
	if _, ok := r.take(a); ok {
		t.Fatal("a tag was answered twice")
	}
	c := r.add(3, request{kind: requestSend, id: "c"})
	if _, ok := r.take(a); ok || c == a {
		t.Fatal("an old tag answers its successor")
	}
	if q := r.peek(c); q == nil || q.id != "c" || r.open != 2 {
		t.Fatalf("peeked %+v with %d open", q, r.open)
	}
}

func TestDoormanForgets(t *testing.T) {
	d := newDoorman(Rate{PerSecond: 10, Burst: 5})
	addr := netip.MustParseAddr("192.0.2.1")
	for i := range 5 {
		if retry := d.admit(addr, 0); retry != 0 {
			t.Fatalf("handshake %d has to wait %v", i, retry)
		}
	}
	if retry := d.admit(addr, 0); retry <= 0 || retry > 100*time.Millisecond {
		t.Fatalf("the sixth has to wait %v", retry)
	}
	if retry := d.admit(addr, 100*time.Millisecond); retry != 0 {
		t.Fatalf("a tenth of a second later: %v", retry)
	}
	for i := range 1000 {
		d.admit(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), time.Second)
	}
	d.admit(addr, time.Minute)
	if len(d.due) != 1 {
		t.Fatalf("%d addresses are remembered", len(d.due))
	}
}

func TestCrowd(t *testing.T) {
	var c crowd
	for i := range crowdEvents {
		if c.busy(int64(i)) {
			t.Fatalf("event %d is a crowd", i+1)
		}
	}
	if !c.busy(500) {
		t.Fatal("21 events within a second are no crowd")
	}
	if !c.crowded(900) || c.crowded(1200) {
		t.Fatal("a crowd lasts a second")
	}
	if c.busy(5000) {
		t.Fatal("one event much later is a crowd")
	}
}

func TestQuantile(t *testing.T) {
	var l chat.Latency
	if quantile(&l, 0.5) != 0 {
		t.Fatal("no observations")
	}
	var h histogram
	for range 98 {
		h.observe(80 * time.Microsecond)
	}
	h.observe(3 * time.Millisecond)
	h.observe(20 * time.Second)
	h.addTo(&l)
	if p50, p99 := quantile(&l, 0.50), quantile(&l, 0.985); p50 != 100 || p99 != 5000 {
		t.Fatalf("p50 %d, p98.5 %d", p50, p99)
	}
	if l.Count != 100 || l.Buckets[len(l.Buckets)-1] != 1 {
		t.Fatalf("latency %+v", l)
	}
}

// TestInbox has many producers and one consumer that sleeps: nothing is lost, each producer's order
// holds, and a sleeping consumer is woken.
func TestInbox(t *testing.T) {
	const producers, each = 8, 3000
	wakes := make(chan struct{}, 1)
	in := &inbox{wake: func() {
		select {
		case wakes <- struct{}{}:
		default:
			t.Error("woken twice")
		}
	}}
	for p := range producers {
		go func() {
			for i := range each {
				in.post(event{seq: uint64(p), arrival: int64(i)})
			}
		}()
	}
	var next [producers]int64
	deadline := time.After(20 * time.Second)
	for got := 0; got < producers*each; {
		select {
		case <-wakes:
		case <-deadline:
			t.Fatalf("%d of %d events came", got, producers*each)
		}
		for batch := in.take(); len(batch) > 0; batch = in.take() {
			for i := range batch {
				ev := &batch[i]
				if ev.arrival != next[ev.seq] {
					t.Fatalf("producer %d: event %d, want %d", ev.seq, ev.arrival, next[ev.seq])
				}
				next[ev.seq]++
				got++
				in.done(ev)
			}
		}
	}
	if in.count.Load() != 0 || in.bytes.Load() != 0 {
		t.Fatalf("%d events, %d bytes are still counted", in.count.Load(), in.bytes.Load())
	}
	in.close()
	in.post(event{})
	if len(in.take()) != 0 {
		t.Fatal("a closed inbox takes events")
	}
}
