package cluster

import (
	"strconv"
	"sync"
	"time"

	"chatroom/internal/chat"
)

// writeBatch is how many records, and how many resumptions, one round trip carries.
const writeBatch = 256

// writer is the goroutine that brings the records of a quarter of the sessions to Redis: what has
// changed since the last round goes out in one pipeline. A session has at most one write under way,
// so its changes keep their order; what Redis did not answer is written again.
type writer struct {
	// Immutable after open.
	s     *sessions
	wakes chan struct{}

	// Guarded by mu, which may be taken inside sessions.mu.
	mu      sync.Mutex
	queue   []*session
	resumes []*resumption
	latest  map[chat.ClientID]*resumption
}

func newWriter(s *sessions) *writer {
	return &writer{s: s, wakes: make(chan struct{}, 1), latest: make(map[chat.ClientID]*resumption)}
}

func (w *writer) push(n *session) {
	w.mu.Lock()
	w.queue = append(w.queue, n)
	w.mu.Unlock()
	wake(w.wakes)
}

// clear drops the queue; sessions.mu is held.
func (w *writer) clear() {
	w.mu.Lock()
	w.queue = nil
	w.mu.Unlock()
}

func (w *writer) run() {
	for {
		select {
		case <-w.s.l.ctx.Done():
			return
		case <-w.wakes:
		}
		for try := 0; ; {
			if !w.s.l.lease.fresh() {
				// Others may have taken this node for dead, and what it holds for theirs to end.
				if !w.s.l.pause(tick) {
					return
				}
				continue
			}
			more, err := w.round()
			if err != nil {
				if !w.s.l.pause(backoff(try)) {
					return
				}
				try++
				continue
			}
			try = 0
			if !more {
				break
			}
		}
	}
}

// write is one session in a round.
type write struct {
	session *session
	stage   stage
	mode    string
	touch   bool
	waiters []*waiter
}

// round writes what is queued, then takes over what is to be resumed: but a session of this node
// that comes back has its last changes in Redis before.
func (w *writer) round() (more bool, err error) {
	writes, calls, refused := w.snapshot()
	answerAll(refused, false)
	var found findings
	if len(calls) > 0 {
		for i, r := range w.s.l.c.store.runMulti(w.s.l.ctx, calls) {
			word, rest, callErr := texts(r)
			if callErr != nil {
				err = callErr
				w.s.again(writes[i])
				continue
			}
			w.s.settle(writes[i], word, rest, &found)
		}
	}
	w.s.conclude(&found)
	if err != nil {
		return true, err
	}
	resumed, err := w.takeOver()
	if err != nil {
		return true, err
	}
	return len(writes) > 0 || resumed > 0, nil
}

// snapshot takes a batch off the queue and copies what is to be written of it.
func (w *writer) snapshot() (writes []write, calls []call, refused []*waiter) {
	s := w.s
	s.mu.Lock()
	defer s.mu.Unlock()
	w.mu.Lock()
	batch := w.queue[:min(len(w.queue), writeBatch)]
	w.queue = w.queue[len(batch):]
	w.mu.Unlock()
	node := s.l.lease.node()
	for _, n := range batch {
		n.queued = false
		var c call
		mode := ""
		switch n.stage {
		case stageLive, stageDetached:
			mode = n.mode()
			c = s.writeCall(n, mode, node)
			n.tried = true
		case stageEnding:
			if !n.tried {
				refused = append(refused, s.unusedLocked(n)...)
				continue
			}
			c = call{script: scriptClose, keys: s.recordKeys(n.member.Client)[:1], args: []string{"q", n.nonce(), formatID(n.member.Incarnation)}}
		case stageDropping:
			c = call{script: scriptDrop, keys: s.recordKeys(n.member.Client), args: []string{formatID(n.member.Client), n.nonce(), formatID(n.member.Incarnation)}}
		default:
			continue
		}
		writes = append(writes, write{session: n, stage: n.stage, mode: mode, touch: n.touch, waiters: n.waiting})
		n.waiting, n.touch = nil, false
		calls = append(calls, c)
	}
	return writes, calls, refused
}

// mode is how session_write treats a record that is not there.
func (n *session) mode() string {
	switch {
	case !n.written:
		return "n"
	case n.rewrite:
		return "c"
	}
	return "u"
}

