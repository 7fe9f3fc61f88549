package engine

import (
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// Times of the sweep in milliseconds.
const (
	sweepPeriod = 100
	fullSweep   = 1000  // in which every session is looked at once, see sweep
	leakyAfter  = 10000 // contract: "open over 10 s without a finished handshake"
	hushed      = 1000  // a request that did not come with its connection will not come soon
)

// sweep looks after a share of the loop's sessions, so that all are seen once a second (and at
// least four times a heartbeat): heartbeats, handshakes that take too long, messages that do not
// end. One walk over a dense list in place of a timer per connection. Loop only.
func (l *loop) sweep() {
	heartbeat := l.engine.cfg.Heartbeat.Milliseconds()
	period := min(fullSweep, max(sweepPeriod, heartbeat/4))
	share := int(int64(len(l.sessions))*sweepPeriod/period) + 1
	for ; share > 0 && len(l.sessions) > 0; share-- {
		if l.swept >= len(l.sessions) {
			l.swept = 0
			l.counters.pending.Store(l.unsent)
			l.counters.leaky.Store(l.leaking)
			l.unsent, l.leaking = 0, 0
		}
		l.look(l.sessions[l.swept], heartbeat)
		l.swept++
	}
	if len(l.sessions) == 0 {
		l.counters.pending.Store(0)
		l.counters.leaky.Store(0)
	}
	if l.engine.logBytes.Load() > l.engine.cfg.LogMemory {
		l.trimLeastUsed(nil) // another loop is over, and this one may have more than its share
	}
	if len(l.crowds) > 0 {
		l.tellCounts()
	}
}

// look does for one session what its age asks for. Loop only.
func (l *loop) look(s *session, heartbeat int64) {
	l.unsent += int64(s.conn.OutboundBuffered())
	idle := l.now - s.seen
	switch s.state {
	case stateHead:
		l.lookAtHead(s, idle)
	case stateOpen:
		if s.backlog != nil {
			l.unsent += int64(s.backlog.bytes)
		}
		switch late := s.decoder.Overdue(l.now + 1); {
		case idle >= 2*heartbeat:
			l.end(s, chat.CloseHeartbeatLost, "heartbeat lost", fateDetach, nil)
		case late != nil:
			l.end(s, chat.CloseCode(late.Code), late.Reason, fateDetach, nil)
		case l.now-s.pinged >= heartbeat:
			s.pinged = l.now
			l.tellBytes(s, wsproto.PingFrame)
		}
	}
}

// lookAtHead closes what idles behind an answer, and what takes too long to ask. Loop only.
func (l *loop) lookAtHead(s *session, idle int64) {
	age := l.engine.cfg.Now().UnixMilli() - s.opened
	if !s.kept && age > leakyAfter {
		l.leaking++
	}
	switch {
	case s.kept && s.conn.InboundBuffered() == 0:
		s.deadline = 0
		most := keepAlive.Milliseconds()
		if s.conn.OutboundBuffered() > 0 {
			most *= 4 // a page on a slow line
		}
		if idle > most {
			l.wind(s, 0)
		}
	case l.engine.draining.Load() && age > hushed && s.conn.InboundBuffered() == 0:
		// Browsers connect ahead of what they will ask. One of these held a drain of 0.5 s up to 5 s,
		// the time for a handshake; the browser tries again with what it then has to ask.
		l.wind(s, 0)
	case s.deadline == 0:
		// The second request on a kept connection has begun, at most one sweep ago.
		s.deadline = l.now + wsproto.HandshakeTime.Milliseconds()
	case l.now > s.deadline:
		l.late(s)
	}
}

// late closes a connection whose handshake took too long. Loop only.
func (l *loop) late(s *session) {
	l.counters.handshakes[handshakeTimeout].Add(1)
	l.wind(s, 0)
}
