package nodetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// history asks and returns the answer with the seqs of its messages.
func (c *Client) history(more string) (e Event, seqs []int64) {
	c.t.Helper()
	c.Send(`{"type":"GET_HISTORY","id":"h"%s}`, more)
	e = c.Expect("HISTORY")
	messages, _ := e["messages"].([]any)
	for _, m := range messages {
		fields, _ := m.(map[string]any)
		seqs = append(seqs, Event(fields).Int("seq"))
	}
	return e, seqs
}

func TestHistoryIsReadInPages(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, b)
		room := alice.Create("Tea")
		for i := range 64 {
			alice.Say(fmt.Sprint(i), fmt.Sprint("text ", i))
		}
		bob.Send(`{"type":"JOIN_ROOM","roomId":%d,"replay":3}`, room.Int("roomId"))
		if j := bob.Expect("ROOM_JOINED"); j.Int("messages") != 3 || j.Int("seq") != 64 {
			t.Fatalf("joined %v", j)
		}
		for seq := int64(62); seq <= 64; seq++ {
			if m := bob.Expect("NEW_MESSAGE"); m.Int("seq") != seq {
				t.Fatalf("replayed %v, want %d", m, seq)
			}
		}
		for _, p := range []struct {
			ask         string
			first, last int64 // none: last < first
			more        bool
		}{
			{"", 15, 64, true},
			{`,"limit":200`, 1, 64, false},
			{`,"before":11,"limit":5`, 6, 10, true},
			{`,"before":6,"limit":5`, 1, 5, false},
			{`,"before":1`, 1, 0, false},
			{`,"after":60,"limit":3`, 61, 63, true},
			{`,"after":60,"limit":4`, 61, 64, false},
			{`,"after":0,"limit":2`, 1, 2, true},
			{`,"after":64`, 1, 0, false},
		} {
			e, seqs := bob.history(p.ask)
			if e.Text("id") != "h" || e.Text("epoch") != room.Text("epoch") || e["more"] != p.more || int64(len(seqs)) != p.last-p.first+1 {
				t.Fatalf("history %s: %v, %v", p.ask, seqs, e["more"])
			}
			for i, seq := range seqs {
				if seq != p.first+int64(i) {
					t.Fatalf("history %s: %v", p.ask, seqs)
				}
			}
		}
		for _, bad := range []string{`,"before":5,"after":1`, `,"limit":0`, `,"limit":201`, `,"before":-1`, `,"after":1.5`} {
			bob.Send(`{"type":"GET_HISTORY"%s}`, bad)
			bob.ExpectError("BAD_REQUEST")
		}
	})
}

func TestHistoryHasAtMost256KiB(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, b)
		room := alice.Create("Tea")
		const said = 50
		text := strings.Repeat("😀", 2000) // 8,000 bytes each
		for i := range said {
			alice.Say(fmt.Sprint(i), text)
		}
		bob.Send(`{"type":"JOIN_ROOM","roomId":%d,"replay":0}`, room.Int("roomId"))
		bob.Expect("ROOM_JOINED")
		before := int64(said + 1)
		for pages := 1; ; pages++ {
			e, seqs := bob.history(fmt.Sprintf(`,"limit":200,"before":%d`, before))
			wire, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if len(wire) > 256<<10 || len(seqs) == 0 || seqs[len(seqs)-1] != before-1 {
				t.Fatalf("%d bytes with %v before %d", len(wire), seqs, before)
			}
			if before = seqs[0]; e["more"] != true {
				if before != 1 || pages < 2 {
					t.Fatalf("the history ends at %d after %d pages", before, pages)
				}
				break
			}
		}
	})
}
