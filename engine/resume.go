package engine

import (
	"chatroom/internal/chat"
)

// greet opens a chat session after the handshake: CONNECT under an identity of its own. Loop only.
func (l *loop) greet(s *session, m chat.Member) {
	s.member = m
	l.register(s)
	l.connect(s, "", false)
}

// register makes s the one that carries its client. Loop only.
func (l *loop) register(s *session) {
	former := l.engine.clients.Put(uint64(s.member.Client), s)
	if former != nil && former != s {
		// The session was taken over from another connection of this node; its log may say so
		// later, when the old one can't be found by its id any more.
		former.loop.inbox.post(event{kind: endSession, session: former, cause: chat.CauseResumedElsewhere})
	}
}

// connect tells CONNECT. Loop only.
func (l *loop) connect(s *session, id string, resumed bool) {
	e := l.engine
	l.payload = e.dir.Token(l.payload[:0], s.member)
	welcome := chat.Welcome{
		ClientID: s.member.Client, Username: s.member.Name, Session: l.payload, Resumed: resumed,
		ServerID: e.cfg.ServerID, HeartbeatMs: e.cfg.Heartbeat.Milliseconds(),
		ResumeWindowMs: e.cfg.ResumeWindow.Milliseconds(), Limits: e.limits,
	}
	l.scratch = chat.AppendConnect(l.scratch[:0], id, &welcome)
	l.tellText(s, l.scratch)
}

// resume is RESUME. Loop only.
func (l *loop) resume(s *session, c *chat.Command) {
	if s.spoke {
		l.fail(s, c.ID, chat.BadRequest, "RESUME is only allowed as the first event of a connection.")
		return
	}
	if l.payload = l.engine.dir.Token(l.payload[:0], s.member); string(l.payload) == string(c.Session) {
		l.fail(s, c.ID, chat.BadRequest, "This is the session that the connection has.")
		return
	}
	s.busy = true
	tag := l.requests.add(l.index, request{
		kind: requestResume, session: s, id: string(c.ID), position: c.Position, positioned: c.HasPosition,
	})
	l.engine.dir.Resume(tag, string(c.Session), s.ip().String())
}

// resumed takes the directory's answer to RESUME. Loop only.
func (l *loop) resumed(tag chat.Tag, r *chat.Resumption) {
	q, ok := l.requests.take(tag)
	if !ok {
		return
	}
	s := q.session
	if r.Code != "" {
		l.counters.resumed(r.Code)
		l.resumeFailed(s, &q, r.Code)
		return
	}
	l.counters.resumed("ok")
	l.engine.clients.Drop(uint64(s.member.Client), s)
	l.engine.dir.Discard(s.member)
	s.member, s.messages = r.Member, uint32(r.Messages)
	if !s.open() {
		// The connection went while it was taking over: the place waits for the next one.
		l.abandon(s, r.Room)
		return
	}
	l.register(s)
	if !l.engine.dir.Carries(s.member) {
		// Removed or taken over again, and whoever did it did not find this connection. The next
		// RESUME learns why.
		l.end(s, chat.CloseGoingAway, "the session was taken away", fateNone, nil)
		l.released(s)
		return
	}
	l.connect(s, q.id, true)
	if r.Room == 0 {
		l.released(s)
		return
	}
	w := &joinWish{
		member: s.member, loop: l.index, resume: true,
		replay: chat.DefaultReplay, position: q.position, positioned: q.positioned,
	}
	l.enterRoom(s, request{kind: requestReturn, session: s, positioned: true, target: r.Room}, r.Room, w)
}

// resumeFailed tells why a session was not taken over. Loop only.
func (l *loop) resumeFailed(s *session, q *request, code chat.Code) {
	switch code {
	case chat.Banned:
		l.failWith(s, []byte(q.id), chat.Failure{Code: code, Message: "You are banned.", BanCode: chat.BanCode})
		l.end(s, chat.CloseBanned, "banned", fateEnd, nil)
	case chat.SessionInvalid:
		l.fail(s, []byte(q.id), code, "The session has ended; you go on with a new one.")
	default:
		// Not its fault: the very same event may be tried again.
		s.spoke = false
		l.fail(s, []byte(q.id), code, "The session could not be taken over now. Try again.")
	}
	l.released(s)
}

// abandon gives back a place that was taken over for a connection that is no more. Loop only.
func (l *loop) abandon(s *session, room chat.RoomID) {
	s.busy = false
	if s.departed && !s.finished {
		s.finished = true
		l.counters.sessions.Add(-1)
		l.engine.departing.Add(-1)
	}
	if s.fate == fateEnd {
		l.engine.dir.End(s.member, room)
		return
	}
	l.detach(s, room)
}
