package cluster

import (
	"slices"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// anyEpoch is the place of an answer that waits for the end of the epoch.
const anyEpoch = ^uint64(0)

// Why a room died, as its tombstone says.
const (
	tombDeleted = "deleted"
	tombEmpty   = "empty"
)

// mend looks after a room in which something is missing.
func (r *room) mend() {
	now := r.shard.now
	for id, w := range r.tagged {
		if !now.Before(w.deadline) {
			delete(r.tagged, id)
			r.refuse(&w, chat.Refusal{Code: chat.Unavailable})
		}
	}
	var late []answer
	r.answers = slices.DeleteFunc(r.answers, func(a answer) bool {
		if now.Before(a.deadline) {
			return false
		}
		late = append(late, a)
		return true
	})
	for _, a := range late {
		a.give(chat.Unavailable)
	}
	switch {
	case !r.following || !r.missing() && r.repairAt.IsZero():
		r.closeGap()
	case now.Sub(r.gapSince) >= gapPatience:
		r.repair()
	}
}

// repair asks Redis for what follows the room's position. One at a time.
func (r *room) repair() {
	if r.repairing || r.resyncing || !r.following {
		return
	}
	r.gap()
	if r.shard.now.Before(r.repairAt) {
		return
	}
	c := r.shard.rooms.c
	c.rooms.counts.gaps.Add(1)
	r.repairing = true
	position := r.info
	r.submit(&job{
		call: call{script: scriptRecover, keys: []string{r.keys.meta, r.keys.log, r.keys.tomb, r.keys.channel},
			args: []string{c.rooms.origin, r.epoch, decimal(position.Seq), string(position.Last[:]), decimal(recoverLimit), hex16(uint64(newEpoch()))}},
		done: func(res, _ rueidis.RedisResult) {
			r.repairing = false
			r.recovered(position, res)
		},
	})
}

// recovered takes the answer to a repair that was asked from position.
func (r *room) recovered(position chat.RoomInfo, res rueidis.RedisResult) {
	reply, err := res.ToArray()
	if err != nil || len(reply) == 0 {
		r.repairAt = r.shard.now.Add(200 * time.Millisecond)
		r.gap()
		r.shard.rooms.complain(err)
		return
	}
	r.repairAt = time.Time{}
	if !r.following || position.Epoch != r.info.Epoch {
		return
	}
	counts := &r.shard.rooms.counts
	switch status, _ := reply[0].ToString(); status {
	case "OK":
		entries := r.recoveredEntries(position, reply[3:])
		if len(entries) > 0 {
			counts.repairs.Add(1)
			r.offer(r.epoch, entries)
		}
		r.drain()
		for i := range r.answers {
			if r.answers[i].seq == anyEpoch {
				r.answers[i].seq = r.info.Seq // it was our epoch that is the newer one
			}
		}
		r.settle()
		if newest, _ := reply[1].AsUint64(); r.following && newest > r.info.Seq {
			r.repair()
			return
		}
		r.closeGap()
		r.pump()
	case "NOROOM":
		r.lost(reply)
	default: // EPOCH, FORK, TRIMMED
		r.resync()
	}
}

// recoveredEntries reads the records behind position and marks those that somebody of this node
// waits for.
func (r *room) recoveredEntries(position chat.RoomInfo, records []rueidis.RedisMessage) []chat.Entry {
	entries := make([]chat.Entry, 0, len(records))
	seq, prev := position.Seq, position.Last
	for i := range records {
		text, err := records[i].ToString()
		if err != nil {
			break
		}
		e, _, ok := parseRecord(text)
		if !ok {
			break
		}
		seq++
		e.Seq, e.Prev = seq, prev
		prev = e.MessageID
		if seq > r.info.Seq {
			e.Tag = r.claim(e.MessageID)
		}
		entries = append(entries, e)
	}
	return entries
}

// claim returns the tag of whoever waits for this message; it is answered by the entry then. With
// AckReplica the log alone is no reason for an ACK: those wait on.
func (r *room) claim(id chat.MessageID) chat.Tag {
	if w, ok := r.tagged[id]; ok {
		delete(r.tagged, id)
		return w.Tag
	}
	if r.shard.rooms.replicas != nil || !r.shard.rooms.c.mayAcknowledge() {
		return 0
	}
	for _, o := range r.queue {
		if o.kind != opPublish || o.attempts == 0 && o != r.inFlight {
			continue
		}
		for i := range o.messages {
			if w := &o.messages[i]; !w.answered && w.MessageID == id {
				w.answered = true
				r.remember(w)
				return w.Tag
			}
		}
	}
	return 0
}

// awaitEntry keeps a message of which we know that it has its place; its entry comes by recover.
func (r *room) awaitEntry(w waiting) {
	if r.tagged == nil {
		r.tagged = map[chat.MessageID]waiting{}
	}
	r.tagged[w.MessageID] = w
	r.gap()
}

// answerPlaced answers the sender of an own entry that was delivered before without a tag.
func (r *room) answerPlaced(e *chat.Entry) {
	if e.Tag != 0 {
		r.shard.rooms.c.feed.Refused(r.id, e.Tag, chat.Refusal{Epoch: r.info.Epoch, Seq: e.Seq, MessageID: e.MessageID, At: e.At})
	}
}

// lost is called when Redis does not know the room: it died, or Redis lost it.
func (r *room) lost(reply []rueidis.RedisMessage) {
	why := ""
	if len(reply) > 1 {
		why, _ = reply[1].ToString()
	}
	if why == "" {
		r.resync()
		return
	}
	r.end(why, chat.UserEvent{Kind: chat.EventRoomDeleted, At: r.shard.now.UnixMilli()})
}

// resync begins anew: continuity can't be proven, or Redis does not have the room at all.
func (r *room) resync() {
	if r.resyncing || !r.following {
		return
	}
	r.shard.rooms.counts.resyncs.Add(1)
	r.rebuild(true)
}

// check compares the room's position with that of Redis: it finds a lost last message, a fork, a
// lost membership.
func (r *room) check() {
	now := r.shard.now
	r.nextCheck = now.Add(jitter(r.shard.rooms.every))
	if now.After(r.nextTouch) {
		r.nextTouch = now.Add(jitter(touchInterval))
		k := &r.keys
		r.submit(&job{
			call: call{script: scriptTouch, keys: []string{k.meta, k.members, k.log, k.ids, k.idq, k.past, k.rooms}, args: []string{decimal(uint64(roomTTL / time.Second))}},
			done: func(rueidis.RedisResult, rueidis.RedisResult) {},
		})
	}
	r.forgetSent()
	r.endOverdue()
	sent, version := r.info, r.version
	r.submit(&job{
		plain: []string{"HMGET", r.keys.meta, "e", "s", "l", "v"},
		done: func(_, res rueidis.RedisResult) {
			v, err := res.ToArray()
			if err != nil || len(v) != 4 || !r.following || r.resyncing || r.info.Epoch != sent.Epoch {
				return
			}
			r.compare(sent, version, v)
		},
	})
}

// endOverdue runs the leave of kept places whose time is long over. Somebody else was to do it, but
// what knew of it may have been lost with a Redis.
func (r *room) endOverdue() {
	late := r.shard.rooms.c.lease.now() - checkInterval.Milliseconds() // the clock of Redis, as in the values
	for client, value := range r.mine {
		until := int64(number(value[valueUntil:valueName]))
		if until == 0 || until > late || r.awaits(client) {
			continue
		}
		if m, ok := memberOf(client, value); ok {
			r.shard.rooms.depart(r.id, departure{client: client, nonce: m.Nonce, onlyDue: true}, nil)
		}
	}
}

func (r *room) compare(sent chat.RoomInfo, version uint64, v []rueidis.RedisMessage) {
	epoch, _ := v[0].ToString()
	seq, _ := v[1].AsUint64()
	last, _ := v[2].ToString()
	known, _ := v[3].AsUint64()
	switch {
	case epoch != r.epoch, seq < sent.Seq, seq == sent.Seq && last != string(sent.Last[:]):
		r.repair()
	case seq > r.info.Seq:
		r.when(seq, func(chat.Code) {}) // most likely on its way
	case known < version:
		r.rebuild(false)
	}
}

// submit takes a job of this room to Redis.
func (r *room) submit(j *job) { r.shard.rooms.submit(r, j) }
