package load

import (
	"fmt"

	"chatroom/internal/chat"
)

// fault counts a broken promise and keeps the first few as examples.
func (w *Worker) fault(counter *uint64, format string, args ...any) {
	*counter++
	if len(w.faults.Notes) < maxNotes {
		w.faults.Notes = append(w.faults.Notes, fmt.Sprintf(format, args...))
	}
}

func (w *Worker) lastNote() string {
	if n := len(w.faults.Notes); n > 0 {
		return w.faults.Notes[n-1]
	}
	return "no reason known"
}

// message takes a NEW_MESSAGE that was not seen in the room's cache of frames.
func (w *Worker) message(c *conn, e *event, payload []byte) {
	r := c.room
	if c.state != joined || e.room != r.id || string(e.epoch) != r.epoch {
		w.fault(&w.faults.Invented, "connection %d in state %d, room %d: message of room %d epoch %s", c.index, c.state, r.id, e.room, e.epoch)
		return
	}
	number, ok := w.identify(r, e)
	if !ok {
		return
	}
	r.remember(e.seq, number, payload)
	if w.arrived(c, e.seq) {
		w.delivered(c, e.seq, number)
	}
}

// identify finds out which of the load's messages stands at e.seq, and holds it against what
// others saw there.
func (w *Worker) identify(r *room, e *event) (number uint32, ok bool) {
	mark, number, ok := parseText(e.text, w.plan.Run, w.plan.TextBytes)
	if !ok || mark != r.mark || int(number) >= len(r.sent) {
		w.fault(&w.faults.Invented, "room %d seq %d: nobody sent %.60q", r.id, e.seq, e.text)
		return 0, false
	}
	return number, w.settle(r, e, number)
}

// settle records that message number stands at e.seq. Two messages at one place, or one message
// at two, is a fault.
func (w *Worker) settle(r *room, e *event, number uint32) bool {
	p := r.at(e.seq)
	if p == nil {
		w.fault(&w.faults.Invented, "room %d: seq %d is out of all bounds", r.id, e.seq)
		return false
	}
	id, ok := chat.ParseMessageID(e.messageID)
	if !ok {
		w.fault(&w.faults.Invented, "room %d seq %d: message id %.60q", r.id, e.seq, e.messageID)
		return false
	}
	m := &r.sent[number]
	switch {
	case !p.seen:
		*p = place{number, true, id}
		if m.seq != 0 && m.seq != e.seq {
			w.fault(&w.faults.Duplicated, "room %d: message %d stands at seq %d and %d", r.id, number, m.seq, e.seq)
			return false
		}
		m.seq = e.seq
		r.top = max(r.top, e.seq)
	case p.number != number || p.id != id:
		w.fault(&w.faults.Invented, "room %d seq %d: message %d (%s) here, message %d (%s) elsewhere", r.id, e.seq, number, e.messageID, p.number, p.id)
		return false
	}
	return true
}

// arrived checks the order on one connection: seq rises by exactly one.
func (w *Worker) arrived(c *conn, seq uint64) bool {
	switch {
	case seq == c.next:
		c.next++
	case seq > c.next:
		if c.missing == nil {
			c.missing = make(map[uint64]bool)
		}
		for ; c.next < seq; c.next++ {
			c.missing[c.next] = true
		}
		c.next++
	case c.missing[seq]:
		delete(c.missing, seq)
		w.fault(&w.faults.Reordered, "connection %d: seq %d came behind %d", c.index, seq, c.next-1)
	default:
		w.fault(&w.faults.Duplicated, "connection %d: seq %d came again, next is %d", c.index, seq, c.next)
		return false
	}
	return true
}

// acknowledged takes ACK: of a message it is the sender's delivery, and stands in its order.
func (w *Worker) acknowledged(c *conn, e *event) {
	mark, number, own := parseMessageID(e.id)
	if !own {
		w.opAcknowledged(c, e.id)
		return
	}
	index := int(mark&roomMask) - 1
	if index < 0 || index >= len(w.rooms) || int(number) >= len(w.rooms[index].sent) {
		w.fault(&w.faults.Invented, "connection %d: ACK of %q, which nobody sent", c.index, e.id)
		return
	}
	r := w.rooms[index]
	pending := c.forget(number)
	if !pending && !e.duplicate {
		w.fault(&w.faults.Duplicated, "connection %d: second ACK of message %d", c.index, number)
		return
	}
	r.sent[number].answered = true
	if !w.settle(r, e, number) || e.duplicate || r != c.room {
		return
	}
	if w.arrived(c, e.seq) {
		w.delivered(c, e.seq, number)
	}
}

// forget takes number off the unanswered messages; false when it is not there.
func (c *conn) forget(number uint32) bool {
	for i, n := range c.pending {
		if n == number {
			c.pending = append(c.pending[:i], c.pending[i+1:]...)
			return true
		}
	}
	return false
}

// unnumbered takes a message of a dialect without sequence: each number once, the order between
// senders is the server's affair.
func (w *Worker) unnumbered(c *conn, text []byte) {
	r := c.room
	mark, number, ok := parseText(text, w.plan.Run, w.plan.TextBytes)
	if !ok || mark != r.mark || int(number) >= len(r.sent) || c.window == nil {
		w.fault(&w.faults.Invented, "room %d: nobody sent %.60q", r.mark, text)
		return
	}
	if !c.window.take(uint64(number)) {
		w.fault(&w.faults.Duplicated, "connection %d: message %d came again", c.index, number)
		return
	}
	w.delivered(c, 0, number)
}

// window remembers which of the newest numbers came. What falls out of it without having come
// counts as missing.
type window struct {
	base    uint64 // all below came or are missing
	count   uint64 // how many came
	missing uint64
	bits    [windowBits / 64]uint64
}

const windowBits = 1024

func newWindow(base uint64) *window { return &window{base: base} }

// take notes n; false when it came before.
func (v *window) take(n uint64) bool {
	if n < v.base {
		return false
	}
	for n-v.base >= windowBits {
		v.advance()
	}
	word, bit := n/64%uint64(len(v.bits)), uint64(1)<<(n%64)
	if v.bits[word]&bit != 0 {
		return false
	}
	v.bits[word] |= bit
	v.count++
	for v.bits[v.base/64%uint64(len(v.bits))]&(1<<(v.base%64)) != 0 {
		v.advance()
	}
	return true
}

func (v *window) advance() {
	word, bit := v.base/64%uint64(len(v.bits)), uint64(1)<<(v.base%64)
	if v.bits[word]&bit == 0 {
		v.missing++
	}
	v.bits[word] &^= bit
	v.base++
}

// lost is how many of the first total numbers did not come.
func (v *window) lost(total uint64) uint64 {
	lost := v.missing
	for n := v.base; n < total; n++ {
		if v.bits[n/64%uint64(len(v.bits))]&(1<<(n%64)) == 0 {
			lost++
		}
	}
	return lost
}
