package cluster

import (
	"slices"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// findings is what a round of writes leaves to do.
type findings struct {
	detached []*session
	until    []int64    // Redis ms, of detached
	claims   []*session // their ids are claimed
	absent   map[*session]bool
}

// settle takes in the answer to one write.
func (s *sessions) settle(w write, word string, rest []rueidis.RedisMessage, found *findings) {
	switch w.stage {
	case stageEnding:
		s.settleClose(w, word, rest)
	case stageDropping:
		s.finish(w.session)
	default:
		s.settleWrite(w, word, rest, found)
	}
}

func (s *sessions) settleWrite(w write, word string, rest []rueidis.RedisMessage, found *findings) {
	n := w.session
	cause := chat.Cause(0)
	s.mu.Lock()
	ok := false
	switch word {
	case "OK":
		n.written, n.rewrite = true, false
		ok = n.stage == stageLive
		if w.touch {
			found.claims = append(found.claims, n)
		}
		if w.stage == stageDetached {
			found.detached = append(found.detached, n)
			found.until = append(found.until, integer(rest[0]))
		}
	case "ABSENT":
		if found.absent == nil {
			found.absent = make(map[*session]bool)
		}
		found.absent[n] = true
		found.claims = append(found.claims, n)
		n.waiting = append(w.waiters, n.waiting...)
		w.waiters = nil
	case "FENCED":
		cause = chat.CauseResumedElsewhere
		s.loseLocked(n)
	case "ORPHAN": // its place is kept, and not by this node
		cause = chat.CauseLeaseLost
		s.gone[n.member.Incarnation] = time.Now()
		s.removeLocked(n)
	default: // CLOSING: whoever removes it tells the connection.
		s.loseLocked(n)
	}
	waiters := openWaitersLocked(w.waiters)
	if n.stage != stageLive || cause != 0 {
		waiters = append(waiters, takeWaitersLocked(n)...)
	}
	s.mu.Unlock()
	if cause != 0 {
		s.l.c.feed.Disconnect(n.member.Client, n.member.Incarnation, cause)
	}
	answerAll(waiters, ok)
}

// settleClose goes on with the rooms of a session that has ended.
func (s *sessions) settleClose(w write, word string, rest []rueidis.RedisMessage) {
	n := w.session
	why := chat.DepartureLeft
	s.mu.Lock()
	waiters := append(takeWaitersLocked(n), openWaitersLocked(w.waiters)...)
	if _, ok := s.ending[n]; ok {
		s.closedLocked(n)
	}
	switch word {
	case "FENCED":
		delete(s.ending, n)
		s.mu.Unlock()
		answerAll(waiters, false)
		return
	case "OK":
		for _, r := range parseRooms(text(rest[3])) {
			n.stayIn(r)
		}
		if x := text(rest[7]); x == "r" || x == "b" {
			why = chat.DepartureRemoved
		}
	}
	rooms := n.places()
	n.stage, n.leaves = stageLeaving, len(rooms)+1
	s.mu.Unlock()
	answerAll(waiters, false)
	for _, room := range rooms {
		s.l.c.depart(room, departure{client: n.member.Client, nonce: n.member.Nonce, why: why}, func() { s.departed(n) })
	}
	s.departed(n)
}

// departed counts the leaves of an ended session; after the last one its record goes.
func (s *sessions) departed(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.leaves--; n.leaves > 0 || n.stage != stageLeaving {
		return
	}
	if _, ok := s.ending[n]; ok {
		n.stage = stageDropping
		s.queueLocked(n)
	}
}

// finish gives the id of an ended session back.
func (s *sessions) finish(n *session) {
	s.mu.Lock()
	_, ok := s.ending[n]
	delete(s.ending, n)
	s.mu.Unlock()
	if ok {
		s.l.clientIDs.free(granted{id: uint64(n.member.Client), grant: n.grant})
	}
}

// conclude enters detached sessions where every node looks for those that are due, and claims ids.
func (s *sessions) conclude(found *findings) {
	if len(found.detached) > 0 {
		s.leaveBehind(found.detached, found.until)
	}
	if len(found.claims) == 0 {
		return
	}
	s.mu.Lock()
	// Not of those that have ended meanwhile: their ids go back, or are for the reaper.
	found.claims = slices.DeleteFunc(found.claims, func(n *session) bool { return s.byID[n.member.Client] != n })
	s.mu.Unlock()
	ids := make([]granted, len(found.claims))
	for i, n := range found.claims {
		ids[i] = granted{id: uint64(n.member.Client), grant: n.grant}
	}
	lost, err := s.l.clientIDs.claim(s.l.ctx, ids)
	for _, n := range found.claims {
		switch {
		case err != nil:
			s.mu.Lock()
			n.touch = true
			if s.byID[n.member.Client] == n {
				s.queueLocked(n)
			}
			s.mu.Unlock()
		case lost[uint64(n.member.Client)]:
			s.lose(n.member.Client, n.member.Incarnation, chat.CauseLeaseLost)
		case found.absent[n]:
			s.mu.Lock()
			n.rewrite = true
			if s.byID[n.member.Client] == n {
				s.queueLocked(n)
			}
			s.mu.Unlock()
		}
	}
}

// detMember names a detached session in the list of all of them: with the grant its id can be freed
// even when the record has gone.
func detMember(id chat.ClientID, grant string) string { return formatID(id) + ":" + grant }

// leaveBehind hands sessions over to the sweeps of all nodes.
func (s *sessions) leaveBehind(detached []*session, until []int64) {
	store := s.l.c.store
	zadd := store.client.B().Zadd().Key(store.keys.tagged("nodes", "det")).ScoreMember()
	for i, n := range detached {
		zadd = zadd.ScoreMember(float64(until[i]), detMember(n.member.Client, n.grant))
	}
	err := store.do(s.l.ctx, zadd.Build()).Error()
	window := s.l.c.config.ResumeWindow.Milliseconds()
	for _, n := range detached {
		s.mu.Lock()
		here := s.byID[n.member.Client] == n && n.stage == stageDetached
		if here && err != nil {
			s.queueLocked(n)
		} else if here {
			s.removeLocked(n)
		}
		rooms := n.places()
		s.mu.Unlock()
		if !here || err != nil {
			continue
		}
		for _, room := range rooms {
			s.l.c.hold(room, n.member.Client, n.member.Nonce, n.member.Incarnation, window)
		}
	}
}

// rewrite makes every record be written again, even where Redis does not have it.
func (s *sessions) rewrite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.byID {
		n.rewrite = true
		s.queueLocked(n)
	}
}

// grants are the ids of all sessions of this node.
func (s *sessions) grants() []granted {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]granted, 0, len(s.byID))
	for id, n := range s.byID {
		ids = append(ids, granted{id: uint64(id), grant: n.grant})
	}
	return ids
}

// count is how many sessions connections of this node carry.
func (s *sessions) count() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.byID))
}
