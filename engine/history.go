package engine

import (
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// getHistory is GET_HISTORY: the room's home loop has the ring. Loop only.
func (l *loop) getHistory(s *session, c *chat.Command) {
	r := s.room
	if r == nil {
		l.fail(s, c.ID, chat.NotInRoom, "You are in no room.")
		return
	}
	if r.home.inbox.full() {
		l.fail(s, c.ID, chat.Unavailable, "The server is too busy.")
		return
	}
	w := &historyWish{
		loop: l.index, id: string(c.ID), limit: c.Limit,
		before: c.Before, after: c.After, hasBefore: c.HasBefore, hasAfter: c.HasAfter,
	}
	tag := l.requests.add(l.index, request{kind: requestHistory, session: s, id: w.id})
	s.inflight++
	l.send(r.home, event{kind: homeHistory, room: r, tag: tag, data: w})
}

// homeHistory makes the HISTORY that a member asked for. Loop only: home.
func (l *loop) homeHistory(r *liveRoom, tag chat.Tag, w *historyWish) {
	answer := event{kind: answerHistory, tag: tag}
	if !r.retired {
		r.used = l.now
		l.weigh(r.ring.Trim(l.engine.retention, l.engine.cfg.Now().UnixMilli()))
		entries, more := r.excerpt(w)
		l.scratch = chat.AppendHistory(l.scratch[:0], w.id, r.id, r.info.Epoch, entries, more)
		frame := make([]byte, 0, len(l.scratch)+wsproto.MaxServerHeader)
		answer.frame = append(wsproto.AppendTextHeader(frame, len(l.scratch)), l.scratch...)
	}
	if to := l.engine.loopOf(tag); to != nil {
		l.send(to, answer)
	}
}

// excerpt picks the entries that a wish is about, and says whether there are more in its
// direction. Loop only: home.
func (r *liveRoom) excerpt(w *historyWish) (entries []chat.Entry, more bool) {
	oldest, newest := r.ring.Oldest(), r.ring.Newest()
	size := chat.HistoryFrame
	fits := func(seq uint64) bool {
		e, ok := r.ring.Get(seq)
		if !ok {
			return false
		}
		body := e.Bytes[messageHeadSize(e.Bytes, r.id, r.info.Epoch, seq):]
		size += chat.HistorySize(len(body))
		if size > chat.MaxHistoryBytes || len(entries) == w.limit {
			return false
		}
		entries = append(entries, chat.Entry{Seq: seq, MessageID: e.ID, At: e.At, Body: body})
		return true
	}
	if w.hasAfter {
		seq := max(oldest, w.after+1)
		for ; seq <= newest && fits(seq); seq++ {
		}
		return entries, seq <= newest
	}
	seq := newest
	if w.hasBefore {
		seq = min(newest, w.before-1)
		if w.before == 0 {
			return nil, false
		}
	}
	for ; seq >= oldest && seq > 0 && fits(seq); seq-- {
	}
	for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 {
		entries[i], entries[j] = entries[j], entries[i]
	}
	return entries, seq >= oldest && seq > 0
}

// messageHeadSize is where the body begins in a frame of NEW_MESSAGE.
func messageHeadSize(frame []byte, id chat.RoomID, epoch chat.Epoch, seq uint64) int {
	var buf [160]byte
	head := len(chat.AppendMessageHead(buf[:0], id, epoch, seq))
	header := 2
	switch frame[1] & 0x7f {
	case 126:
		header = 4
	case 127:
		header = wsproto.MaxServerHeader
	}
	return header + head
}

// history passes a HISTORY on to the session that asked. Loop only.
func (l *loop) history(tag chat.Tag, frame []byte) {
	q, ok := l.requests.take(tag)
	if !ok {
		return
	}
	switch s := q.session; {
	case frame == nil:
		l.fail(s, []byte(q.id), chat.NotInRoom, "You are in no room.")
	case s.open():
		l.tellBytes(s, frame)
	}
	l.answered(q.session)
}