func (n *session) nonce() string { return string(n.member.Nonce[:]) }

// unusedLocked finishes a session that Redis has never heard of, and returns who must be told.
func (s *sessions) unusedLocked(n *session) []*waiter {
	delete(s.ending, n)
	s.closedLocked(n)
	s.l.clientIDs.back(granted{id: uint64(n.member.Client), grant: n.grant})
	return takeWaitersLocked(n)
}

func (s *sessions) recordKeys(id chat.ClientID) []string {
	tag := s.l.c.store.keys.tags[id%partitions]
	return []string{tag + formatID(id), tag + "clients"}
}

func (s *sessions) writeCall(n *session, mode, node string) call {
	window := ""
	ttl, line := sessionTTL, node
	if n.stage == stageDetached {
		window = strconv.FormatInt(s.l.c.config.ResumeWindow.Milliseconds(), 10)
		ttl += s.l.c.config.ResumeWindow
		line += "~"
	}
	m := n.member
	return call{script: scriptWrite, keys: s.recordKeys(m.Client), args: []string{
		mode, n.nonce(), formatID(m.Incarnation), strconv.FormatInt(ttl.Milliseconds(), 10), formatID(m.Client),
		line + " " + n.ip + " " + m.Name, window,
		"o", node, "n", m.Name, "r", n.whereabouts(), "f", n.departed(), "g", n.grant, "ip", n.ip, "v", s.l.c.config.ServerID,
		"c", strconv.FormatInt(n.connectedAt, 10), "t", strconv.FormatInt(n.issuedAt, 10),
		"l", strconv.FormatInt(n.lastSeen, 10), "q", strconv.FormatInt(n.messages, 10),
	}}
}

// again queues what Redis did not answer.
func (s *sessions) again(w write) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := w.session
	n.waiting = append(w.waiters, n.waiting...)
	n.touch = n.touch || w.touch
	if s.byID[n.member.Client] == n {
		s.queueLocked(n)
	} else if _, ok := s.ending[n]; ok {
		s.queueLocked(n)
	}
}

// tick is the rhythm of deadlines; records are touched and the lost forgotten every fourth time.
const tick = 250 * time.Millisecond

// goneMemory is how long a lost incarnation is refused new rooms, should its connection live on.
const goneMemory = 2 * time.Minute

// runTick answers what has waited too long, and refreshes each record once in times.touch.
func (s *sessions) runTick() {
	const slots = 60
	slot := 0
	beats := max(1, int(s.l.times.touch/slots/tick))
	count := 0
	s.l.every(min(tick, s.l.times.touch/slots), func() {
		s.expire()
		if count++; count%beats != 0 {
			return
		}
		if slot = (slot + 1) % slots; slot == 0 {
			s.observe()
			s.l.clientIDs.shrink()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for id, n := range s.byID {
			if int(id/writerCount%slots) == slot && n.stage == stageLive {
				n.touch = true
				n.forgetStrays(time.Now())
				s.queueLocked(n)
			}
		}
		for i, at := range s.gone {
			if time.Since(at) > goneMemory {
				delete(s.gone, i)
			}
		}
	})
}

// expire answers calls that Redis kept waiting for too long.
func (s *sessions) expire() {
	now := time.Now()
	var late []*waiter
	s.mu.Lock()
	for len(s.waiters) > 0 && (s.waiters[0].done || now.Sub(s.waiters[0].at) > answerDeadline) {
		if w := s.waiters[0]; !w.done {
			w.done = true
			late = append(late, w)
			if n := w.session; w.entered && n.stage == stageLive && s.byID[n.member.Client] == n {
				s.withdrawLocked(n, w.room)
			}
		}
		s.waiters = s.waiters[1:]
	}
	s.mu.Unlock()
	for _, w := range late {
		w.then(false)
	}
	for _, w := range s.writers {
		w.expire(now)
	}
}

// observe takes over what the connections know, for the records that other nodes read.
func (s *sessions) observe() {
	s.l.c.local.Sessions(func(r chat.ClientRecord) bool {
		s.mu.Lock()
		if n := s.byID[r.ID]; n != nil {
			n.lastSeen, n.messages = r.LastSeenAt, r.Messages
		}
		s.mu.Unlock()
		return s.l.ctx.Err() == nil
	})
}
