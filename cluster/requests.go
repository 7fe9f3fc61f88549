package cluster

import (
	"time"

	"chatroom/internal/chat"
)

// Create draws a room and makes it with creator as its only member; Feed.Created answers.
func (c *Cluster) Create(tag chat.Tag, name string, private bool, creator chat.Member) {
	o := &op{kind: opCreate, tag: tag, name: name, private: private, member: creator, epoch: newEpoch()}
	o.prepare()
	c.rooms.draw(o)
}

// draw gives a create its next id. TAKEN brings it back here.
func (r *rooms) draw(o *op) {
	id, ok := r.c.nextRoomID()
	if !ok || time.Now().After(o.deadline) {
		r.c.feed.Created(o.tag, chat.RoomInfo{}, chat.Unavailable)
		return
	}
	r.c.enter(o.member, id, false, func(ok bool) {
		if !ok {
			r.c.feed.Created(o.tag, chat.RoomInfo{}, chat.Unavailable)
			return
		}
		r.shardOf(id).post(post{kind: postOp, room: id, op: o})
	})
}

// Join puts m into the room, or with resume lets its place be carried by the new incarnation;
// Feed.Joined answers.
func (c *Cluster) Join(tag chat.Tag, room chat.RoomID, m chat.Member, resume bool) {
	o := &op{kind: opJoin, tag: tag, member: m, resume: resume}
	o.prepare()
	c.enter(m, room, resume, func(ok bool) {
		if !ok {
			c.feed.Joined(tag, chat.RoomInfo{ID: room}, chat.Unavailable)
			return
		}
		c.rooms.shardOf(room).post(post{kind: postOp, room: room, op: o})
	})
}

// Leave takes m out if it is there under this incarnation; Feed.Done answers, after answerDeadline
// even without Redis: the leave is repeated until Redis has it.
func (c *Cluster) Leave(tag chat.Tag, room chat.RoomID, m chat.Member) {
	o := &op{kind: opLeave, tag: tag, member: m, out: departure{client: m.Client, nonce: m.Nonce, incarnation: m.Incarnation}}
	o.prepare()
	o.gone = func() { c.left(m, room) }
	if tag == 0 {
		o.deadline = time.Time{} // nobody would ask again
	}
	c.rooms.shardOf(room).post(post{kind: postOp, room: room, op: o})
}

// Rename gives m another name; everyone hears it, then Feed.Done answers.
func (c *Cluster) Rename(tag chat.Tag, room chat.RoomID, m chat.Member, name string) {
	o := &op{kind: opRename, tag: tag, member: m, name: name}
	o.prepare()
	c.rooms.shardOf(room).post(post{kind: postOp, room: room, op: o})
}

// Append gives the messages their places, in this order.
func (c *Cluster) Append(room chat.RoomID, messages []chat.Pending) {
	until := time.Now().Add(answerDeadline)
	copied := make([]waiting, len(messages))
	for i, m := range messages {
		copied[i] = waiting{Pending: m, deadline: until}
	}
	c.rooms.shardOf(room).post(post{kind: postAppend, room: room, messages: copied})
}

// Release says that no connection of this node is in the room any more.
func (c *Cluster) Release(room chat.RoomID) {
	c.rooms.shardOf(room).post(post{kind: postRelease, room: room})
}

func (r *rooms) depart(room chat.RoomID, d departure, then func()) {
	o := &op{kind: opLeave, out: d, gone: then}
	o.prepare()
	o.deadline = time.Time{}
	r.shardOf(room).post(post{kind: postOp, room: room, op: o})
}

func (r *rooms) hold(room chat.RoomID, client chat.ClientID, nonce chat.Nonce, incarnation chat.Incarnation, windowMs int64) {
	o := &op{kind: opDetach, out: departure{client: client, nonce: nonce, incarnation: incarnation}, window: windowMs}
	o.prepare()
	o.deadline = time.Time{}
	r.shardOf(room).post(post{kind: postOp, room: room, op: o})
}

// prepare sets what every request has.
func (o *op) prepare() {
	now := time.Now()
	o.at, o.deadline = now.UnixMilli(), now.Add(answerDeadline)
}

