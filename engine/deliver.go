package engine

import (
	"time"

	"chatroom/internal/chat"
)

// deliver takes a frame for the members of a room on this loop; the sender, when it sits here,
// gets its ACK in the very place. Loop only.
func (l *loop) deliver(ev *event) {
	slot := ev.room.slotOf(l)
	at := int32(len(slot.frames))
	if slot.members.Len() > 0 {
		l.addFrame(slot, ev.frame)
		if ev.arrival != 0 {
			slot.arrivals = append(slot.arrivals, ev.arrival)
		}
	}
	if ev.tag != 0 && tagLoop(ev.tag) == l.index {
		l.acknowledge(slot, at, ev)
	}
	if slot.bytes >= burst {
		l.flushSlot(slot)
	}
}

// burst is how much a room may say in one turn before it is written out: so much at once would be
// more than a reader that keeps up can have taken.
const burst = 128 << 10

// acknowledge tells the sender of a message, in the place at of its slot's frames. Loop only.
func (l *loop) acknowledge(slot *slot, at int32, ev *event) {
	q, ok := l.requests.take(ev.tag)
	if !ok {
		return
	}
	s := q.session
	if s.open() {
		if s.slot == slot {
			l.catchTurn(s, at)
			s.from = at + 1
		}
		l.scratch = chat.AppendMessageAck(l.scratch[:0], q.id, ev.room.id, ev.epoch, ev.seq, q.message, q.at, false)
		l.tellText(s, l.scratch)
		l.counters.deliveries.Add(1)
	}
	l.answered(s)
}

// deliverEvent is deliver for a USER_EVENT. ev.seq is a client that is not told. Loop only.
func (l *loop) deliverEvent(ev *event) {
	slot := ev.room.slotOf(l)
	if slot.members.Len() > 0 {
		at := int32(len(slot.frames))
		l.addFrame(slot, ev.frame)
		if ev.seq != 0 {
			if s := l.engine.clients.Find(ev.seq); s != nil && s.loop == l && s.slot == slot {
				l.catchTurn(s, at)
				s.from = at + 1
			}
		}
	}
	if ev.last {
		l.dissolve(slot)
	}
}

// dissolve takes everybody out of a room that is no more, told all of it. Loop only.
func (l *loop) dissolve(slot *slot) {
	l.flushSlot(slot)
	for members := slot.members.All(); len(members) > 0; members = slot.members.All() {
		s := members[len(members)-1]
		slot.members.Remove(s)
		s.slot, s.from = nil, 0
		if !s.departed {
			s.room = nil
		}
	}
}

// addFrame appends to what a slot's members are told in this turn. Loop only.
func (l *loop) addFrame(slot *slot, frame []byte) {
	slot.frames = append(slot.frames, frame)
	slot.bytes += len(frame)
	if !slot.dirty {
		slot.dirty = true
		l.dirty = append(l.dirty, slot)
	}
}

// flush writes what this turn has said: once per member and room, once per session that is told
// something else.
//
// Rooms of two have nothing to gather, but to serve them at once, each inside OnTraffic, was tried
// and is worse: 7.0 CPU seconds for a million deliveries instead of 5.7. A reader on another core
// falls asleep between writes that come one by one, and each of them pays for waking it; all the
// writes of a turn together find it awake. Loop only.
func (l *loop) flush() {
	for i := 0; i < len(l.dirty); i++ {
		l.flushSlot(l.dirty[i])
	}
	clear(l.dirty)
	l.dirty = l.dirty[:0]
	for i := 0; i < len(l.touched); i++ {
		s := l.touched[i]
		s.listed = false
		if s.out != nil {
			l.writeParts(s)
		}
	}
	clear(l.touched)
	l.touched = l.touched[:0]
	if len(l.laggards) > 0 {
		l.feedLaggards()
	}
	l.arena = l.arena[:0]
	const keep = 1 << 20
	if cap(l.arena) > keep {
		l.arena = nil
	}
	if cap(l.joint) > keep {
		l.joint = nil
	}
}

// flushSlot writes the frames of a slot to its members. This is the one place where the server
// fans out: it touches no lock and no map, and allocates nothing per member. Loop only.
func (l *loop) flushSlot(slot *slot) {
	if !slot.dirty {
		return
	}
	slot.dirty = false
	if slot.members.Len() == 0 {
		l.reset(slot)
		return
	}
	batch := l.batch(slot.frames)
	n := int32(len(slot.frames))
	copies := 0
	for members, i := slot.members.All(), slot.members.Len()-1; i >= 0; i-- {
		s := members[i]
		switch {
		case s.backlog != nil || s.out != nil:
			if s.from < n {
				copies += int(n - s.from)
				l.catchTurn(s, n)
			}
			if s.out != nil {
				l.writeParts(s)
			}
		case s.from < n:
			copies += int(n - s.from)
			start := 0
			if s.from > 0 {
				start = l.ends[s.from-1]
			}
			l.write(s, batch[start:])
		}
		s.from = 0
	}
	l.counters.deliveries.Add(uint64(copies))
	if len(slot.arrivals) > 0 {
		now := monotonic()
		for _, arrival := range slot.arrivals {
			l.counters.delivery.observe(now - time.Duration(arrival))
		}
	}
	l.reset(slot)
}

func (l *loop) reset(slot *slot) {
	clear(slot.frames)
	slot.frames, slot.arrivals, slot.bytes = slot.frames[:0], slot.arrivals[:0], 0
	const keep = 256
	if cap(slot.frames) > keep {
		slot.frames, slot.arrivals = nil, nil
	}
}

// batch joins frames and notes where each ends. A single frame is not copied. Loop only.
func (l *loop) batch(frames [][]byte) []byte {
	l.ends = l.ends[:0]
	if len(frames) == 1 {
		l.ends = append(l.ends, len(frames[0]))
		return frames[0]
	}
	l.batched = l.batched[:0]
	for _, frame := range frames {
		l.batched = append(l.batched, frame...)
		l.ends = append(l.ends, len(l.batched))
	}
	return l.batched
}
