package cluster

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strconv"
	"sync"
	"time"

	"chatroom/internal/chat"
)

// stage is where a session stands on this node.
type stage uint8

const (
	stageLive     stage = iota // a connection of this node carries it
	stageDetached              // its record is about to say so; then it belongs to nobody
	stageEnding                // its record is about to be closed
	stageLeaving               // waits for the leaves of its rooms
	stageDropping              // its record is about to go, then its id
)

// session is what this node knows of a session that it carries. Its record in Redis is always a
// copy of this, written whole: so a queue of changes is never longer than the list of sessions,
// however long Redis is away.
type session struct {
	// Immutable after open.
	member      chat.Member // but for the name, guarded by sessions.mu
	ip          string
	grant       string
	issuedAt    int64 // Unix ms, part of the token
	connectedAt int64
	writer      *writer

	// Guarded by sessions.mu.
	stage    stage
	queued   bool
	tried    bool        // a write was sent: there may be a record
	written  bool        // the record was seen to stand
	rewrite  bool        // write it even if it is gone
	touch    bool        // the next write claims the id as well
	stays    []stay      // in the order of entering; a room that it comes back to stands here twice
	lost     chat.RoomID // the one it was in, deleted; 0 = none, or it has gone into another since
	waiting  []*waiter
	leaves   int
	lastSeen int64 // Unix ms
	messages int64
}

// stay is a room in which the session is, or is about to be, or which it is about to leave.
type stay struct {
	room  chat.RoomID
	over  bool // the client was told that it has left; Redis has yet to hear of it
	stray bool // over, and no left follows: of a former connection, see place
}

// waiter is one call of enter.
type waiter struct {
	session *session
	room    chat.RoomID
	entered bool // the call added a stay
	then    func(bool)
	at      time.Time
	done    bool // guarded by sessions.mu
}

// sessions are those that this node carries.
type sessions struct {
	// Immutable after open.
	l       *life
	writers []*writer

	// Guarded by mu.
	mu      sync.Mutex
	byID    map[chat.ClientID]*session
	ending  map[*session]struct{}          // not in byID any more, but not finished
	closing map[chat.ClientID]int          // of ending, those whose record is not closed yet
	gone    map[chat.Incarnation]time.Time // lost to others while a connection may still be there
	waiters []*waiter                      // oldest first
	closed  bool
}

// writerCount is how many goroutines write records; a session belongs to one of them.
const writerCount = 4

func newSessions(l *life) *sessions {
	s := &sessions{
		l: l, byID: make(map[chat.ClientID]*session), ending: make(map[*session]struct{}),
		gone: make(map[chat.Incarnation]time.Time), closing: make(map[chat.ClientID]int),
	}
	for range writerCount {
		s.writers = append(s.writers, newWriter(s))
	}
	return s
}

func (s *sessions) writerOf(id chat.ClientID) *writer { return s.writers[id%writerCount] }

// newIncarnation draws one; zero means "any" and is never drawn.
func newIncarnation() chat.Incarnation {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails (crypto/rand)
		if i := chat.Incarnation(binary.BigEndian.Uint64(b[:])); i != 0 {
			return i
		}
	}
}

func (s *sessions) open(ip string) (chat.Member, bool) {
	g, ok := s.l.clientIDs.next()
	if !ok {
		return chat.Member{}, false
	}
	now := time.Now().UnixMilli()
	m := chat.Member{Client: chat.ClientID(g.id), Incarnation: newIncarnation(), Name: "User " + strconv.FormatUint(g.id, 10)}
	_, _ = rand.Read(m.Nonce[:]) // never fails (crypto/rand)
	n := &session{member: m, ip: ip, grant: g.grant, issuedAt: now, connectedAt: now, lastSeen: now, writer: s.writerOf(m.Client)}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.l.clientIDs.back(g)
		return chat.Member{}, false
	}
	s.byID[m.Client] = n
	s.queueLocked(n)
	s.mu.Unlock()
	return m, true
}

// queueLocked makes the writer look at n.
func (s *sessions) queueLocked(n *session) {
	if !n.queued {
		n.queued = true
		n.writer.push(n)
	}
}

