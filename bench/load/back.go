package load

import (
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// comesBack says whether a connection that ended in that state has to return by itself. On the way
// in only a server that sends people away is excused: whatever else ends a connection there is a
// fault.
func (w *Worker) comesBack(was state, code wsproto.CloseCode) bool {
	if !w.plan.Resume {
		return false
	}
	switch was {
	case joined:
		return code == 0 || code == 1001 || code >= 4000 && code < 4500
	case greeting, resuming, joining, outside:
		return code == 1001
	}
	return false
}

// unanswered notes what the end of a connection leaves open. A wish to change rooms that has no
// answer may have been granted all the same: the operation stays until RESUME has told.
func (c *conn) unanswered(was state) {
	switch {
	case was == joining:
		c.next, c.unsure = 0, true // it has no position yet
	case was == outside, was == joined && (c.op == OpMove || c.op == OpRejoin):
		c.unsure = true
	case was == joined && c.op != OpCut:
		c.op = "" // its answer will not come, and nothing depends on it
	}
}

// resume asks for the former place. Who may be in no room sends a PING behind it: events take effect
// in order, so its answer without ROOM_JOINED before it means that there is no room.
func (w *Worker) resume(c *conn) {
	c.state = resuming
	r := c.room
	epoch, seq := "", uint64(0) // no position
	var id chat.MessageID       // zero = not given
	if c.next != 0 {
		epoch, seq = r.epoch, c.next-1
		if seq >= r.base && seq-r.base < uint64(len(r.placed)) {
			id = r.placed[seq-r.base].id
		}
	}
	w.writeText(c, appendResume(w.text[:0], c.session, epoch, seq, id))
	if c.unsure {
		w.opCounter++
		c.opID = w.opCounter
		w.writeText(c, appendOp(w.text[:0], OpPing, c.opID))
	}
}

// settled takes the room that RESUME brought c to, where that was not certain: the one that it had,
// or the one that it wanted to move to. moved says which; a move into a third room is none.
func (w *Worker) settled(c *conn, e *event) (moved bool) {
	if !c.unsure {
		return false
	}
	moved = c.op == OpMove && c.target != nil && e.room == c.target.id
	if moved {
		// How much of the former room it was still to get, nobody can know; but a hole in what came is
		// a loss.
		w.leftBehind(c)
		c.room = c.target
	}
	c.unsure = false
	if c.op == OpMove || c.op == OpRejoin {
		c.op, c.target = "", nil // not timed: most of that time it was not connected
	}
	return moved
}

// roomless takes the news that a session that came back is in no room. After a LEAVE_ROOM, and
// before the answer to the JOIN_ROOM or CREATE_ROOM of somebody who was in none, that is right.
func (w *Worker) roomless(c *conn) {
	c.unsure = false
	w.resumed++
	switch c.op {
	case OpRejoin:
		w.leftBehind(c)
		w.rejoin(c)
		return
	case OpMove:
		w.fault(&w.faults.Unrecovered, "connection %d: room %d was lost on the way to room %d", c.index, c.room.id, c.target.id)
		c.op, c.target = "", nil
	}
	w.join(c)
}

// rejoin brings a member that has left its room back to it.
func (w *Worker) rejoin(c *conn) {
	c.state = outside
	w.writeText(c, appendJoinRoom(w.text[:0], c.room.id, moveReplay))
}
