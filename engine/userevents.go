package engine

import (
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// A room is told of comings and goings one by one only up to this many members, and up to this
// many of them in the last second; beyond that it hears the count, once a second at most.
const (
	crowdMembers = 256
	crowdEvents  = 20
)

// crowd is what thins out the user events of a room.
type crowd struct {
	// Owned by the room's home loop.
	recent  [crowdEvents + 1]int64 // when the last of them happened, a ring
	head    int
	told    int64 // when the count was told last, plus one
	pending bool  // a count is owed
	listed  bool  // in loop.crowds
}

// busy notes that someone came or went at the time now, and reports whether that made more than
// crowdEvents in the last second.
func (c *crowd) busy(now int64) bool {
	c.recent[c.head] = now + 1
	c.head = (c.head + 1) % len(c.recent)
	oldest := c.recent[c.head]
	return oldest != 0 && now+1-oldest < 1000
}

// crowded reports whether there were more than crowdEvents in the second before now.
func (c *crowd) crowded(now int64) bool {
	oldest := c.recent[c.head]
	return oldest != 0 && now+1-oldest < 1000
}

// roomEvent tells a room's members a user event. Loop only: home.
func (l *loop) roomEvent(r *liveRoom, e *chat.UserEvent) {
	if r.retired {
		return
	}
	r.info.Members = e.Members
	var thin bool
	switch e.Kind {
	case chat.EventJoined, chat.EventLeft:
		thin = r.crowd.busy(l.now) || e.Members > crowdMembers
	case chat.EventRemoved:
		r.crowd.busy(l.now)
	case chat.EventRenamed:
		thin = e.Members > crowdMembers || r.crowd.crowded(l.now)
	case chat.EventRoomDeleted:
		l.roomDeleted(r, e)
		return
	}
	if !thin {
		skip := uint64(e.Client)
		if e.Kind == chat.EventRenamed {
			skip = 0
		}
		l.spreadEvent(r, e, skip, false)
		return
	}
	if e.Kind != chat.EventRenamed {
		r.crowd.pending = true
		l.tellCount(r)
	}
}

// tellCount tells a crowded room its count, unless it was told less than a second ago; then the
// sweep does it, see tellCounts. Loop only: home.
func (l *loop) tellCount(r *liveRoom) {
	if r.crowd.told != 0 && l.now+1-r.crowd.told < 1000 {
		if !r.crowd.listed {
			r.crowd.listed = true
			l.crowds = append(l.crowds, r)
		}
		return
	}
	r.crowd.pending, r.crowd.told = false, l.now+1
	count := chat.UserEvent{Kind: chat.EventMembers, Members: r.info.Members, At: l.engine.cfg.Now().UnixMilli()}
	l.spreadEvent(r, &count, 0, false)
}

// tellCounts tells the rooms that are owed a count. Loop only: home.
func (l *loop) tellCounts() {
	owed := l.crowds
	l.crowds = nil // tellCount lists anew the ones it is too early for
	for _, r := range owed {
		r.crowd.listed = false
		if r.crowd.pending && !r.retired {
			l.tellCount(r)
		}
	}
}

func (l *loop) spreadEvent(r *liveRoom, e *chat.UserEvent, skip uint64, last bool) {
	l.scratch = chat.AppendUserEvent(l.scratch[:0], r.id, e)
	frame := make([]byte, 0, wsproto.HeaderSize(len(l.scratch))+len(l.scratch))
	frame = append(wsproto.AppendTextHeader(frame, len(l.scratch)), l.scratch...)
	// From here the frame is frozen.
	l.spread(r, event{kind: deliverEvent, room: r, seq: skip, frame: frame, last: last})
}

// roomDeleted tells the members and forgets the room. Loop only: home.
func (l *loop) roomDeleted(r *liveRoom, e *chat.UserEvent) {
	l.beforeOthers(r)
	l.spreadEvent(r, e, 0, true)
	// Whoever was about to come in is answered here: when the log refuses it, somebody else may have
	// asked for the same id, and the answer would be brought to a room that knows no such wish.
	for tag, w := range r.wishes {
		code := chat.RoomNotFound
		if w.resume {
			code = chat.RoomDeleted
		}
		l.answerJoin(r, tag, w, code)
	}
	r.wishes = nil
	r.deleted = true
	l.retire(r)
}

// roomResync tells the members to forget their position: continuity could not be proven. They get
// ROOM_JOINED and the last messages, as one blob of frames. Loop only: home.
func (l *loop) roomResync(r *liveRoom, b *baseline) {
	if r.retired {
		return
	}
	r.info, r.used = b.info, l.now
	l.refill(r, b)
	frames, _ := l.replay(r, &joinWish{replay: chat.DefaultReplay})
	l.scratch = chat.AppendRoomJoined(l.scratch[:0], "", &r.info, len(frames), true, false)
	blob := append(wsproto.AppendTextHeader(nil, len(l.scratch)), l.scratch...)
	for _, frame := range frames {
		blob = append(blob, frame...)
	}
	l.spread(r, event{kind: deliverEvent, room: r, frame: blob})
}