// carriedLocked is the session that m means, if this node carries it under this incarnation.
func (s *sessions) carriedLocked(m chat.Member) *session {
	n := s.byID[m.Client]
	if n == nil || n.member.Incarnation != m.Incarnation || n.stage != stageLive {
		return nil
	}
	return n
}

// strayedLocked says whether m was lost, or its client is another session now. A member that no
// directory opened has no record to keep and does not stray.
func (s *sessions) strayedLocked(m chat.Member) bool {
	_, lost := s.gone[m.Incarnation]
	return lost || s.byID[m.Client] != nil && s.carriedLocked(m) == nil
}

func (s *sessions) strayed(m chat.Member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strayedLocked(m)
}

func (s *sessions) carries(m chat.Member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.carriedLocked(m) != nil
}

func (s *sessions) discard(m chat.Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.carriedLocked(m); n != nil {
		s.endLocked(n)
	}
}

// endLocked takes n out of the table and lets its writer finish it.
func (s *sessions) endLocked(n *session) {
	n.stage = stageEnding
	s.removeLocked(n)
	s.ending[n] = struct{}{}
	s.closing[n.member.Client]++
	s.queueLocked(n)
}

// closedLocked notes that the record of an ending session is closed.
func (s *sessions) closedLocked(n *session) {
	if s.closing[n.member.Client]--; s.closing[n.member.Client] <= 0 {
		delete(s.closing, n.member.Client)
	}
}

// unsettledLocked says whether Redis has yet to hear what happened to a session before it can be
// resumed.
func (s *sessions) unsettledLocked(id chat.ClientID) bool {
	n := s.byID[id]
	return (n != nil && n.queued) || s.closing[id] > 0
}

func (s *sessions) removeLocked(n *session) {
	if s.byID[n.member.Client] == n {
		delete(s.byID, n.member.Client)
	}
}

func (s *sessions) issued(m chat.Member) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.byID[m.Client]; n != nil && n.member.Nonce == m.Nonce {
		return n.issuedAt
	}
	return 0
}

func (s *sessions) rename(m chat.Member, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.carriedLocked(m); n != nil {
		n.member.Name = name
		s.queueLocked(n)
	}
}

// note takes over what the connection knows; the write that follows tells the others.
func (s *sessions) note(m chat.Member, a chat.Activity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.carriedLocked(m); n != nil {
		n.lastSeen, n.messages = a.LastSeenAt, a.Messages
	}
}

func (s *sessions) detach(m chat.Member, room chat.RoomID) {
	if s.l.c.config.ResumeWindow <= 0 {
		s.end(m, room)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.gone, m.Incarnation)
	if n := s.carriedLocked(m); n != nil {
		n.stayIn(room)
		s.detachLocked(n)
	}
}

func (s *sessions) detachLocked(n *session) {
	n.stage = stageDetached
	s.queueLocked(n)
}

func (s *sessions) end(m chat.Member, room chat.RoomID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.gone, m.Incarnation)
	if n := s.carriedLocked(m); n != nil {
		n.stayIn(room)
		s.endLocked(n)
	}
}

func (s *sessions) enter(m chat.Member, room chat.RoomID, resume bool, then func(bool)) {
	s.mu.Lock()
	n := s.carriedLocked(m)
	if n == nil {
		strayed := s.strayedLocked(m)
		s.mu.Unlock()
		then(!strayed)
		return
	}
	entered := true
	if resume {
		entered = n.stayIn(room)
	} else {
		n.goInto(room)
	}
	if !entered && !n.queued && n.written && len(n.waiting) == 0 {
		then(true) // under the lock: whoever ends the session now must come behind this request
		s.mu.Unlock()
		return
	}
	w := &waiter{session: n, room: room, entered: entered, then: then, at: time.Now()}
	n.waiting = append(n.waiting, w)
	s.waiters = append(s.waiters, w)
	s.queueLocked(n)
	s.mu.Unlock()
}

func (s *sessions) leaving(m chat.Member, room chat.RoomID) {
	s.ends(m, stay{room: room, over: true})
}

