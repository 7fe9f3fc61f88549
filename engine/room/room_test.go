package room

import (
	"testing"

	"pgregory.net/rapid"
)

type visitor struct{ seat Seat }

func (v *visitor) RoomSeat() *Seat { return &v.seat }

func TestMembersKeepTheirSeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var members Members[*visitor]
		model := map[*visitor]bool{}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(model) == 0 || rapid.Bool().Draw(t, "add") {
				v := &visitor{}
				members.Add(v)
				model[v] = true
				continue
			}
			at := rapid.IntRange(0, members.Len()-1).Draw(t, "at")
			v := members.All()[at]
			if !members.Remove(v) || members.Remove(v) {
				t.Fatal("Remove must report the first removal and only that")
			}
			delete(model, v)
		}
		if members.Len() != len(model) {
			t.Fatalf("%d members, want %d", members.Len(), len(model))
		}
		for i, v := range members.All() {
			if !model[v] || int(v.seat) != i+1 {
				t.Fatalf("member at %d has seat %d, known %v", i, v.seat, model[v])
			}
		}
	})
}

func TestRegistryDropsOnlyWhatItWasAsked(t *testing.T) {
	r := NewRegistry[visitor]()
	one, two := &visitor{}, &visitor{}
	if v, made := r.FindOrAdd(7, func() *visitor { return one }); v != one || !made {
		t.Fatal("the first FindOrAdd must make the value")
	}
	if v, made := r.FindOrAdd(7, func() *visitor { return two }); v != one || made {
		t.Fatal("the second FindOrAdd must find it")
	}
	if former := r.Put(7, two); former != one {
		t.Fatal("Put must return what it replaced")
	}
	r.Drop(7, one)
	if r.Find(7) != two || r.Len() != 1 {
		t.Fatal("a late Drop removed the successor")
	}
	r.Drop(7, two)
	if r.Find(7) != nil {
		t.Fatal("Drop left the value")
	}
}

func id(seq uint64) (id [16]byte) {
	id[0], id[1], id[15] = byte(seq), byte(seq>>8), 1
	return id
}

// TestRingMatchesASlice holds the ring beside a plain slice that is trimmed by the same rules.
func TestRingMatchesASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{
			Messages: rapid.IntRange(0, 20).Draw(t, "messages"),
			Bytes:    rapid.IntRange(0, 3000).Draw(t, "bytes"),
			Age:      int64(rapid.IntRange(0, 50).Draw(t, "age")),
		}
		start := uint64(rapid.IntRange(0, 5).Draw(t, "start"))
		var ring Ring
		ring.Reset(start, id(start))
		var model []Entry
		size := func() (n int) {
			for _, e := range model {
				n += len(e.Bytes) + entryOverhead
			}
			return n
		}
		now, seq := int64(1000), start
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += int64(rapid.IntRange(0, 10).Draw(t, "pause"))
			if rapid.IntRange(0, 9).Draw(t, "what") == 0 {
				ring.Halve()
				model = model[(len(model)+1)/2:]
			} else {
				seq++
				e := Entry{Seq: seq, ID: id(seq), At: now, Bytes: make([]byte, rapid.IntRange(0, 300).Draw(t, "size"))}
				before := ring.Bytes()
				if delta := ring.Append(e, limits); ring.Bytes() != before+delta {
					t.Fatal("Append told a wrong change of bytes")
				}
				model = append(model, e)
				for len(model) > 0 && (limits.Messages > 0 && len(model) > limits.Messages ||
					limits.Bytes > 0 && size() > limits.Bytes && len(model) > 1 ||
					limits.Age > 0 && model[0].At < now-limits.Age) {
					model = model[1:]
				}
			}
			if ring.Len() != len(model) || ring.Bytes() != size() || ring.Newest() != seq {
				t.Fatalf("ring has %d entries, %d bytes, newest %d; want %d, %d, %d",
					ring.Len(), ring.Bytes(), ring.Newest(), len(model), size(), seq)
			}
			for _, want := range model {
				if got, ok := ring.Get(want.Seq); !ok || got.ID != want.ID {
					t.Fatalf("entry %d is missing", want.Seq)
				}
			}
			oldest := seq + 1 - uint64(len(model))
			for at := start; at <= seq+1; at++ {
				inside := at+1 >= oldest && at <= seq
				if got := ring.Recover(at, id(at)); got != inside {
					t.Fatalf("Recover(%d) = %v with entries %d–%d", at, got, oldest, seq)
				}
				if inside && at > 0 && ring.Recover(at, [16]byte{9, 9, 9}) {
					t.Fatalf("Recover(%d) believed a foreign id", at)
				}
			}
		}
	})
}

func TestRingStartsAnewOnAJump(t *testing.T) {
	var ring Ring
	ring.Append(Entry{Seq: 1, ID: id(1)}, Limits{})
	ring.Append(Entry{Seq: 9, ID: id(9)}, Limits{})
	if ring.Len() != 1 || ring.Oldest() != 9 || ring.Recover(1, id(1)) {
		t.Fatal("entries from before a jump must not be offered")
	}
}
