package cluster

import "chatroom/internal/chat"

// What the room log asks of the sessions.

// enter records that m is about to be in room as well (with resume: is in it already, if it is), and
// calls then once that stands in Redis:
// only after then(true) may a create or join be sent, so that whoever cleans up after a crash finds
// every member's rooms in its record. then(false) means no: the session has ended, is carried by
// another node, or Redis gave no answer within answerDeadline. then is called once, possibly inside
// the call; a request that it makes must stand in the room's queue when it returns, because the
// end of the session is queued behind it. It must not block. Any goroutine.
func (c *Cluster) enter(m chat.Member, room chat.RoomID, resume bool, then func(ok bool)) {
	c.sessions.enter(m, room, resume, then)
}

// strayed says whether the session of m ended here while a request of it was under way: whoever ended
// it, or carries it now, knows nothing of what the request made. Any goroutine.
func (c *Cluster) strayed(m chat.Member) bool { return c.sessions.strayed(m) }

// leaving records that m was told that it has left room, though Redis has not heard of it: whoever
// resumes the session meanwhile is not taken back there. left follows. Any goroutine; does not block.
func (c *Cluster) leaving(m chat.Member, room chat.RoomID) { c.sessions.leaving(m, room) }

// left records that m is not in room any more, or did not come in after enter: one call of it, of missed
// or of withdraw for each of enter, since a member may be on its way back in before its leave was heard.
// Any goroutine; does not block.
func (c *Cluster) left(m chat.Member, room chat.RoomID) { c.sessions.left(m, room) }

// withdraw is left for a request that is given up while leaves may be under way before it. Any
// goroutine; does not block.
func (c *Cluster) withdraw(m chat.Member, room chat.RoomID) { c.sessions.withdraw(m, room) }

// missed is left for a RESUME that found the room without a place for it: a join of the lost connection
// may still be under way, and the end of the session has to undo that. Any goroutine; does not block.
func (c *Cluster) missed(m chat.Member, room chat.RoomID) { c.sessions.missed(m, room) }

// bereave is left for a room that was deleted: the record remembers it until the session is in
// another, for a RESUME to say. Any goroutine; does not block.
func (c *Cluster) bereave(m chat.Member, room chat.RoomID) { c.sessions.bereave(m, room) }

// nextRoomID draws a room id that is most likely free; create decides, and after TAKEN another one
// is drawn. ok is false when there is none at hand: Redis is away, or all are in use. Any goroutine;
// does not block.
func (c *Cluster) nextRoomID() (id chat.RoomID, ok bool) { return c.roomIDs.next() }

// mayAcknowledge says whether this node's lease is fresh enough to answer a message with ACK. A
// node that could not renew for a while may have been taken for dead. Any goroutine.
func (c *Cluster) mayAcknowledge() bool { return c.lease.fresh() }

// redisChanged says that another Redis answers than before (a failover, a restart): what this node
// holds is claimed and written again, in case the new one does not have it. Any goroutine; does not
// block.
func (c *Cluster) redisChanged() { c.lease.reclaim() }
