package chaos

import (
	"fmt"
	"slices"
)

// Verdict is what the checker found; every list is empty when the promise held.
type Verdict struct {
	Lost       []string // acknowledged and covered by a stretch, but not seen in it
	Duplicated []string // seen twice by one person, or one text at two places of an epoch
	Reordered  []string // a hole or a step back in a stretch, or a sender's texts out of order
	Invented   []string // seen, but never sent
	Disagreed  []string // two people saw different messages at one place
	Invisible  []string // acknowledged, but nobody who should have seen it did
	Complaints []string
}

// Clean says whether nothing was found.
func (v Verdict) Clean() bool {
	return len(v.Lost)+len(v.Duplicated)+len(v.Reordered)+len(v.Invented)+len(v.Disagreed)+len(v.Invisible)+len(v.Complaints) == 0
}

// String is one line of counts and, for each kind, the first few findings.
func (v Verdict) String() string {
	out := fmt.Sprintf("lost %d, duplicated %d, reordered %d, invented %d, disagreed %d, acknowledged but invisible %d, complaints %d",
		len(v.Lost), len(v.Duplicated), len(v.Reordered), len(v.Invented), len(v.Disagreed), len(v.Invisible), len(v.Complaints))
	for _, list := range [][]string{v.Lost, v.Duplicated, v.Reordered, v.Invented, v.Disagreed, v.Invisible, v.Complaints} {
		for i, line := range list {
			if i == 8 {
				out += fmt.Sprintf("\n  … and %d more", len(list)-i)
				break
			}
			out += "\n  " + line
		}
	}
	return out
}

// checker holds the indexes that the rules share. It belongs to one call of Check.
type checker struct {
	// Owned by the goroutine of Check.
	h       *History
	v       Verdict
	at      map[Place]string            // place → message id, as the first who saw it
	text    map[string]string           // message id → text
	places  map[string]map[string]Place // text → epoch → place
	highest map[string]uint64           // room and epoch → highest seq anybody saw
}

// Check reads a record once everybody is quiet: all senders have their answers and everyone was
// given time to receive what was sent.
//
//	C1  every acknowledged message is seen by everyone whose stretch covers its place
//	C2  nobody sees a message twice; one text has one place in an epoch
//	C3  a stretch has no holes, and what one person sent stands in the order it was sent
//	C4  nothing is seen that nobody sent
//	C5  at one place everyone sees the same message
//	C6  an acknowledged message is seen by somebody else than its sender, wherever somebody was there
//	C7  nobody met anything the promise does not allow (a lost session, a vanished room)
func Check(h *History) Verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &checker{h: h, at: map[Place]string{}, text: map[string]string{}, places: map[string]map[string]Place{}, highest: map[string]uint64{}}
	for person, stretches := range h.stretches {
		for _, s := range stretches {
			for _, sight := range s.Seen {
				c.index(person, sight)
			}
		}
	}
	for person, stretches := range h.stretches {
		c.stretches(person, stretches)
	}
	c.acks()
	c.senders()
	for _, complaint := range h.complaints {
		c.v.Complaints = append(c.v.Complaints, fmt.Sprintf("person %d: %s", complaint.Person, complaint.What))
	}
	return c.v
}

func lineage(p Place) string { return fmt.Sprintf("%d/%s", p.Room, p.Epoch) }

func (c *checker) index(person int, s Sight) {
	if known, ok := c.at[s.Place]; ok && known != s.MessageID {
		c.v.Disagreed = append(c.v.Disagreed, fmt.Sprintf("person %d saw %s at %v, others %s", person, s.MessageID, s.Place, known))
	} else {
		c.at[s.Place] = s.MessageID
	}
	c.highest[lineage(s.Place)] = max(c.highest[lineage(s.Place)], s.Place.Seq)
	c.text[s.MessageID] = s.Text
	if _, ok := c.h.sent[s.Text]; !ok {
		c.v.Invented = append(c.v.Invented, fmt.Sprintf("person %d saw %q at %v", person, s.Text, s.Place))
	}
	byEpoch := c.places[s.Text]
	if byEpoch == nil {
		byEpoch = map[string]Place{}
		c.places[s.Text] = byEpoch
	}
	if other, ok := byEpoch[lineage(s.Place)]; ok && other != s.Place {
		c.v.Duplicated = append(c.v.Duplicated, fmt.Sprintf("%q stands at %v and at %v", s.Text, other, s.Place))
	}
	byEpoch[lineage(s.Place)] = s.Place
}

