package engine

import (
	"chatroom/engine/room"
	"chatroom/internal/chat"
)

// roomFor finds the live room of id, or makes it with loop l as its home. Any goroutine.
func (e *Engine) roomFor(id chat.RoomID, l *loop) *liveRoom {
	r, _ := e.rooms.FindOrAdd(uint64(id), func() *liveRoom { return e.newLiveRoom(id, l) })
	return r
}

// settleHome lists a room among those at home here. Loop only: home.
func (l *loop) settleHome(r *liveRoom) {
	if r.index < 0 && !r.retired {
		r.index = len(l.homes)
		l.homes = append(l.homes, r)
		l.counters.rooms.Add(1)
	}
}

// homeJoin asks the log to let a member in. A room that was retired in the meantime is looked up
// again. Loop only: home.
func (l *loop) homeJoin(r *liveRoom, tag chat.Tag, w *joinWish) {
	if r.retired {
		w.again = false // it was deleted around its member
		if r = l.engine.roomFor(r.id, l); r.home != l {
			r.home.inbox.post(event{kind: homeJoin, room: r, tag: tag, data: w})
			return
		}
	}
	l.settleHome(r)
	l.beforeOthers(r)
	r.used = l.now
	if w.again {
		l.answerJoin(r, tag, w, "")
		return
	}
	if r.wishes == nil {
		r.wishes = make(map[chat.Tag]*joinWish)
	}
	r.wishes[tag] = w
	r.joining++
	l.engine.log.Join(tag, r.id, w.member, w.resume)
}

// roomCreated is the answer to Create: a refusal on the loop that asked, else the room on its home
// loop, which is another one when somebody else asked for it before. Loop only: home.
func (l *loop) roomCreated(r *liveRoom, tag chat.Tag, a *joinAnswer) {
	if a.code != "" {
		l.joined(tag, &joinOutcome{code: a.code})
		return
	}
	if r.retired { // that somebody was turned away, because there was no such room yet
		if r = l.engine.roomFor(r.id, l); r.home != l {
			r.home.inbox.post(event{kind: feedCreated, room: r, tag: tag, data: a})
			return
		}
	}
	asker := l.engine.loopOf(tag)
	l.settleHome(r)
	r.used = l.now
	l.roomBaseline(r, &baseline{info: a.info})
	l.seat(r, asker.index, 1)
	l.counters.created.Add(1)
	l.send(asker, event{kind: answerJoined, tag: tag, data: &joinOutcome{room: r, info: r.info}})
}

// roomBaseline begins to follow a room. Loop only: home.
func (l *loop) roomBaseline(r *liveRoom, b *baseline) {
	if r.retired {
		return
	}
	r.info, r.followed = b.info, true
	l.refill(r, b)
}

// refill makes the ring hold what a baseline says. Loop only: home.
func (l *loop) refill(r *liveRoom, b *baseline) {
	l.weigh(-r.ring.Bytes())
	first := b.info.Seq
	var before [16]byte
	if len(b.recent) > 0 {
		first, before = b.recent[0].Seq-1, b.recent[0].Prev
	} else {
		before = b.info.Last
	}
	r.ring.Reset(first, before)
	for i := range b.recent {
		e := &b.recent[i]
		l.keep(r, e, l.frame(r, b.info.Epoch, e, nil))
	}
}

// roomJoined is the answer to Join. Loop only: home.
func (l *loop) roomJoined(r *liveRoom, tag chat.Tag, a *joinAnswer) {
	w := r.wishes[tag]
	if w == nil {
		return
	}
	delete(r.wishes, tag)
	r.joining--
	if a.code == "" {
		r.info.Name, r.info.Private = a.info.Name, a.info.Private
		r.info.CreatedAt, r.info.CreatedBy = a.info.CreatedAt, a.info.CreatedBy
		r.info.Members = a.info.Members
		if !r.followed {
			// A log that knows the room is followed already sends no baseline.
			l.roomBaseline(r, &baseline{info: a.info})
		}
		l.seat(r, w.loop, 1)
	}
	l.answerJoin(r, tag, w, a.code)
	l.retireIdle(r)
}

// answerJoin sends the member's loop what it needs to seat it. Loop only: home.
func (l *loop) answerJoin(r *liveRoom, tag chat.Tag, w *joinWish, code chat.Code) {
	outcome := &joinOutcome{room: r, code: code}
	if code == "" {
		outcome.info = r.info
		outcome.replay, outcome.recovered = l.replay(r, w)
	}
	if to := l.engine.loopOf(tag); to != nil {
		l.send(to, event{kind: answerJoined, tag: tag, data: outcome})
	}
}

// replay picks the frames that a newcomer is owed. Loop only: home.
func (l *loop) replay(r *liveRoom, w *joinWish) (frames [][]byte, recovered bool) {
	l.weigh(r.ring.Trim(l.engine.retention, l.engine.cfg.Now().UnixMilli()))
	newest, n := r.ring.Newest(), uint64(w.replay)
	from := r.ring.Oldest()
	switch {
	case w.positioned && w.position.Epoch == r.info.Epoch && r.ring.Recover(w.position.Seq, w.position.MessageID):
		from, recovered = w.position.Seq+1, true
	case uint64(r.ring.Len()) > n:
		from = newest + 1 - n
	}
	for seq := from; seq <= newest; seq++ {
		if e, ok := r.ring.Get(seq); ok {
			frames = append(frames, e.Bytes)
		}
	}
	return frames, recovered
}

// homeLeave asks the log to take a member out. Loop only: home.
func (l *loop) homeLeave(r *liveRoom, tag chat.Tag, m *chat.Member) {
	l.beforeOthers(r)
	l.engine.log.Leave(tag, r.id, *m)
}

// homeRename asks the log to give a member another name. Loop only: home.
func (l *loop) homeRename(r *liveRoom, tag chat.Tag, w *renaming) {
	l.beforeOthers(r)
	l.engine.log.Rename(tag, r.id, w.member, w.name)
}

// homeForget counts a member less on one loop. Loop only: home.
func (l *loop) homeForget(r *liveRoom, loop int) {
	if r.retired {
		return
	}
	l.seat(r, loop, -1)
	l.retireIdle(r)
}

// seat counts members more or less on one loop of a room. Loop only: home.
func (l *loop) seat(r *liveRoom, loop int, change int32) {
	was := r.counts[loop] > 0
	r.counts[loop] += change
	r.total += int(change)
	is := r.counts[loop] > 0
	switch {
	case is && !was:
		if r.spread++; r.spread == 2 {
			l.counters.split.Add(1)
		}
	case was && !is:
		if r.spread--; r.spread == 1 {
			l.counters.split.Add(-1)
		}
	}
}

// retireIdle lets a room go that nobody here is in or on the way to. Loop only: home.
func (l *loop) retireIdle(r *liveRoom) {
	if r.retired || r.total > 0 || r.joining > 0 {
		return
	}
	l.beforeOthers(r)
	if r.followed {
		l.engine.log.Release(r.id)
	}
	l.retire(r)
}

// retire forgets a room. Loop only: home.
func (l *loop) retire(r *liveRoom) {
	r.retired = true
	if r.spread > 1 {
		l.counters.split.Add(-1)
	}
	l.engine.rooms.Drop(uint64(r.id), r)
	l.weigh(-r.ring.Bytes())
	r.ring = room.Ring{}
	if r.index >= 0 {
		last := len(l.homes) - 1
		moved := l.homes[last]
		l.homes[r.index] = moved
		moved.index = r.index
		l.homes[last] = nil
		l.homes = l.homes[:last]
		r.index = -1
		l.counters.rooms.Add(-1)
	}
}
