package cluster

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// gather adds messages to the batch that waits, or begins one.
func (r *room) gather(messages []waiting) {
	for i := range messages {
		w := messages[i]
		var o *op
		if n := len(r.queue); n > 0 {
			o = r.queue[n-1]
		}
		if o == nil || o.kind != opPublish || o.replay || o == r.inFlight || o.attempts > 0 ||
			len(o.messages) >= maxBatch || o.bytes+len(w.Body) > maxBatchBytes {
			o = &op{kind: opPublish, messages: make([]waiting, 0, min(len(messages)-i, maxBatch))}
			r.queue = append(r.queue, o)
		}
		o.messages = append(o.messages, w)
		o.bytes += len(w.Body)
	}
	r.shard.waiting[r] = struct{}{}
	r.pump()
}

// sendPublish takes a batch to Redis.
func (r *room) sendPublish(o *op) {
	rs, k := r.shard.rooms, &r.keys
	limits := &rs.c.config.RoomLog
	args := make([]string, 0, 10+4*len(o.messages))
	known, fence := strconv.FormatUint(r.info.Seq, 10), "1"
	if !r.following {
		known = "-1"
	}
	if o.replay || mutateNoFencing {
		fence = "0"
	}
	args = append(args, rs.origin, r.epoch, known, string(r.info.Last[:]), fence,
		strconv.Itoa(limits.Messages), strconv.FormatInt(limits.Bytes, 10), strconv.FormatInt(limits.Age.Milliseconds(), 10),
		strconv.FormatInt(dedupeWindow.Milliseconds(), 10), decimal(uint64(roomTTL/time.Second)))
	for i := range o.messages {
		w := &o.messages[i]
		field := string(w.Nonce[:]) + ":" + w.ID
		if mutateNoDedupe {
			field += hex16(uint64(newEpoch()))
		}
		args = append(args, decimal(uint64(w.Client)), hex16(uint64(w.Incarnation)), field, record(&w.Pending))
	}
	j := &job{
		call: call{script: scriptPublish, args: args,
			keys: []string{k.meta, k.log, k.ids, k.idq, k.members, k.tomb, k.channel}},
		wait: true,
	}
	j.done = func(res, _ rueidis.RedisResult) {
		if j.err != nil {
			r.failed(o, j.err)
			return
		}
		r.published(o, res)
	}
	r.submit(j)
}

// published takes the reply to a batch.
func (r *room) published(o *op, res rueidis.RedisResult) {
	reply, err := res.ToArray()
	if err != nil || len(reply) == 0 {
		r.failed(o, err)
		return
	}
	switch status, _ := reply[0].ToString(); status {
	case "OK":
		if len(reply) != 3+len(o.messages) {
			r.failed(o, errReply)
			return
		}
		r.finished(o)
		r.shard.rooms.counts.batches.add(int64(len(o.messages)))
		r.place(o, reply)
	case "NOROOM":
		r.inFlight = nil
		r.publishedNowhere(o, reply)
	default: // EPOCH, FORK: the batch waits at the head until the room is whole again
		r.inFlight = nil
		o.attempts++
		r.retryAt = r.shard.now.Add(tickWaiting)
		if !r.following {
			r.pop(o)
			break
		}
		r.repair()
	}
	r.pump()
}

// publishedNowhere is the answer to a batch for a room that Redis does not know.
func (r *room) publishedNowhere(o *op, reply []rueidis.RedisMessage) {
	o.attempts++
	r.retryAt = r.shard.now.Add(tickWaiting)
	if r.following {
		r.lost(reply)
		return
	}
	r.pop(o)
	r.refuseAll(o, chat.NotInRoom)
}

