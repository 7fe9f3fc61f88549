package engine

import (
	"chatroom/internal/chat"
)

// join is JOIN_ROOM. Loop only.
func (l *loop) join(s *session, c *chat.Command) {
	// Asked before the room is looked up for good: who is refused must not leave an empty one behind.
	home := l
	if r := l.engine.rooms.Find(uint64(c.RoomID)); r != nil {
		home = r.home
	}
	if home.inbox.full() {
		l.fail(s, c.ID, chat.Unavailable, "The server is too busy.")
		return
	}
	w := &joinWish{
		member: s.member, loop: l.index, again: s.room != nil && s.room.id == c.RoomID,
		replay: c.Replay, position: c.Position, positioned: c.HasPosition,
	}
	if w.positioned {
		w.replay = chat.DefaultReplay
	}
	l.enterRoom(s, request{kind: requestJoin, session: s, id: string(c.ID), positioned: w.positioned}, c.RoomID, w)
}

// enterRoom takes a wish to join to the room's home loop. It is never refused: behind a RESUME the
// session holds a place already. Loop only.
func (l *loop) enterRoom(s *session, q request, id chat.RoomID, w *joinWish) {
	r := s.room
	if !w.again {
		r = l.engine.roomFor(id, l)
	}
	s.busy = true
	tag := l.requests.add(l.index, q)
	l.send(r.home, event{kind: homeJoin, room: r, tag: tag, data: w})
}

// create is CREATE_ROOM. Loop only.
func (l *loop) create(s *session, c *chat.Command) {
	s.busy = true
	tag := l.requests.add(l.index, request{kind: requestCreate, session: s, id: string(c.ID)})
	l.engine.log.Create(tag, c.Name, c.Private, s.member)
}

// joined seats a session in the room that it asked for, or tells it why not. Loop only.
func (l *loop) joined(tag chat.Tag, o *joinOutcome) {
	q, ok := l.requests.take(tag)
	if !ok {
		return
	}
	s := q.session
	if o.code != "" {
		l.notJoined(s, &q, o.code)
		return
	}
	if s.finished { // a fault ended it before the answer came
		l.leaveFormer(o.room, s.member)
		return
	}
	former := s.room
	if former != o.room {
		// What the former room said until now is written first; from here on it says nothing more.
		l.catchUp(s)
		l.unseat(s)
		s.room = o.room
		if former != nil {
			l.leaveFormer(former, s.member)
		}
		if s.open() {
			s.slot = o.room.slotOf(l)
			s.from = int32(len(s.slot.frames))
			s.slot.members.Add(s)
		}
	}
	if s.open() {
		l.welcome(s, &q, o)
	}
	l.released(s)
}

// notJoined tells why a room was not entered. Loop only.
func (l *loop) notJoined(s *session, q *request, code chat.Code) {
	if q.kind == requestReturn && code == chat.Unavailable {
		l.turnBack(s, q.target)
	} else {
		l.fail(s, []byte(q.id), code, refusalSentence(code))
	}
	l.released(s)
}

// turnBack ends a connection whose session holds a place in a room that it could not get back to: it
// keeps that for the next try, unless the client wanted an end itself meanwhile. Loop only.
func (l *loop) turnBack(s *session, room chat.RoomID) {
	if s.open() {
		l.end(s, chat.CloseTryAgainLater, "the room can't be reached", fateDetach, nil)
	}
	switch s.fate {
	case fateDetach:
		l.detach(s, room)
	case fateEnd:
		l.engine.dir.End(s.member, room)
	}
	s.fate = fateNone // the directory has it
}

// welcome tells a member ROOM_JOINED and the replay. Loop only.
func (l *loop) welcome(s *session, q *request, o *joinOutcome) {
	l.scratch = chat.AppendRoomJoined(l.scratch[:0], q.id, &o.info, len(o.replay), q.positioned, o.recovered)
	l.tellText(s, l.scratch)
	switch {
	case len(o.replay) == 0:
	case s.backlog != nil:
		for _, frame := range o.replay {
			s.backlog.add(frame)
		}
	default:
		// The outbox with ROOM_JOINED goes out when the turn ends, before backlogs are fed.
		l.lag(s, replayBacklog(o.replay))
	}
}

// leaveFormer takes a member out of the room that it has left for another. Loop only.
func (l *loop) leaveFormer(r *liveRoom, m chat.Member) {
	tag := l.requests.add(l.index, request{kind: requestFormer, room: r})
	l.send(r.home, event{kind: homeLeave, room: r, tag: tag, data: &m})
}

// leaveRoom is LEAVE_ROOM. Loop only.
func (l *loop) leaveRoom(s *session, c *chat.Command) {
	if s.room == nil {
		l.fail(s, c.ID, chat.NotInRoom, "You are in no room.")
		return
	}
	s.busy = true
	tag := l.requests.add(l.index, request{kind: requestLeave, session: s, id: string(c.ID)})
	m := s.member
	l.send(s.room.home, event{kind: homeLeave, room: s.room, tag: tag, data: &m})
}

// rename is UPDATE_USERNAME. Loop only.
func (l *loop) rename(s *session, c *chat.Command) {
	q := request{kind: requestRename, session: s, id: string(c.ID), name: c.Name}
	s.busy = true
	tag := l.requests.add(l.index, q)
	if s.room == nil {
		l.done(tag, "")
		return
	}
	l.send(s.room.home, event{kind: homeRename, room: s.room, tag: tag, data: &renaming{s.member, c.Name}})
}

// done takes the answer to a leave or a rename. Loop only.
func (l *loop) done(tag chat.Tag, code chat.Code) {
	q, ok := l.requests.take(tag)
	if !ok {
		return
	}
	s := q.session
	if q.kind == requestFormer {
		l.send(q.room.home, event{kind: homeForget, room: q.room, seq: uint64(l.index)})
		return
	}
	switch {
	case code != "":
		l.fail(s, []byte(q.id), code, refusalSentence(code))
	case q.kind == requestLeave:
		l.catchUp(s)
		l.unseat(s)
		if s.room != nil {
			l.send(s.room.home, event{kind: homeForget, room: s.room, seq: uint64(l.index)})
			s.room = nil
		}
		s.backlog = nil
		l.ack(s, []byte(q.id))
	default:
		s.member.Name = q.name
		l.engine.dir.Rename(s.member, q.name)
		l.ack(s, []byte(q.id))
	}
	l.released(s)
}

// list is LIST_ROOMS. Loop only.
func (l *loop) list(s *session, c *chat.Command) {
	tag := l.requests.add(l.index, request{kind: requestList, session: s, id: string(c.ID)})
	l.engine.log.List(tag, string(c.Cursor), c.Limit)
}

// listed answers LIST_ROOMS. Loop only.
func (l *loop) listed(tag chat.Tag, a *listing) {
	q, ok := l.requests.take(tag)
	if !ok || !q.session.open() {
		return
	}
	if a.code != "" {
		l.fail(q.session, []byte(q.id), a.code, refusalSentence(a.code))
		return
	}
	l.scratch = chat.AppendRooms(l.scratch[:0], q.id, a.rooms, a.next)
	l.tellText(q.session, l.scratch)
}
