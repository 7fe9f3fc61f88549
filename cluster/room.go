package cluster

import (
	"slices"
	"time"

	"chatroom/internal/chat"
)

// room is one room on this node: where its members here stand in the log, and the one queue that
// all its scripts pass.
type room struct {
	// Immutable after open.
	id    chat.RoomID
	keys  roomKeys
	shard *shard

	// Owned by the room's shard.
	info      chat.RoomInfo            // Epoch, Seq and Last are the position: what the feed was given
	epoch     string                   // info.Epoch in digits
	version   uint64                   // newest known version of the membership
	mine      map[chat.ClientID]string // members of this node and their values, to bring back what Redis lost
	following bool                     // the feed has had a baseline and is given everything
	released  bool                     // the engine has nobody here
	idleSince time.Time

	subscribing bool // the channel is wanted
	subscribed  bool // and confirmed

	queue    []*op
	inFlight *op
	retryAt  time.Time
	failures int

	early     []string                   // envelopes that came before the answer that begins the following
	ahead     map[uint64]chat.Entry      // behind a gap
	events    []roomEvent                // that wait for the messages before them
	answers   []answer                   // that wait for the messages before them
	tagged    map[chat.MessageID]waiting // own messages that are in the log and come by recover
	gapSince  time.Time
	repairing bool      // a recover is under way
	repairAt  time.Time // not before, after a failed one
	resyncing bool      // a rebuild is in the queue
	nextCheck time.Time
	nextTouch time.Time

	replayAt time.Time // not followed: what it said is offered again then
	own      []sent    // acknowledged, to be offered again if Redis loses them
}

// answer is a reply to the engine that must not come before the message seq.
type answer struct {
	seq      uint64
	deadline time.Time
	give     func(code chat.Code)
}

// sent is an own message that was acknowledged.
type sent struct {
	chat.Pending
	at time.Time
}

// busy says whether anything of the room is under way or kept.
func (r *room) busy() bool {
	return r.following || r.inFlight != nil || len(r.queue) > 0 || r.repairing || !r.replayAt.IsZero() ||
		len(r.answers) > 0 || len(r.tagged) > 0
}

// push puts an op at the end of the queue.
func (r *room) push(o *op) {
	r.queue = append(r.queue, o)
	r.shard.waiting[r] = struct{}{}
	r.pump()
}

// pushFront puts an op before everything that is not in flight.
func (r *room) pushFront(o *op) {
	at := 0
	if r.inFlight != nil {
		at = 1
	}
	r.queue = slices.Insert(r.queue, at, o)
	r.shard.waiting[r] = struct{}{}
}

// pushNext is pushFront for what undoes an op that was answered UNAVAILABLE: its sender may have tried
// again meanwhile, and that must come behind.
func (r *room) pushNext(o *op) {
	r.pushFront(o)
	r.pump()
}

// pump sends the next op if nothing is in flight and nothing holds it back.
func (r *room) pump() {
	for r.inFlight == nil && len(r.queue) > 0 {
		if !r.retryAt.IsZero() && r.shard.now.Before(r.retryAt) {
			return
		}
		o := r.queue[0]
		switch o.kind {
		case opCreate, opJoin:
			if r.shard.rooms.c.strayed(o.member) {
				r.forgo(o)
				continue
			}
			if o.kind == opCreate && r.following && o.attempts == 0 {
				// A Redis that lost its data may not have been told of this room yet, and must not be
				// given another one in its place.
				r.pop(o)
				r.taken(o)
				continue
			}
			if !r.subscribed {
				r.subscribe()
				return
			}
		case opPublish:
			if !r.following && !o.replay {
				r.pop(o)
				r.refuseAll(o, chat.NotInRoom)
				continue
			}
			rs := r.shard.rooms
			if r.repairing && o.attempts > 0 || !rs.c.mayAcknowledge() || !rs.topology.open(partition(r.id), r.shard.now) {
				return
			}
		}
		r.inFlight = o
		r.send(o)
	}
}

// pop takes o, the first of the queue, off.
func (r *room) pop(o *op) {
	if len(r.queue) > 0 && r.queue[0] == o {
		r.queue[0] = nil
		r.queue = r.queue[1:]
	}
	if len(r.queue) == 0 {
		r.queue = nil
		delete(r.shard.waiting, r)
	}
}

// failed notes that o got no usable answer; it stays at the head and is tried again.
func (r *room) failed(o *op, err error) {
	r.inFlight = nil
	o.attempts++
	o.unknown = o.unknown || outcomeUnknown(err)
	r.failures = min(r.failures+1, 5)
	r.retryAt = r.shard.now.Add(time.Duration(25<<r.failures) * time.Millisecond)
	r.shard.rooms.complain(err)
}

// finished takes o off after a usable answer.
func (r *room) finished(o *op) {
	r.inFlight = nil
	r.failures, r.retryAt = 0, time.Time{}
	r.pop(o)
}