// place gives each message of a batch its answer.
func (r *room) place(o *op, reply []rueidis.RedisMessage) {
	seq, _ := reply[1].AsUint64()
	text, _ := reply[2].ToString()
	var prev chat.MessageID
	copy(prev[:], text)
	acknowledge := r.shard.rooms.c.mayAcknowledge()
	entries := make([]chat.Entry, 0, len(o.messages))
	for i := range o.messages {
		w, result := &o.messages[i], &reply[3+i]
		if result.IsString() {
			place, _ := result.ToString()
			r.placedBefore(o, w, place, acknowledge)
			continue
		}
		if code, _ := result.AsInt64(); code < 0 {
			if !w.answered {
				r.refuse(w, chat.Refusal{Code: chat.NotInRoom})
			}
			continue
		}
		e := chat.Entry{Seq: seq, MessageID: w.MessageID, Prev: prev, At: w.At, Body: w.Body}
		if !w.answered {
			w.answered = true
			if acknowledge {
				e.Tag = w.Tag
				r.remember(w)
			} else {
				r.refuse(w, chat.Refusal{Code: chat.Unavailable})
			}
		}
		entries = append(entries, e)
		seq, prev = seq+1, w.MessageID
	}
	if len(entries) > 0 && r.following {
		r.offer(r.epoch, entries)
	}
}

// placedBefore answers a message whose id has a place already: by the client's own repetition, or
// by our own earlier try whose outcome we did not learn.
func (r *room) placedBefore(o *op, w *waiting, place string, acknowledge bool) {
	seqText, rest, ok := strings.Cut(place, ":")
	if !ok || len(rest) != 24 || w.answered {
		return
	}
	refusal := chat.Refusal{Epoch: r.info.Epoch, Seq: number(seqText), At: int64(binary.BigEndian.Uint64(frozen(rest[:8])))}
	copy(refusal.MessageID[:], rest[8:])
	own := refusal.MessageID == w.MessageID
	if !acknowledge {
		refusal = chat.Refusal{Code: chat.Unavailable}
	}
	if own && acknowledge {
		r.remember(w)
		if refusal.Seq > r.info.Seq && r.following {
			// The channel drops our own envelopes unread: the entry comes by recover, with its tag.
			if w.Tag != 0 {
				r.awaitEntry(*w)
			}
			r.repair()
			return
		}
	}
	if !own && !o.replay {
		r.shard.rooms.counts.dedupes.Add(1)
	}
	r.refuse(w, refusal)
}

// remember keeps an acknowledged message for replayWindow.
func (r *room) remember(w *waiting) {
	r.forgetSent()
	p := w.Pending
	p.Tag = 0
	r.own = append(r.own, sent{Pending: p, at: r.shard.now})
}

// forgetSent drops what is older than replayWindow.
func (r *room) forgetSent() {
	n := 0
	for n < len(r.own) && r.shard.now.Sub(r.own[n].at) > replayWindow {
		n++
	}
	clear(r.own[:n])
	r.own = r.own[n:] // append moves what is left once in a while
}

// replayIdle offers own acknowledged messages again in a room that this node has left since: nobody
// else would.
func (r *room) replayIdle() {
	r.forgetSent()
	if len(r.own) == 0 || len(r.queue) > 0 {
		return
	}
	r.submit(&job{
		plain: []string{"HMGET", r.keys.meta, "e"},
		done: func(_, res rueidis.RedisResult) {
			v, err := res.ToArray()
			if err != nil || len(v) != 1 || v[0].IsNil() || r.following || r.shard.byID[r.id] != r {
				return // it died, or those who are in it bring it back and its members with it
			}
			r.epoch, _ = v[0].ToString()
			r.replay()
			r.pump()
		},
	})
}

// replay offers own acknowledged messages again, before anything new. Those that survived answer
// with their place.
func (r *room) replay() {
	r.forgetSent()
	for end := len(r.own); end > 0; {
		begin := max(0, end-maxBatch)
		o := &op{kind: opPublish, replay: true}
		for _, s := range r.own[begin:end] {
			o.messages = append(o.messages, waiting{Pending: s.Pending})
		}
		r.pushFront(o)
		end = begin
	}
	r.own = nil
}
