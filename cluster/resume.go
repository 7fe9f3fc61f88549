package cluster

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// maxTries is how many former tries a resumption knows of: each took a client answerDeadline.
const maxTries = 16

// resumption is one RESUME on its way.
type resumption struct {
	// Immutable after open.
	tag    chat.Tag
	ip     string
	at     time.Time
	member chat.Member // the name comes with the answer
	tries  []string    // incarnations of former ones whose outcome nobody learnt

	// Guarded by the writer's mu.
	answered bool // UNAVAILABLE: whatever Redis did with it must be undone
	dropped  bool // finished, or a later one of the same client takes its place
}

// resume queues r. A former try whose outcome nobody waits for any more makes way.
func (w *writer) resume(r *resumption) {
	w.mu.Lock()
	if former := w.latest[r.member.Client]; former != nil && former.answered {
		former.dropped = true
		tries := former.tries[max(0, len(former.tries)-maxTries+1):]
		r.tries = append(slices.Clip(tries), formatID(former.member.Incarnation))
	}
	w.latest[r.member.Client] = r
	w.resumes = append(w.resumes, r)
	w.mu.Unlock()
	wake(w.wakes)
}

// expire answers resumptions that Redis kept waiting for too long. They stay queued, unless a later one
// has made them superfluous: the session may be this node's by now, and then its place has to be given
// back.
func (w *writer) expire(now time.Time) {
	var late []*resumption
	w.mu.Lock()
	w.resumes = slices.DeleteFunc(w.resumes, func(r *resumption) bool { return r.dropped })
	for _, r := range w.resumes {
		if now.Sub(r.at) <= answerDeadline {
			break
		}
		if !r.answered {
			r.answered = true
			late = append(late, r)
		}
	}
	w.mu.Unlock()
	for _, r := range late {
		w.s.l.c.feed.Resumed(r.tag, chat.Resumption{Code: chat.Unavailable})
	}
}

// takeOver takes over a batch of sessions in one round trip.
func (w *writer) takeOver() (n int, err error) {
	l := w.s.l
	batch, waiting := w.ripe()
	if len(batch) == 0 {
		return waiting, nil
	}
	node := l.lease.node()
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	ttl := strconv.FormatInt(sessionTTL.Milliseconds(), 10)
	calls := make([]call, len(batch))
	for i, r := range batch {
		calls[i] = call{script: scriptResume, keys: w.s.recordKeys(r.member.Client), args: append([]string{
			string(r.member.Nonce[:]), formatID(r.member.Incarnation), ttl, formatID(r.member.Client), node, r.ip, l.c.config.ServerID, now,
		}, r.tries...)}
	}
	answers := make([]chat.Resumption, len(batch))
	finished := make([]bool, len(batch))
	for i, res := range l.c.store.runMulti(l.ctx, calls) {
		word, rest, callErr := texts(res)
		if callErr != nil {
			err = callErr
			continue
		}
		answers[i], callErr = w.s.adopt(batch[i], node, word, rest)
		if callErr != nil {
			err = callErr
			continue
		}
		finished[i] = true
	}
	for i, r := range batch {
		if finished[i] {
			w.finish(r, answers[i])
		}
	}
	return len(batch), err
}

// ripe are the resumptions of the next round trip. waiting counts those that are still behind a
// write of this node.
func (w *writer) ripe() (batch []*resumption, waiting int) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.resumes = slices.DeleteFunc(w.resumes, func(r *resumption) bool { return r.dropped })
	for _, r := range w.resumes {
		if w.s.unsettledLocked(r.member.Client) {
			waiting++
		} else if batch = append(batch, r); len(batch) == writeBatch {
			break
		}
	}
	return batch, waiting
}

// finish answers r, or detaches what it took over when nobody waits any more.
func (w *writer) finish(r *resumption, answer chat.Resumption) {
	w.mu.Lock()
	r.dropped = true
	if w.latest[r.member.Client] == r {
		delete(w.latest, r.member.Client)
	}
	late := r.answered
	r.answered = true
	w.mu.Unlock()
	if !late {
		w.s.l.c.feed.Resumed(r.tag, answer)
	} else if answer.Code == "" {
		w.s.detach(answer.Member, 0)
	}
}

