package engine

import (
	"chatroom/engine/room"
	"chatroom/internal/chat"
)

// keep puts a message into the room's ring, and trims the least recently used rings of this loop
// while all rings of the node together are too big. Loop only: home.
func (l *loop) keep(r *liveRoom, e *chat.Entry, frame []byte) {
	l.weigh(r.ring.Append(room.Entry{Seq: e.Seq, ID: e.MessageID, At: e.At, Bytes: frame}, l.engine.retention))
	if l.engine.logBytes.Load() > l.engine.cfg.LogMemory {
		l.trimLeastUsed(r)
	}
}

// weigh books a change of a ring's bytes. Loop only.
func (l *loop) weigh(delta int) {
	l.ringHeld += int64(delta)
	l.engine.logBytes.Add(int64(delta))
}

// trimLeastUsed halves rings, the longest unused of a small sample first, until this loop holds no
// more than its share. Sampling (as Redis evicts) was taken over a list in order of use: a list
// costs two pointers and their writes for every message. current, if any, is spared while there is
// another. Loop only.
func (l *loop) trimLeastUsed(current *liveRoom) {
	share := l.engine.cfg.LogMemory / int64(max(1, len(*l.engine.loops.Load())))
	const sample, attempts = 16, 64
	for range attempts {
		if l.engine.logBytes.Load() <= l.engine.cfg.LogMemory || l.ringHeld <= share || len(l.homes) == 0 {
			return
		}
		var victim *liveRoom
		for range sample {
			r := l.homes[l.random.IntN(len(l.homes))]
			if r.ring.Len() > 0 && r != current && (victim == nil || r.used < victim.used) {
				victim = r
			}
		}
		if victim == nil {
			victim = current
		}
		if victim == nil || victim.ring.Len() <= 1 {
			return
		}
		l.weigh(victim.ring.Halve())
	}
}
