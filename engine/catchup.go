package engine

import "chatroom/internal/chat"

// backlog is what a session is behind with: the replay it asked for, and the live frames that were
// said meanwhile, by reference. Every way of being behind is this one: JOIN_ROOM's replay, RESUME's
// recovery, and a reader that is slower than its room. It is fed in slices while less than lagBytes
// is unsent, at the end of each turn and every 10 ms.
type backlog struct {
	// Owned by the session's loop.
	frames [][]byte
	next   int  // the first frame that was not sent
	bytes  int  // of the frames from next on
	replay int  // of those, how many belong to the replay in front
	behind bool // began with a replay
	live   int  // bytes written behind the replay
}

func (b *backlog) add(frame []byte) {
	b.frames = append(b.frames, frame)
	b.bytes += len(frame)
}

// replayBacklog makes the backlog of someone who is owed these frames first.
func replayBacklog(frames [][]byte) *backlog {
	b := &backlog{frames: frames, behind: true}
	for _, frame := range frames {
		b.bytes += len(frame)
	}
	b.replay = b.bytes
	return b
}

// lag gives s a backlog. What it was told in this turn stands in its outbox, in front. Loop only.
func (l *loop) lag(s *session, b *backlog) {
	s.backlog = b
	if !s.lagging {
		s.lagging = true
		l.laggards = append(l.laggards, s)
		l.counters.lagging.Add(1)
	}
	l.enter()
}

// feedLaggards feeds every session that is behind, lets go those that are not any more, and ends
// those that are too far behind. Loop only.
func (l *loop) feedLaggards() {
	kept := l.laggards[:0]
	var slow []*session
	for _, s := range l.laggards {
		if s.open() && s.backlog != nil {
			l.feed(s)
		}
		switch {
		case !s.open() || s.backlog == nil:
		case s.backlog.done(s.conn.OutboundBuffered()):
			s.backlog = nil
		default:
			if l.pendingLive(s) > l.engine.cfg.MaxPending {
				slow = append(slow, s)
			}
			kept = append(kept, s)
			continue
		}
		s.lagging = false
		l.counters.lagging.Add(-1)
	}
	clear(l.laggards[len(kept):])
	l.laggards = kept
	for _, s := range slow {
		l.counters.slow.Add(1)
		l.end(s, chat.CloseSlowReader, "slow reader", fateDetach, nil)
	}
	if len(slow) > 0 {
		l.settle() // writes what end has queued: this turn's writing is over
	}
}

// done reports whether nobody is behind any more, with so much unsent. Who began with a replay is
// only when all of it has gone: as long as some of it is unsent, live bytes are told apart.
func (b *backlog) done(unsent int) bool {
	return b.bytes == 0 && (unsent == 0 || !b.behind && unsent < lagBytes)
}

// pendingLive is what s has not taken of the live bytes: a big replay never evicts the one it
// serves. Loop only.
func (l *loop) pendingLive(s *session) int {
	b, unsent := s.backlog, s.conn.OutboundBuffered()
	if b.behind {
		unsent = min(unsent, b.live) // what was written last is what is unsent last
	}
	return b.bytes - b.replay + unsent
}

// feed writes slices of the backlog while little enough is unsent. Loop only.
func (l *loop) feed(s *session) {
	b := s.backlog
	for b.next < len(b.frames) && s.open() && s.conn.OutboundBuffered() < lagBytes {
		l.joint = l.joint[:0]
		for b.next < len(b.frames) && (len(l.joint) == 0 || len(l.joint)+len(b.frames[b.next]) <= lagBytes) {
			frame := b.frames[b.next]
			l.joint = append(l.joint, frame...)
			b.frames[b.next] = nil
			b.next++
			b.bytes -= len(frame)
			if b.replay > 0 {
				b.replay -= len(frame)
			} else {
				b.live += len(frame)
			}
		}
		l.write(s, l.joint)
	}
	if b.next == len(b.frames) {
		b.frames, b.next = b.frames[:0], 0
	} else if b.next > 1024 && b.next > len(b.frames)/2 {
		n := copy(b.frames, b.frames[b.next:])
		clear(b.frames[n:])
		b.frames, b.next = b.frames[:n], 0
	}
}
