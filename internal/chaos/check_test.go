package chaos

import "testing"

func place(seq uint64) Place { return Place{Room: 12345, Epoch: "e1", Seq: seq} }

// record is a history of two people and three messages, which each case then breaks.
func record() *History {
	h := NewHistory()
	for i, text := range []string{"a", "b", "c"} {
		h.Sent(1, text)
		h.Acked(Ack{Person: 1, Text: text, Place: place(uint64(i + 1)), MessageID: "m-" + text})
	}
	for person := 1; person <= 2; person++ {
		h.Begin(person, 12345, false)
		for i, text := range []string{"a", "b", "c"} {
			h.Saw(person, Sight{Place: place(uint64(i + 1)), MessageID: "m-" + text, Text: text})
		}
	}
	return h
}

func TestCheckFindsEachFault(t *testing.T) {
	if v := Check(record()); !v.Clean() {
		t.Fatalf("a clean history is not clean: %v", v)
	}
	cases := []struct {
		name  string
		spoil func(h *History)
		found func(v Verdict) int
	}{
		{"a hole", func(h *History) { s := h.stretches[2][0]; s.Seen = append(s.Seen[:1], s.Seen[2]) }, func(v Verdict) int { return len(v.Lost) }},
		{"an end too early", func(h *History) { s := h.stretches[2][0]; s.Seen = s.Seen[:2] }, func(v Verdict) int { return len(v.Lost) }},
		{"the acknowledged place holds another", func(h *History) { h.acks[0].MessageID = "m-x" }, func(v Verdict) int { return len(v.Lost) }},
		{"seen twice", func(h *History) { s := h.stretches[2][0]; s.Seen = append(s.Seen, s.Seen[2]) }, func(v Verdict) int { return len(v.Duplicated) }},
		{"one text at two places", func(h *History) {
			for p := 1; p <= 2; p++ {
				h.Saw(p, Sight{Place: place(4), MessageID: "m-a2", Text: "a"})
			}
		}, func(v Verdict) int { return len(v.Duplicated) }},
		{"a step back", func(h *History) { s := h.stretches[2][0].Seen; s[1], s[2] = s[2], s[1] }, func(v Verdict) int { return len(v.Reordered) }},
		{"a sender out of order", func(h *History) { o := h.order[1]; o[0], o[1] = o[1], o[0] }, func(v Verdict) int { return len(v.Reordered) }},
		{"an epoch changes silently", func(h *History) { h.stretches[2][0].Seen[2].Place.Epoch = "e2" }, func(v Verdict) int { return len(v.Reordered) }},
		{"invented", func(h *History) { delete(h.sent, "b") }, func(v Verdict) int { return len(v.Invented) }},
		{"disagreement", func(h *History) { h.stretches[2][0].Seen[1].MessageID = "m-y" }, func(v Verdict) int { return len(v.Disagreed) }},
		{"acknowledged but invisible", func(h *History) {
			h.Sent(1, "d")
			h.Acked(Ack{Person: 1, Text: "d", Place: place(4), MessageID: "m-d"})
			h.Saw(1, Sight{Place: place(4), MessageID: "m-d", Text: "d"})
			h.Begin(1, 12345, true)
			h.Begin(2, 12345, true)
		}, func(v Verdict) int { return len(v.Invisible) }},
		{"a complaint", func(h *History) { h.Complain(2, "the session is gone") }, func(v Verdict) int { return len(v.Complaints) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := record()
			c.spoil(h)
			if v := Check(h); c.found(v) == 0 {
				t.Errorf("not found: %v", v)
			}
		})
	}
}