// adopt makes an answered take-over a session of this node. The former connection is told: here, or
// through the control log.
func (s *sessions) adopt(r *resumption, node, word string, rest []rueidis.RedisMessage) (chat.Resumption, error) {
	if word != "OK" {
		return s.refuse(r, word)
	}
	former := parseID[chat.Incarnation](text(rest[0]))
	formerNode, detached := text(rest[1]), text(rest[2]) != ""
	m := r.member
	m.Name = text(rest[3])
	n := &session{
		member: m, ip: r.ip, grant: text(rest[5]), issuedAt: integer(rest[6]), connectedAt: r.at.UnixMilli(), lastSeen: r.at.UnixMilli(),
		messages: integer(rest[8]), tried: true, written: true,
		stays: staysOf(text(rest[4]), text(rest[7])), lost: parseLost(text(rest[4])), writer: s.writerOf(m.Client),
	}
	room, leave, err := s.place(n)
	if err != nil {
		return chat.Resumption{}, err
	}
	s.mu.Lock()
	old := s.byID[m.Client]
	var unanswered []*waiter
	if old != nil {
		s.gone[old.member.Incarnation] = time.Now()
		unanswered = takeWaitersLocked(old)
	}
	s.byID[m.Client] = n
	if n.departed() != "" {
		s.queueLocked(n) // the record says so under the former incarnation: the next one would not believe it
	}
	if s.closed {
		s.detachLocked(n)
	}
	s.mu.Unlock()
	answerAll(unanswered, false)
	for _, other := range leave {
		s.l.c.depart(other, departure{client: m.Client, nonce: m.Nonce}, func() { s.left(m, other) })
	}
	switch {
	case detached:
	case formerNode == node:
		s.l.c.feed.Disconnect(m.Client, former, chat.CauseResumedElsewhere)
	default:
		s.l.control.send(command{node: formerNode, verb: verbKick, client: m.Client, incarnation: former, cause: chat.CauseResumedElsewhere})
	}
	return chat.Resumption{Member: m, Room: room, Messages: n.messages}, nil
}

// refuse says why a session is not taken over: the record of a banned one may have gone already.
func (s *sessions) refuse(r *resumption, word string) (chat.Resumption, error) {
	banned := word == "BANNED" || s.l.bans.session(r.member.Nonce)
	if !banned {
		var err error
		if banned, err = s.l.bans.lookUp(s.l.ctx, r.member.Nonce); err != nil {
			return chat.Resumption{}, err
		}
	}
	if banned {
		return chat.Resumption{Code: chat.Banned, BanCode: chat.BanCode}, nil
	}
	return chat.Resumption{Code: chat.SessionInvalid}, nil
}

// place is the room of n, or the one that was deleted around it. A session that was lost while it moved
// is where the move had come to, and has to leave the others. A room that it is not in stays on its
// record for strayMemory: a join of the lost connection may still be under way, and the end of the
// session undoes it.
func (s *sessions) place(n *session) (at chat.RoomID, leave []chat.RoomID, err error) {
	if len(n.stays) == 0 {
		return n.lost, nil, nil
	}
	if len(n.stays) == 1 && !n.stays[0].over {
		return n.stays[0].room, nil, nil
	}
	store := s.l.c.store
	cmds := make(rueidis.Commands, len(n.stays))
	for i, x := range n.stays {
		cmds[i] = store.client.B().Hexists().Key(store.keys.room(x.room).members).Field(formatID(n.member.Client)).Build()
	}
	newest := -1
	for i, res := range store.doMulti(s.l.ctx, cmds...) {
		there, err := res.AsInt64()
		if err != nil {
			return 0, nil, err
		}
		x := &n.stays[i]
		switch {
		case there == 0 && i == len(n.stays)-1 && newest < 0 && !x.over:
			newest = i // gone with its members, or never entered: the join says so
		case there == 0:
			x.over, x.stray = true, true
		case x.over:
			leave = append(leave, x.room)
		default:
			if newest >= 0 {
				n.stays[newest].over = true
				leave = append(leave, n.stays[newest].room)
			}
			newest = i
		}
	}
	if newest >= 0 {
		at = n.stays[newest].room
	}
	return at, leave, nil
}

// flush waits until everything that has changed stands in Redis.
func (s *sessions) flush(ctx context.Context) bool {
	for {
		s.mu.Lock()
		left := len(s.byID) + len(s.ending)
		s.mu.Unlock()
		if left+s.l.clientIDs.returning() == 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// close refuses new sessions and lets go of those that are here.
func (s *sessions) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, n := range s.byID {
		if n.stage == stageLive {
			if s.l.c.config.ResumeWindow <= 0 {
				s.endLocked(n)
			} else {
				s.detachLocked(n)
			}
		}
	}
}
