package engine

import (
	"golang.org/x/sys/unix"

	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// How long a connection may take to fetch its last bytes and to close its side, in milliseconds.
const (
	lingerTime     = 1000
	lingerTimeSlow = 5000 // 4000: it has the most to fetch
)

// end closes a WebSocket: the last failure if any, a Close frame, and then the state of closing,
// in which input is ignored. gnet would drop what is unsent when it closes, so its Close comes only
// after the peer's end of file or the linger time. Loop only.
func (l *loop) end(s *session, code chat.CloseCode, reason string, f fate, last *chat.Failure) {
	if !s.open() {
		return
	}
	s.fate = f
	// A backlog is not waited for: who has a reason to read it resumes.
	if s.backlog != nil {
		s.backlog = nil
		if s.slot != nil {
			s.from = int32(len(s.slot.frames))
		}
	}
	start := len(l.arena)
	if last != nil {
		l.counters.failed(last.Code)
		l.scratch = chat.AppendError(l.scratch[:0], "", *last)
		l.arena = append(wsproto.AppendTextHeader(l.arena, len(l.scratch)), l.scratch...)
	}
	l.arena = wsproto.AppendClose(l.arena, wsproto.CloseCode(code), reason)
	l.tellBytes(s, l.arena[start:len(l.arena):len(l.arena)])
	l.counters.closed(code)
	linger := int64(lingerTime)
	if code == chat.CloseSlowReader {
		linger = lingerTimeSlow
	}
	l.wind(s, linger)
	l.leave(s)
}

// wind puts a connection into the state of closing. Loop only.
func (l *loop) wind(s *session, linger int64) {
	if s.state >= stateClosing {
		return
	}
	s.state = stateClosing
	s.deadline = l.now + linger
	l.closing = append(l.closing, s)
	l.counters.winding.Store(int64(len(l.closing)))
	l.enter()
}

// sever marks a session whose socket failed: it is closed at the end of the turn. Loop only.
func (l *loop) sever(s *session) {
	if s.state == stateClosed {
		return
	}
	wasOpen := s.open()
	if s.state < stateClosing {
		l.wind(s, 0)
	}
	s.deadline = 0
	if s.out != nil {
		l.unbox(s)
	}
	if wasOpen {
		l.leave(s)
	}
}

// leave notes that a chat session has lost its connection; the end of the turn settles what that
// means for its room. Not at once: a member may fail while its room is being written to. Loop only.
func (l *loop) leave(s *session) {
	if s.departed || !s.counted {
		return
	}
	s.departed = true
	l.leaving = append(l.leaving, s)
	l.engine.departing.Add(1)
	l.enter()
}

// settle takes the sessions that have ended out of their seats, and gives them to the directory.
// Loop only.
func (l *loop) settle() {
	for i := 0; i < len(l.leaving); i++ {
		s := l.leaving[i]
		if s.out != nil {
			l.writeParts(s) // its last words; before what its leaving makes the others hear
		}
		s.backlog = nil
		l.unseat(s)
		s.waiting = nil
		l.conclude(s)
	}
	clear(l.leaving)
	l.leaving = l.leaving[:0]
}

// settleClosing shuts down what has nothing left to send and closes what is due. Loop only.
func (l *loop) settleClosing() {
	if len(l.closing) == 0 {
		return
	}
	kept, due := l.closing[:0], l.due[:0]
	for _, s := range l.closing {
		if s.state == stateClosed {
			continue
		}
		if !s.shut && s.deadline > 0 && s.conn.OutboundBuffered() == 0 {
			s.shut = true
			_ = unix.Shutdown(s.conn.Fd(), unix.SHUT_WR) // fails only when the peer is gone, then EOF follows
		}
		if s.deadline <= l.now {
			due = append(due, s)
		} else {
			kept = append(kept, s)
		}
	}
	clear(l.closing[len(kept):])
	l.closing = kept
	l.counters.winding.Store(int64(len(kept)))
	for _, s := range due {
		if s.state != stateClosed {
			_ = l.el.Close(s.conn) // runs OnClose
		}
	}
	clear(due)
	l.due = due[:0]
}

// unseat takes s out of its slot, if it sits in one. s.room stays what the session is in. Loop only.
func (l *loop) unseat(s *session) {
	if s.slot == nil {
		return
	}
	s.slot.members.Remove(s)
	s.slot, s.from = nil, 0
}

// conclude gives a departed session to the directory, as soon as nothing of it is in flight: an
// operation may still move it, and what it sent before it left takes effect before. Loop only.
func (l *loop) conclude(s *session) {
	if !s.departed || s.finished || s.busy || s.inflight > 0 {
		return
	}
	s.finished = true
	l.engine.clients.Drop(uint64(s.member.Client), s)
	l.counters.sessions.Add(-1)
	room := s.roomID()
	if s.room != nil {
		l.send(s.room.home, event{kind: homeForget, room: s.room, seq: uint64(l.index)})
		s.room = nil
	}
	switch s.fate {
	case fateDetach:
		l.detach(s, room)
	case fateEnd:
		l.engine.dir.End(s.member, room)
	}
	l.engine.departing.Add(-1)
}

// detach gives the session of s to the directory, with what the connection has counted. Loop only.
func (l *loop) detach(s *session, room chat.RoomID) {
	l.engine.dir.Observe(s.member, chat.Activity{
		ConnectedAt: s.opened, LastSeenAt: s.seenAt(), Messages: int64(s.messages),
	})
	l.engine.dir.Detach(s.member, room)
}

// endSession ends the connection that carries a client because the log says so. incarnation 0
// means whichever it is. Loop only.
func (l *loop) endSession(s *session, incarnation uint64, cause chat.Cause) {
	if s.departed || !s.open() || incarnation != 0 && uint64(s.member.Incarnation) != incarnation {
		return
	}
	removed := &chat.Failure{Code: chat.Banned, BanCode: chat.BanCode}
	switch cause {
	case chat.CauseRemoved:
		removed.Message = "You were removed by an administrator."
		l.end(s, chat.CloseRemoved, "removed", fateNone, removed)
	case chat.CauseBanned:
		removed.Message = "You are banned."
		l.end(s, chat.CloseBanned, "banned", fateNone, removed)
	case chat.CauseResumedElsewhere:
		l.end(s, chat.CloseResumedElsewhere, "session resumed elsewhere", fateNone, nil)
	case chat.CauseLeaseLost:
		l.end(s, chat.CloseGoingAway, "this node is leaving the cluster", fateDetach, nil)
	}
}