// stretches checks C2 and C3 for one person, and that the running stretch reached the end.
func (c *checker) stretches(person int, all []*Stretch) {
	for i, s := range all {
		seen := map[string]bool{}
		for j, sight := range s.Seen {
			if seen[sight.MessageID] {
				c.v.Duplicated = append(c.v.Duplicated, fmt.Sprintf("person %d saw %s twice (%v)", person, sight.MessageID, sight.Place))
			}
			seen[sight.MessageID] = true
			if j == 0 {
				continue
			}
			before := s.Seen[j-1].Place
			switch {
			case before.Epoch != sight.Place.Epoch:
				c.v.Reordered = append(c.v.Reordered, fmt.Sprintf("person %d: epoch %s follows %s without a word", person, sight.Place.Epoch, before.Epoch))
			case sight.Place.Seq > before.Seq+1:
				c.v.Lost = append(c.v.Lost, fmt.Sprintf("person %d missed %d to %d of %s", person, before.Seq+1, sight.Place.Seq-1, lineage(before)))
			case sight.Place.Seq <= before.Seq:
				c.v.Reordered = append(c.v.Reordered, fmt.Sprintf("person %d: %d follows %d in %s", person, sight.Place.Seq, before.Seq, lineage(before)))
			}
		}
		if i == len(all)-1 && len(s.Seen) > 0 {
			last := s.Seen[len(s.Seen)-1].Place
			if end := c.highest[lineage(last)]; last.Seq < end {
				c.v.Lost = append(c.v.Lost, fmt.Sprintf("person %d ended at %d of %s, others at %d", person, last.Seq, lineage(last), end))
			}
		}
	}
}

// acks checks C1 and C6. That stretches have no holes is known; left is that the acknowledged
// message is the one at its place, and that it survived where an epoch ended.
func (c *checker) acks() {
	// A message that was offered again behind a fork has another id: its text is what stays.
	witnessed, read := map[string]bool{}, map[string]bool{}
	for person, stretches := range c.h.stretches {
		for _, s := range stretches {
			for _, sight := range s.Seen {
				if c.h.sent[sight.Text] != person {
					witnessed[sight.MessageID], read[sight.Text] = true, true
				}
			}
		}
	}
	for _, a := range c.h.acks {
		at, seen := c.at[a.Place]
		switch {
		case seen && at != a.MessageID:
			c.v.Lost = append(c.v.Lost, fmt.Sprintf("%q was acknowledged at %v, where people saw %s", a.Text, a.Place, at))
		case !witnessed[a.MessageID] && !read[a.Text]:
			c.v.Invisible = append(c.v.Invisible, fmt.Sprintf("%q of person %d, acknowledged at %v", a.Text, a.Person, a.Place))
		}
		if text, ok := c.text[a.MessageID]; ok && text != a.Text {
			c.v.Disagreed = append(c.v.Disagreed, fmt.Sprintf("%q was acknowledged as %s, which reads %q", a.Text, a.MessageID, text))
		}
	}
}

// senders checks that the texts of one person stand in the order in which they were sent.
func (c *checker) senders() {
	for person, texts := range c.h.order {
		for _, epoch := range c.epochs(texts) {
			var last uint64
			for _, text := range texts {
				place, ok := c.places[text][epoch]
				if !ok {
					continue
				}
				if place.Seq <= last {
					c.v.Reordered = append(c.v.Reordered, fmt.Sprintf("%q of person %d stands at %v, behind a later one at %d", text, person, place, last))
				}
				last = place.Seq
			}
		}
	}
}

func (c *checker) epochs(texts []string) []string {
	var epochs []string
	for _, text := range texts {
		for epoch := range c.places[text] {
			if !slices.Contains(epochs, epoch) {
				epochs = append(epochs, epoch)
			}
		}
	}
	return epochs
}
