package engine

import "chatroom/wsproto"

// outbox is what a session is to be told in this turn, when that differs from what its room is
// told: parts of the room's batch and bytes of its own, in order. It lives until the end of the
// turn.
type outbox struct {
	// Owned by the session's loop.
	parts []part
}

// part is either the frames from up to to of the session's slot, or bytes.
type part struct {
	from, to int32
	bytes    []byte
}

// tellText queues a text frame with this payload for one session, behind all that its room was told
// so far. Loop only.
func (l *loop) tellText(s *session, payload []byte) {
	if !s.open() {
		return
	}
	start := len(l.arena)
	l.arena = wsproto.AppendTextHeader(l.arena, len(payload))
	l.arena = append(l.arena, payload...)
	l.tellBytes(s, l.arena[start:len(l.arena):len(l.arena)])
}

// tellBytes queues bytes that stay as they are until the end of the turn. Loop only.
func (l *loop) tellBytes(s *session, b []byte) {
	if s.slot != nil {
		l.catchTurn(s, int32(len(s.slot.frames)))
	}
	if s.backlog != nil {
		s.backlog.add(append([]byte(nil), b...))
		return
	}
	l.box(s).add(part{bytes: b})
}

// catchTurn gives s the frames of its slot up to upto, behind what it has. Loop only.
func (l *loop) catchTurn(s *session, upto int32) {
	if s.from >= upto {
		return
	}
	if s.backlog != nil {
		for _, frame := range s.slot.frames[s.from:upto] {
			s.backlog.add(frame)
		}
	} else {
		l.box(s).add(part{from: s.from, to: upto})
	}
	s.from = upto
}

func (b *outbox) add(p part) { b.parts = append(b.parts, p) }

// box returns the outbox of s. Loop only.
func (l *loop) box(s *session) *outbox {
	if s.out != nil {
		return s.out
	}
	if n := len(l.spare); n > 0 {
		s.out = l.spare[n-1]
		l.spare = l.spare[:n-1]
	} else {
		s.out = &outbox{}
	}
	if !s.listed {
		s.listed = true
		l.touched = append(l.touched, s)
	}
	return s.out
}

// unbox takes the outbox away from s. Loop only.
func (l *loop) unbox(s *session) {
	clear(s.out.parts)
	s.out.parts = s.out.parts[:0]
	if cap(s.out.parts) <= 64 && len(l.spare) < 1024 {
		l.spare = append(l.spare, s.out)
	}
	s.out = nil
}

// catchUp writes all that s was told in this turn so far, its room's frames included: before it
// leaves the slot, and before a connection ends. Loop only.
func (l *loop) catchUp(s *session) {
	if s.slot != nil {
		l.catchTurn(s, int32(len(s.slot.frames)))
	}
	if s.out != nil {
		l.writeParts(s)
	}
}

// writeParts writes the outbox of s and takes it away. Loop only.
func (l *loop) writeParts(s *session) {
	l.vector = l.vector[:0]
	for _, p := range s.out.parts {
		if p.bytes != nil {
			l.vector = append(l.vector, p.bytes)
			continue
		}
		l.vector = append(l.vector, s.slot.frames[p.from:p.to]...)
	}
	l.unbox(s)
	l.writeVector(s, l.vector)
	clear(l.vector)
}
