package engine

import (
	"encoding/binary"
	"sync"

	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// frameHead is the room that a message buffer leaves in front of the body for what the log decides:
// the frame header and NEW_MESSAGE up to its seq.
var frameHead = wsproto.MaxServerHeader + chat.HistorySize(0)

// maxInflight is how many messages of one connection may be without an answer; beyond it UNAVAILABLE.
const maxInflight = 4096

// publish is SEND_MESSAGE: it gives the message an id and a body, and takes it to the room's home
// loop. Loop only.
func (l *loop) publish(s *session, c *chat.Command) {
	r := s.room
	if r == nil || c.RoomID != 0 && c.RoomID != r.id {
		l.fail(s, c.ID, chat.NotInRoom, "You are not in this room.")
		return
	}
	if s.inflight >= maxInflight || r.home.congested() {
		l.fail(s, c.ID, chat.Unavailable, "The server is too busy; the message was not sent.")
		return
	}
	id := l.messageID()
	at := l.engine.cfg.Now().UnixMilli()
	l.scratch = chat.AppendMessageBody(l.scratch[:0], id, s.member.Client, s.member.Name, c.Text, at)
	frame := make([]byte, frameHead+len(l.scratch))
	copy(frame[frameHead:], l.scratch)

	request := request{kind: requestSend, session: s, id: string(c.ID), message: id, at: at}
	tag := l.requests.add(l.index, request)
	s.inflight++
	s.messages++
	p := chat.Pending{
		Tag: tag, Client: s.member.Client, Nonce: s.member.Nonce, Incarnation: s.member.Incarnation,
		ID: request.id, MessageID: id, At: at, Body: frame[frameHead:],
	}
	held := buffer{tag: tag, arrival: l.arrival(), bytes: frame}
	if r.home == l {
		l.homePublish(r, &p, held)
		return
	}
	travelling := pendings.Get().(*chat.Pending)
	*travelling = p
	r.home.inbox.post(event{kind: homePublish, room: r, tag: tag, arrival: held.arrival, frame: frame, data: travelling})
}

// pendings are messages on their way to the home loop, which gives them back.
var pendings = sync.Pool{New: func() any { return &chat.Pending{} }}

// arrival stamps what came in with this turn, for the latency. Loop only.
func (l *loop) arrival() int64 {
	if l.began != 0 {
		return int64(l.began)
	}
	return int64(monotonic())
}

// congested reports whether sessions have to wait before they ask more of this loop, as a home
// loop: it admits no publish while the inbox of a loop that would have to deliver it is full. Any
// goroutine.
func (l *loop) congested() bool {
	if l.inbox.full() {
		return true
	}
	for _, other := range *l.engine.loops.Load() {
		if other != l && other.inbox.full() {
			return true
		}
	}
	return false
}

// messageID draws a random UUID (RFC 9562, version 4). Loop only.
func (l *loop) messageID() (id chat.MessageID) {
	binary.LittleEndian.PutUint64(id[:], l.random.Uint64())
	binary.LittleEndian.PutUint64(id[8:], l.random.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// homePublish collects a message for the log; all of a turn go together. Loop only: home.
func (l *loop) homePublish(r *liveRoom, p *chat.Pending, held buffer) {
	if r.retired {
		code := chat.NotInRoom
		if r.deleted {
			code = chat.RoomDeleted
		}
		l.answerRefusal(r, p.Tag, &chat.Refusal{Code: code})
		return
	}
	r.buffers.put(held)
	r.outgoing = append(r.outgoing, *p)
	if !r.listed {
		r.listed = true
		l.outbound = append(l.outbound, r)
	}
}

// publishOutbound gives the log what was collected. Loop only.
func (l *loop) publishOutbound() {
	for i := 0; i < len(l.outbound); i++ {
		r := l.outbound[i]
		r.listed = false
		if len(r.outgoing) == 0 {
			continue
		}
		l.engine.log.Append(r.id, r.outgoing)
		clear(r.outgoing)
		r.outgoing = r.outgoing[:0]
		const keep = 64
		if cap(r.outgoing) > keep {
			r.outgoing = nil
		}
	}
	clear(l.outbound)
	l.outbound = l.outbound[:0]
}

// beforeOthers gives the log what members published before something else is asked about the
// room: requests of a room keep their order. Loop only: home.
func (l *loop) beforeOthers(r *liveRoom) {
	if len(r.outgoing) > 0 {
		l.publishOutbound()
	}
}

// roomMessages takes the next messages of a room from the log: a frame for each, into the ring and
// to every loop that has members. Loop only: home.
func (l *loop) roomMessages(r *liveRoom, epoch chat.Epoch, entries []chat.Entry) {
	if r.retired {
		l.dropAnswers(r, entries)
		return
	}
	r.used = l.now
	r.info.Epoch = epoch
	for i := range entries {
		if r.retired { // its last member went with the answer to the message before
			l.dropAnswers(r, entries[i:])
			return
		}
		e := &entries[i]
		var held buffer
		if e.Tag != 0 {
			held, _ = r.buffers.take(e.Tag)
			l.counters.messages.Add(1)
		}
		frame := l.frame(r, epoch, e, held.bytes)
		r.info.Seq, r.info.Last = e.Seq, e.MessageID
		l.keep(r, e, frame)
		l.spread(r, event{
			kind: deliverMessage, room: r, tag: e.Tag, seq: e.Seq, epoch: epoch,
			arrival: held.arrival, frame: frame,
		})
	}
}

// frame puts the head in front of a body: in place when this node made the body, so that a
// message is copied once on its way from the socket to its readers. From here on it is frozen.
func (l *loop) frame(r *liveRoom, epoch chat.Epoch, e *chat.Entry, buf []byte) []byte {
	l.scratch = chat.AppendMessageHead(l.scratch[:0], r.id, epoch, e.Seq)
	head := len(l.scratch)
	if buf == nil {
		buf = make([]byte, frameHead+len(e.Body))
		copy(buf[frameHead:], e.Body)
	}
	payload := len(buf) - frameHead + head
	start := frameHead - head - wsproto.HeaderSize(payload)
	wsproto.AppendTextHeader(buf[start:start], payload)
	copy(buf[frameHead-head:], l.scratch)
	return buf[start:]
}

// spread sends an event to every loop that has members of the room, and to the one that waits for
// the answer. Loop only: home.
func (l *loop) spread(r *liveRoom, ev event) {
	asker := -1
	if ev.tag != 0 {
		asker = tagLoop(ev.tag)
	}
	for i, to := range *l.engine.loops.Load() {
		if r.counts[i] > 0 || i == asker {
			l.send(to, ev)
		}
	}
}

// dropAnswers answers the senders of messages whose room this node has let go. Loop only.
func (l *loop) dropAnswers(r *liveRoom, entries []chat.Entry) {
	for i := range entries {
		if entries[i].Tag != 0 {
			l.answerRefusal(r, entries[i].Tag, &chat.Refusal{Code: chat.Unavailable})
		}
	}
}

// roomRefused passes on the log's answer to a message that got no new place. Loop only: home.
func (l *loop) roomRefused(r *liveRoom, tag chat.Tag, refusal *chat.Refusal) {
	r.buffers.take(tag)
	l.answerRefusal(r, tag, refusal)
}

func (l *loop) answerRefusal(r *liveRoom, tag chat.Tag, refusal *chat.Refusal) {
	if to := l.engine.loopOf(tag); to != nil {
		l.send(to, event{kind: answerRefused, tag: tag, room: r, data: refusal})
	}
}

// refused answers a SEND_MESSAGE that got no place of its own: a duplicate gets the ACK of its
// first try. Loop only.
func (l *loop) refused(tag chat.Tag, r *liveRoom, refusal *chat.Refusal) {
	q, ok := l.requests.take(tag)
	if !ok {
		return
	}
	s := q.session
	if refusal.Code == "" {
		l.counters.dedupes.Add(1)
		if s.open() {
			l.scratch = chat.AppendMessageAck(l.scratch[:0], q.id, r.id, refusal.Epoch, refusal.Seq, refusal.MessageID, refusal.At, true)
			l.tellText(s, l.scratch)
		}
	} else {
		l.fail(s, []byte(q.id), refusal.Code, refusalSentence(refusal.Code))
	}
	l.answered(s)
}

func refusalSentence(code chat.Code) string {
	switch code {
	case chat.RoomDeleted:
		return "The room was deleted."
	case chat.RoomNotFound:
		return "There is no such room."
	case chat.NotInRoom:
		return "You are not in this room."
	case chat.Capacity:
		return "The server has no room for more."
	case chat.BadRequest:
		return "The request was not understood."
	}
	return "The server could not confirm it. Try again with the same id."
}