// expire answers what waits too long for Redis: UNAVAILABLE, which does not say that it will not
// happen. What may have been executed is undone or found by its id. A leave is answered as done and
// stays in the queue.
func (r *room) expire() {
	now := r.shard.now
	for i := 0; i < len(r.queue); i++ {
		o := r.queue[i]
		if o.kind == opPublish {
			r.expireMessages(o)
			if len(o.messages) > 0 || o == r.inFlight {
				continue
			}
		} else {
			if o.deadline.IsZero() || now.Before(o.deadline) {
				continue
			}
			if !o.answered {
				o.answered = true
				r.giveUp(o)
			}
			if o == r.inFlight || o.kind == opLeave {
				continue
			}
			if o.undoable() {
				if o.unknown {
					r.queue[i] = r.undo(o)
					continue
				}
				r.shard.rooms.c.withdraw(o.member, r.id)
			}
			if o.unknown && o.kind == opRename {
				r.queue[i] = o.renameBack(false)
				continue
			}
		}
		r.queue = append(r.queue[:i:i], r.queue[i+1:]...)
		i--
	}
	if len(r.queue) == 0 {
		delete(r.shard.waiting, r)
		r.idleSince = now
	}
}

// expireMessages refuses the overdue messages of a publish; what is in flight keeps its place in
// the batch, since the reply counts them.
func (r *room) expireMessages(o *op) {
	kept := o.messages[:0]
	for i := range o.messages {
		w := &o.messages[i]
		if !w.answered && !w.deadline.IsZero() && !r.shard.now.Before(w.deadline) {
			w.answered = true
			r.refuse(w, chat.Refusal{Code: chat.Unavailable})
			r.nextCheck = r.shard.now
		}
		if o != r.inFlight && !w.answered {
			kept = append(kept, *w)
		}
	}
	if o != r.inFlight {
		clear(o.messages[len(kept):])
		o.messages = kept
	}
}

// giveUp answers a request that Redis did not answer in time.
func (r *room) giveUp(o *op) {
	feed := r.shard.rooms.c.feed
	switch o.kind {
	case opCreate:
		feed.Created(o.tag, chat.RoomInfo{}, chat.Unavailable)
	case opJoin:
		feed.Joined(o.tag, chat.RoomInfo{ID: r.id}, chat.Unavailable)
	case opLeave:
		// Leaving works without Redis: nothing can refuse it, so it is only a matter of repeating it.
		o.deadline = time.Time{}
		r.shard.rooms.c.leaving(o.member, r.id)
		feed.Done(o.tag, "")
	case opRename:
		if o.tag != 0 {
			feed.Done(o.tag, chat.Unavailable)
		}
	case opDelete:
		o.deleted(0, false, false)
	}
}

// forgo drops o, the first of the queue, whose session has ended or lives on elsewhere: it would take the
// place from the connection that has it now.
func (r *room) forgo(o *op) {
	if !o.answered {
		o.answered = true
		r.giveUp(o)
	}
	r.pop(o)
	if o.unknown && o.undoable() {
		r.pushFront(r.undo(o))
	}
	r.leaveAlone()
}

// undoable says whether the member has to be taken out again when o was answered UNAVAILABLE and may
// have been executed. Behind a RESUME it must not: the place was there before, and is kept for the
// next try by the session, which is detached.
func (o *op) undoable() bool {
	return o.kind == opCreate || o.kind == opJoin && !o.resume
}

// undo is the leave for a join or create that may have been executed although it was answered
// UNAVAILABLE. It is repeated until Redis answers.
func (r *room) undo(o *op) *op {
	c, m := r.shard.rooms.c, o.member
	u := &op{kind: opLeave, back: true, member: m, out: departure{client: m.Client, nonce: m.Nonce, incarnation: m.Incarnation}}
	u.prepare()
	u.deadline = time.Time{}
	u.gone = func() { c.left(m, r.id) }
	return u
}

// renameBack is the rename to the name before o, which was (executed) or may have been, although it was
// answered UNAVAILABLE: its sender goes on under the old name. It is repeated until Redis answers.
func (o *op) renameBack(executed bool) *op {
	back := &op{kind: opRename, back: !executed, member: o.member, name: o.member.Name}
	back.member.Name = o.name
	back.prepare()
	back.deadline = time.Time{}
	return back
}

func (r *room) refuse(w *waiting, refusal chat.Refusal) {
	if w.Tag != 0 {
		r.shard.rooms.c.feed.Refused(r.id, w.Tag, refusal)
	}
}

func (r *room) refuseAll(o *op, code chat.Code) {
	for i := range o.messages {
		if w := &o.messages[i]; !w.answered {
			w.answered = true
			r.refuse(w, chat.Refusal{Code: code})
		}
	}
}
