package cluster

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// subscribe asks for the room's channel; confirmed continues.
func (r *room) subscribe() {
	if !r.subscribing {
		r.subscribing = true
		r.shard.rooms.topology.subscribe(r.keys.channel, r.id)
	}
}

// confirmed is called when the channel carries from now on: for the first time or again.
func (r *room) confirmed() {
	if !r.subscribing {
		return
	}
	r.subscribed = true
	if r.following {
		r.repair() // whatever was said while nobody listened
	}
	r.pump()
}

// silenced is called when the channel may have missed something: the connection broke, or the slot
// moved. Following goes on by replies and checks until it is confirmed again.
func (r *room) silenced() { r.subscribed = false }

// follow begins to keep the room's position: the feed is given everything behind info.Seq.
func (r *room) follow(info chat.RoomInfo, epoch string, version uint64) {
	r.info, r.epoch, r.version = info, epoch, version
	r.following, r.released = true, false
	r.nextCheck = r.shard.now.Add(jitter(r.shard.rooms.every))
	r.nextTouch = r.shard.now.Add(jitter(touchInterval))
}

// hearEarly takes what was said before the room was followed. Events from before the answer that begins
// the following are old news: the newcomer has not seen those who left, and is told of the others by
// their count.
func (r *room) hearEarly() {
	early := r.early
	r.early = nil
	for _, text := range early {
		if e, ok := parseEvent(text); text[0] == letterEvent && ok && e.version <= r.version {
			continue
		}
		r.hear(text)
	}
	if len(early) == maxBuffered {
		r.repair()
	}
}

// release is called when this node has no connection in the room any more.
func (r *room) release() {
	r.released = true
	r.leaveAlone()
}

// leaveAlone stops following a room in which nobody of this node is or is about to be. The channel
// stays for idleFollow.
func (r *room) leaveAlone() {
	coming := slices.ContainsFunc(r.queue, func(o *op) bool { return o.kind == opJoin && !o.answered })
	if coming || r.following && !r.released {
		return
	}
	r.unfollow()
	if !r.busy() && r.info.ID == 0 {
		r.drop() // a room that there is not must not keep a subscription
	}
}

// unfollow forgets the position and answers what waited for it.
func (r *room) unfollow() {
	r.following, r.idleSince = false, r.shard.now
	answers, tagged := r.answers, r.tagged
	r.early, r.ahead, r.events, r.answers, r.tagged, r.mine = nil, nil, nil, nil, nil, nil
	r.gapSince, r.repairAt, r.resyncing = time.Time{}, time.Time{}, false
	delete(r.shard.gaps, r)
	r.queue = slices.DeleteFunc(r.queue, func(o *op) bool { return o != r.inFlight && (o.kind == opRebuild || o.replay) })
	for _, a := range answers {
		a.give("")
	}
	for _, w := range tagged {
		r.refuse(&w, chat.Refusal{Code: chat.Unavailable})
	}
}

// drop removes the room from this node.
func (r *room) drop() {
	if r.inFlight != nil || len(r.queue) > 0 || r.following || r.shard.byID[r.id] != r {
		return
	}
	if r.subscribing {
		r.subscribing, r.subscribed = false, false
		r.shard.rooms.topology.unsubscribe(r.keys.channel, r.id)
	}
	delete(r.shard.byID, r.id)
	delete(r.shard.waiting, r)
	delete(r.shard.gaps, r)
}

// end tells the members of this node that the room is gone and answers everything that waits.
func (r *room) end(why string, event chat.UserEvent) {
	c := r.shard.rooms.c
	was, mine := r.following, r.mine
	r.mine = nil
	if was {
		r.following = false
		c.feed.Event(r.id, event)
	}
	for client, value := range mine {
		if m, ok := memberOf(client, value); ok {
			c.bereave(m, r.id)
		}
	}
	code := chat.NotInRoom
	if why == tombDeleted {
		code = chat.RoomDeleted
	}
	for _, w := range r.tagged {
		r.refuse(&w, chat.Refusal{Code: code})
	}
	for _, e := range r.ahead {
		if e.Tag != 0 {
			c.feed.Refused(r.id, e.Tag, chat.Refusal{Code: code})
		}
	}
	r.tagged, r.ahead = nil, nil
	for _, o := range r.queue {
		if o.kind == opPublish {
			r.refuseAll(o, code)
		}
	}
	r.queue = slices.DeleteFunc(r.queue, func(o *op) bool { return o != r.inFlight && o.kind == opPublish })
	r.unfollow()
}

// lostText is lost for an answer that was read already.
func (r *room) lostText(f []string) {
	if len(f) > 1 && f[1] != "" {
		r.end(f[1], chat.UserEvent{Kind: chat.EventRoomDeleted, At: r.shard.now.UnixMilli()})
		return
	}
	r.resync()
}

// readLog reads the retained messages, oldest first, without those past their age. A log that ends
// before newest was read from another place than the script ran, while a slot moved.
func (r *room) readLog(res rueidis.RedisResult, newest uint64) ([]chat.Entry, error) {
	stream, err := res.AsXRange()
	if err != nil {
		return nil, err
	}
	c := r.shard.rooms.c
	oldest := c.lease.now() - c.config.RoomLog.Age.Milliseconds() // both by the clock of Redis
	entries := make([]chat.Entry, 0, len(stream))
	for _, x := range slices.Backward(stream) {
		e, _, ok := parseRecord(x.FieldValues["r"])
		if !ok {
			return nil, errReply
		}
		seq, _, _ := cut(x.ID, '-')
		e.Seq = number(seq)
		copy(e.Prev[:], x.FieldValues["p"])
		if int64(number(x.FieldValues["t"])) < oldest && len(entries) == 0 {
			continue
		}
		entries = append(entries, e)
	}
	if n := len(entries); n > 0 && entries[n-1].Seq < newest {
		return nil, errReply
	}
	return entries, nil
}

// split parts entries into those up to seq and those behind it.
func (r *room) split(entries []chat.Entry, seq uint64) (upTo, beyond []chat.Entry) {
	n := len(entries)
	for n > 0 && entries[n-1].Seq > seq {
		n--
	}
	return entries[:n:n], entries[n:]
}

func cut(s string, sep byte) (before, after string, found bool) {
	for i := range len(s) {
		if s[i] == sep {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func nonceHex(n chat.Nonce) string { return hex.EncodeToString(n[:]) }