func (s *sessions) missed(m chat.Member, room chat.RoomID) {
	s.ends(m, stay{room: room, over: true, stray: true})
}

// ends makes a stay of m that is not over this one.
func (s *sessions) ends(m chat.Member, over stay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.carriedLocked(m)
	if n == nil {
		return
	}
	if i := slices.Index(n.stays, stay{room: over.room}); i >= 0 {
		n.stays[i] = over
		s.queueLocked(n)
	}
}

func (s *sessions) left(m chat.Member, room chat.RoomID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leftLocked(s.carriedLocked(m), room)
}

// leftLocked ends the oldest stay of n in room; n may be nil.
func (s *sessions) leftLocked(n *session, room chat.RoomID) {
	if n == nil {
		return
	}
	if i := slices.IndexFunc(n.stays, func(x stay) bool { return x.room == room && !x.stray }); i >= 0 {
		n.stays = slices.Delete(n.stays, i, i+1)
		s.queueLocked(n)
	}
}

func (s *sessions) withdraw(m chat.Member, room chat.RoomID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withdrawLocked(s.carriedLocked(m), room)
}

// withdrawLocked ends the newest stay of n in room, unless the client was told that it has left it: an
// older one is still to be left. n may be nil.
func (s *sessions) withdrawLocked(n *session, room chat.RoomID) {
	if n == nil {
		return
	}
	for i, x := range slices.Backward(n.stays) {
		if x == (stay{room: room}) {
			n.stays = slices.Delete(n.stays, i, i+1)
			s.queueLocked(n)
			return
		}
	}
}

// bereave is left for a room that was deleted around m.
func (s *sessions) bereave(m chat.Member, room chat.RoomID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.carriedLocked(m)
	if n == nil || !n.inside(room) {
		return
	}
	n.stays = slices.DeleteFunc(n.stays, func(x stay) bool { return x.room == room })
	if len(n.stays) == 0 {
		n.lost = room
	}
	s.queueLocked(n)
}

// lose ends what this node has of a session that belongs to others now: its connection is told why
// and gets no more rooms. Incarnation 0 means any. Any goroutine.
func (s *sessions) lose(client chat.ClientID, incarnation chat.Incarnation, cause chat.Cause) {
	s.mu.Lock()
	if n := s.byID[client]; n != nil && (incarnation == 0 || n.member.Incarnation == incarnation) {
		incarnation = n.member.Incarnation
		s.loseLocked(n)
	}
	s.mu.Unlock()
	s.l.c.feed.Disconnect(client, incarnation, cause)
}

// loseLocked is lose without a word to the connection. Usually there is nothing left to do and the
// close of the record is answered FENCED or NONE. But a touch that crossed the end of the session
// elsewhere may have written it again.
func (s *sessions) loseLocked(n *session) {
	s.gone[n.member.Incarnation] = time.Now()
	if n.stage == stageLive || n.stage == stageDetached {
		s.endLocked(n)
	}
}

// forget drops everything: another node has taken care of it. The connections are closed by the
// caller.
func (s *sessions) forget() {
	s.mu.Lock()
	var unanswered []*waiter
	now := time.Now()
	for id, n := range s.byID {
		s.gone[n.member.Incarnation] = now
		unanswered = append(unanswered, takeWaitersLocked(n)...)
		delete(s.byID, id)
	}
	clear(s.ending)
	clear(s.closing)
	for _, w := range s.writers {
		w.clear()
	}
	s.mu.Unlock()
	answerAll(unanswered, false)
}

// takeWaitersLocked takes the calls of enter that n has to answer.
func takeWaitersLocked(n *session) []*waiter {
	open := openWaitersLocked(n.waiting)
	n.waiting = nil
	return open
}

// openWaitersLocked are those that nobody has answered yet; the caller does.
func openWaitersLocked(waiters []*waiter) (open []*waiter) {
	for _, w := range waiters {
		if !w.done {
			w.done = true
			open = append(open, w)
		}
	}
	return open
}

func answerAll(waiters []*waiter, ok bool) {
	for _, w := range waiters {
		w.then(ok)
	}
}
