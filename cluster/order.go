package cluster

import (
	"slices"
	"time"

	"chatroom/internal/chat"
)

// hear takes an envelope from the channel. Own ones never come here.
func (r *room) hear(text string) {
	if !r.following {
		if o := r.inFlight; o != nil && (o.kind == opJoin || o.kind == opCreate) && len(r.early) < maxBuffered {
			r.early = append(r.early, text) // said between the script and its answer
		}
		return
	}
	epoch := text[17:envelopeHead]
	switch text[0] {
	case letterMessages:
		if entries, ok := parseMessages(text); ok {
			r.offer(epoch, entries)
		}
	case letterEvent:
		if e, ok := parseEvent(text); ok {
			r.offerEvent(epoch, e)
		}
	case letterTakeover:
		delete(r.mine, chat.ClientID(number(text[envelopeHead:])))
	case letterEpoch:
		if epoch != r.epoch {
			r.repair()
		}
	}
}

// offer takes entries that follow each other, from wherever they come: the channel, the reply to
// our own publish, a recover. What is next is delivered, what was delivered is dropped, what lies
// behind a gap waits for it to close.
func (r *room) offer(epoch string, entries []chat.Entry) {
	if epoch != r.epoch {
		r.keepTags(entries)
		r.repair()
		return
	}
	for len(entries) > 0 && entries[0].Seq <= r.info.Seq {
		e := &entries[0]
		if e.Seq == r.info.Seq && e.MessageID != r.info.Last {
			r.keepTags(entries)
			r.repair()
			return
		}
		r.answerPlaced(e)
		entries = entries[1:]
	}
	if len(entries) == 0 {
		return
	}
	if mutateNoRepair && entries[0].Seq > r.info.Seq+1 {
		r.info.Seq, r.info.Last = entries[0].Seq-1, entries[0].Prev
	}
	if entries[0].Seq != r.info.Seq+1 {
		r.keepAhead(entries)
		r.gap()
		return
	}
	if entries[0].Prev != r.info.Last {
		r.keepTags(entries)
		r.repair()
		return
	}
	r.deliver(entries)
	r.drain()
}

// keepAhead holds entries behind a gap back, up to a bound: what is dropped comes by recover.
func (r *room) keepAhead(entries []chat.Entry) {
	if r.ahead == nil {
		r.ahead = map[uint64]chat.Entry{}
	}
	for i := range entries {
		if len(r.ahead) >= maxBuffered {
			r.keepTags(entries[i:])
			return
		}
		r.ahead[entries[i].Seq] = entries[i]
	}
}

// keepTags remembers whom to answer when own entries come again.
func (r *room) keepTags(entries []chat.Entry) {
	for i := range entries {
		if e := &entries[i]; e.Tag != 0 {
			r.awaitEntry(waiting{
				Pending:  chat.Pending{Tag: e.Tag, MessageID: e.MessageID},
				deadline: r.shard.now.Add(requestDeadline),
			})
		}
	}
}

// drain delivers what was held back and is next now.
func (r *room) drain() {
	for len(r.ahead) > 0 && r.following {
		e, ok := r.ahead[r.info.Seq+1]
		if !ok {
			for seq, old := range r.ahead {
				if seq <= r.info.Seq {
					delete(r.ahead, seq)
					r.answerPlaced(&old)
				}
			}
			break
		}
		delete(r.ahead, e.Seq)
		if e.Prev != r.info.Last {
			r.keepTags([]chat.Entry{e})
			r.repair()
			return
		}
		r.deliver([]chat.Entry{e})
	}
	if !r.gapSince.IsZero() && !r.missing() {
		r.closeGap()
	}
}

// deliver gives the feed the next entries, and events and answers at their places among them.
func (r *room) deliver(entries []chat.Entry) {
	feed := r.shard.rooms.c.feed
	for len(entries) > 0 && r.following {
		n := len(entries)
		if len(r.events) > 0 && r.events[0].seq >= entries[0].Seq {
			n = min(n, int(r.events[0].seq-entries[0].Seq)+1)
		}
		part := entries[:n:n]
		entries = entries[n:]
		newest := &part[n-1]
		r.info.Seq, r.info.Last = newest.Seq, newest.MessageID
		feed.Messages(r.id, r.info.Epoch, part)
		r.settle()
	}
}

// settle gives what was waiting for the position that is reached now.
func (r *room) settle() {
	for len(r.events) > 0 && r.events[0].seq <= r.info.Seq && r.following {
		e := r.events[0]
		r.events = r.events[1:]
		r.tell(e)
	}
	if len(r.answers) == 0 {
		return
	}
	var give []answer
	r.answers = slices.DeleteFunc(r.answers, func(a answer) bool {
		if a.seq > r.info.Seq {
			return false
		}
		give = append(give, a)
		return true
	})
	for _, a := range give {
		a.give("")
	}
}

// offerEvent takes a user event: told at once, or when the messages before it are there.
func (r *room) offerEvent(epoch string, e roomEvent) {
	if !r.following {
		return
	}
	if epoch != r.epoch {
		if e.Kind == chat.EventRoomDeleted {
			r.tell(e)
			return
		}
		r.repair()
		return
	}
	if e.seq <= r.info.Seq || mutateNoRepair {
		r.tell(e)
		return
	}
	if len(r.events) >= maxBuffered {
		r.events = r.events[1:] // events are not recovered; the newest counts are the true ones
	}
	at, _ := slices.BinarySearchFunc(r.events, e, func(a, b roomEvent) int {
		if a.seq != b.seq {
			return int(int64(a.seq - b.seq))
		}
		return int(int64(a.version - b.version))
	})
	r.events = slices.Insert(r.events, at, e)
	r.gap()
}

// tell gives the feed an event. The version orders events that came by different ways: an older one
// must not bring an older count back.
func (r *room) tell(e roomEvent) {
	if e.version > r.version {
		r.version, r.info.Members = e.version, e.Members
	} else if e.Kind != chat.EventRoomDeleted {
		e.Members = r.info.Members
	}
	if e.Kind == chat.EventLeft || e.Kind == chat.EventRemoved {
		delete(r.mine, e.Client)
	}
	if e.Kind == chat.EventRoomDeleted {
		r.end(tombDeleted, e.UserEvent)
		return
	}
	r.shard.rooms.c.feed.Event(r.id, e.UserEvent)
}

// when gives an answer once the feed has everything up to seq.
func (r *room) when(seq uint64, give func(chat.Code)) {
	if seq <= r.info.Seq {
		give("")
		return
	}
	r.answers = append(r.answers, answer{seq: seq, deadline: r.shard.now.Add(answerDeadline), give: give})
	r.gap()
}

// gap notes that something is missing; it may still be on its way.
func (r *room) gap() {
	if r.gapSince.IsZero() {
		r.gapSince = r.shard.now
	}
	r.shard.gaps[r] = struct{}{}
}

// missing says whether something waits for messages that are not here.
func (r *room) missing() bool {
	return r.following && (len(r.ahead) > 0 || len(r.events) > 0 || len(r.answers) > 0 || len(r.tagged) > 0)
}

// closeGap notes that what was missing has come; a newer gap begins its own patience.
func (r *room) closeGap() {
	r.gapSince = time.Time{}
	if r.missing() {
		r.gap()
	} else if !r.repairing {
		delete(r.shard.gaps, r)
	}
}
