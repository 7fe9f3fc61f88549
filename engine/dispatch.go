package engine

import (
	"chatroom/internal/chat"
)

// maxStrikes is how many malformed events in a row end a connection (1008).
const maxStrikes = 20

// event takes the text of one client event. Events of a connection take effect in order: while an
// operation is not answered they wait. Loop only.
func (l *loop) event(s *session, payload []byte) {
	if s.busy || s.waiting != nil {
		l.wait(s, append([]byte(nil), payload...))
		return
	}
	if s.inflight > 0 {
		// Decoding resolves escapes in place: keep what it was, in case this one has to wait.
		l.payload = append(l.payload[:0], payload...)
	}
	l.take(s, payload, l.payload)
}

// take decodes an event and lets it take effect, or wait. original is the undecoded text, needed
// only while messages of s are in flight. Loop only.
func (l *loop) take(s *session, payload, original []byte) {
	c := &l.command
	code, sentence := chat.DecodeCommand(payload, c, l.engine.limits)
	if code == "" && s.inflight > 0 && waits(c.Type) {
		l.wait(s, append([]byte(nil), original...)) // it is charged for when its turn comes
		return
	}
	if retry := l.charge(s, c.Type == chat.Ping && code == ""); retry > 0 {
		l.counters.limited.Add(1)
		l.failWith(s, c.ID, chat.Failure{Code: chat.RateLimited, Message: "You are sending too fast.", RetryAfterMs: retry})
		return
	}
	switch code {
	case "":
		s.strikes = 0
	case chat.BadJSON, chat.BadRequest, chat.UnknownType:
		l.fail(s, c.ID, code, sentence)
		if s.strikes++; s.strikes >= maxStrikes {
			l.end(s, chat.ClosePolicyViolation, "too many malformed events", fateDetach, nil)
		}
		return
	default:
		s.strikes = 0
		l.fail(s, c.ID, code, sentence)
		return
	}
	l.dispatch(s, c)
	s.spoke = true
}

// waits reports whether a command waits for what the session has in flight: its messages, so that
// they are said in the former room and under the former name, and stand in the history that is asked
// for behind them; and a HISTORY, so that none of a former room comes behind ROOM_JOINED.
func waits(t chat.CommandType) bool {
	switch t {
	case chat.CreateRoom, chat.JoinRoom, chat.LeaveRoom, chat.Resume, chat.UpdateUsername, chat.GetHistory:
		return true
	}
	return false
}

// dispatch lets one command take effect. Loop only.
func (l *loop) dispatch(s *session, c *chat.Command) {
	switch c.Type {
	case chat.SendMessage:
		l.publish(s, c)
	case chat.Ping:
		l.ack(s, c.ID)
	case chat.JoinRoom:
		l.join(s, c)
	case chat.CreateRoom:
		l.create(s, c)
	case chat.LeaveRoom:
		l.leaveRoom(s, c)
	case chat.UpdateUsername:
		l.rename(s, c)
	case chat.ListRooms:
		l.list(s, c)
	case chat.GetHistory:
		l.getHistory(s, c)
	case chat.Resume:
		l.resume(s, c)
	}
}

// wait queues the text of an event until the operation before it is answered. Loop only.
func (l *loop) wait(s *session, payload []byte) {
	w := s.waiting
	if w == nil {
		w = &waiting{}
		s.waiting = w
	}
	if len(w.payloads) >= waitingEvents || w.bytes+len(payload) > waitingBytes {
		// Only its id is of interest now.
		chat.DecodeCommand(payload, &l.command, l.engine.limits)
		l.fail(s, l.command.ID, chat.Unavailable, "Too many events wait for an earlier one.")
		return
	}
	w.payloads = append(w.payloads, payload)
	w.bytes += len(payload)
}

// proceed lets the waiting events of s take effect, up to the next that has to wait. Loop only.
func (l *loop) proceed(s *session) {
	for s.waiting != nil && !s.busy && s.open() {
		w := s.waiting
		if len(w.payloads) == 0 {
			s.waiting = nil
			return
		}
		payload := w.payloads[0]
		if s.inflight > 0 && l.blocked(payload) {
			return
		}
		w.payloads[0] = nil
		w.payloads = w.payloads[1:]
		w.bytes -= len(payload)
		l.take(s, payload, nil)
	}
	if !s.open() {
		s.waiting = nil
	}
}

// blocked reports whether a waiting event has to wait for what is in flight. Loop only.
func (l *loop) blocked(payload []byte) bool {
	l.payload = append(l.payload[:0], payload...)
	code, _ := chat.DecodeCommand(l.payload, &l.command, l.engine.limits)
	return code == "" && waits(l.command.Type)
}

// answered says that one of what s has in flight was answered. Loop only.
func (l *loop) answered(s *session) {
	if s.inflight > 0 {
		s.inflight--
	}
	l.resumeWork(s)
}

// released says that the operation of s was answered. Loop only.
func (l *loop) released(s *session) {
	s.busy = false
	if s.excused {
		l.endSession(s, 0, chat.CauseLeaseLost)
	}
	l.resumeWork(s)
}

func (l *loop) resumeWork(s *session) {
	if s.departed {
		l.conclude(s)
		return
	}
	if s.waiting != nil {
		l.proceed(s)
	}
}

// ack answers a request that is not a message. Loop only.
func (l *loop) ack(s *session, id []byte) {
	l.scratch = chat.AppendAck(l.scratch[:0], id)
	l.tellText(s, l.scratch)
}

// fail answers a request with an ERROR. Loop only.
func (l *loop) fail(s *session, id []byte, code chat.Code, sentence string) {
	l.failWith(s, id, chat.Failure{Code: code, Message: sentence})
}

func (l *loop) failWith(s *session, id []byte, f chat.Failure) {
	if !s.open() {
		return
	}
	l.counters.failed(f.Code)
	l.scratch = chat.AppendError(l.scratch[:0], id, f)
	l.tellText(s, l.scratch)
}
