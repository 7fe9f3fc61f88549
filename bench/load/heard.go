package load

import (
	"strconv"

	"chatroom/internal/chat"
)

// heard takes one text message.
func (w *Worker) heard(c *conn, payload []byte) {
	if c.state == leaving {
		return
	}
	if w.sequenced && c.state == joined {
		if number, ok := c.room.known(c.next, payload); ok {
			c.next++
			w.delivered(c, c.next-1, number)
			return
		}
	}
	for first := true; first || len(payload) > 0; first = false {
		e := &w.event
		*e = event{}
		w.proof(payload)
		rest := w.dialect.decode(payload, e)
		w.take(c, e, payload)
		payload = rest
	}
}

// proofEvery is how many decoded events pass between two that are held against the contract's own
// strict codec. What was not decoded is equal to the last byte to something that was.
const proofEvery = 61

// proof holds a sample of the events against the strict codec: every field present, every type
// right.
func (w *Worker) proof(payload []byte) {
	if w.proven++; !w.sequenced || w.proven%proofEvery != 1 {
		return
	}
	if err := chat.DecodeEvent(append(w.body[:0], payload...), &w.strict); err != nil {
		w.fault(&w.faults.Invented, "against the contract: %v in %.120q", err, payload)
	}
}

// take acts on one event.
func (w *Worker) take(c *conn, e *event, payload []byte) {
	switch e.kind {
	case evMessage:
		if w.sequenced {
			w.message(c, e, payload)
		} else {
			w.unnumbered(c, e.text)
		}
	case evAck:
		w.acknowledged(c, e)
	case evWelcome:
		w.welcomed(c, e)
	case evJoined:
		w.entered(c, e)
	case evUser:
		w.events["user event"]++
	case evRooms:
		w.opAnswered(c, e.id)
	case evHistory:
		w.history(c, e)
		w.opAnswered(c, e.id)
	case evError:
		w.refused(c, e)
	case evReply:
		w.writeText(c, append(w.text[:0], e.reply...))
	case evBad:
		w.fault(&w.faults.Invented, "not understood: %.120q", payload)
	}
}

// welcomed answers the first word of the server.
func (w *Worker) welcomed(c *conn, e *event) {
	switch {
	case c.state == resuming:
		if !e.resumed || e.client != c.client {
			w.fault(&w.faults.Unrecovered, "connection %d came back as client %d, was %d", c.index, e.client, c.client)
			c.client = e.client
		}
		c.session = string(e.session)
	case c.state != greeting:
		w.fault(&w.faults.Invented, "connection %d greeted in state %d", c.index, c.state)
	case c.session != "":
		w.resume(c)
	default:
		c.client, c.session = e.client, string(e.session)
		w.join(c)
	}
}

// entered takes ROOM_JOINED.
func (w *Worker) entered(c *conn, e *event) {
	was := c.state
	moved, expected := w.changesTo(c, e)
	if !expected {
		return
	}
	r := c.room
	switch {
	case r.id == 0:
		r.id, r.epoch, r.base = e.room, string(e.epoch), e.seq+1
		if r.id == 0 { // a dialect that does not name it
			r.id = uint64(r.mark)
		}
	case w.sequenced && e.room != r.id:
		w.fault(&w.faults.Invented, "connection %d: asked for room %d, is in %d", c.index, r.id, e.room)
	}
	switch {
	case was == resuming && (moved || c.next == 0): // it gave no position, or that of another room
		w.resumed++
		w.begins(c, e, chat.DefaultReplay)
	case was == resuming:
		w.returned(c, e)
	case was == outside || moved:
		w.begins(c, e, moveReplay)
	default:
		w.begins(c, e, 0)
	}
	if !w.sequenced {
		c.window = newWindow(uint64(len(r.sent)))
	}
	c.state = joined
	w.present++
	r.enter(c)
	if was == outside {
		w.opDone(c)
	}
	w.opening.done(c)
	w.sendDue(r)
	for _, other := range r.waiting {
		if other.state == waiting {
			w.opening.unpause(other)
			w.join(other)
		}
	}
	r.waiting = r.waiting[:0]
}

// changesTo brings c into the room of ROOM_JOINED in the plan. moved says that it is another one than
// before; expected is false when it has not asked for any.
func (w *Worker) changesTo(c *conn, e *event) (moved, expected bool) {
	switch {
	case c.state == resuming:
		return w.settled(c, e), true
	case c.state == joining, c.state == outside:
		return false, true
	case c.state == joined && c.op == OpMove && c.target != nil && e.room == c.target.id:
		w.leftBehind(c)
		c.room.leave(c)
		c.room, c.target = c.target, nil
		w.present--
		w.opDone(c)
		return true, true
	case c.state == joined && e.room == c.room.id:
		w.fault(&w.faults.Unrecovered, "connection %d: the server told it to forget its position", c.index)
		c.room.epoch = string(e.epoch)
		c.next, c.live, c.missing = e.seq+1-e.messages, e.seq, nil
	default:
		w.fault(&w.faults.Invented, "connection %d: ROOM_JOINED of %d in state %d", c.index, e.room, c.state)
	}
	return false, false
}

// begins takes the position of ROOM_JOINED as that of c. It holds the number of messages that are
// announced against the last ones that were asked for and what the room has: to leave some out is a
// loss as well.
func (w *Worker) begins(c *conn, e *event, replay uint64) {
	if r := c.room; w.sequenced && string(e.epoch) == r.epoch && e.seq+1 >= r.base {
		if want := min(replay, e.seq+1-r.base); e.messages != want {
			w.fault(&w.faults.Lost, "connection %d: room %d at seq %d announces %d messages, want %d", c.index, r.id, e.seq, e.messages, want)
		}
	}
	if e.recovered {
		w.fault(&w.faults.Invented, "connection %d: room %d has recovered what it was never asked for", c.index, c.room.id)
	}
	c.next, c.live, c.resumed, c.missing = e.seq+1-e.messages, e.seq, false, nil
}

// returned judges ROOM_JOINED behind a RESUME. What it promises to be recovered is not believed:
// the position stays, and every seq in between must come.
func (w *Worker) returned(c *conn, e *event) {
	w.resumed++
	w.opening.missed += int(e.messages)
	if e.recovered && string(e.epoch) == c.room.epoch {
		w.opening.recovered++
	} else {
		w.fault(&w.faults.Unrecovered, "connection %d: not recovered from seq %d (room is at %d)", c.index, c.next-1, e.seq)
		c.room.epoch = string(e.epoch)
		c.next, c.missing = e.seq+1-e.messages, nil
	}
	c.live, c.resumed = e.seq, true
	for _, number := range c.pending {
		w.resend(c, number)
	}
}

// refused takes ERROR.
func (w *Worker) refused(c *conn, e *event) {
	code := string(e.code)
	w.events["error "+code]++
	if code == "RATE_LIMITED" || code == "CAPACITY" {
		w.limited = true
	}
	_, number, own := parseMessageID(e.id)
	switch {
	case own && code == "UNAVAILABLE":
		// The outcome is unknown: the contract says to send it again with the same id.
		w.retries = append(w.retries, retry{c: c, generation: c.generation, number: number, at: w.now + int64(retryAfter)})
	case code == "UNAVAILABLE" && (c.state == joining || c.state == outside):
		w.opening.retried++
		w.retries = append(w.retries, retry{c: c, generation: c.generation, join: true, at: w.now + int64(retryAfter)})
	case code == "UNAVAILABLE" && c.state == resuming:
		w.opening.retried++
		// RESUME is only good as the first event of a connection: come back once more.
		w.drop(c, false)
		w.opening.again(c)
	case code == "ROOM_NOT_FOUND" && c.state == resuming && c.unsure && c.op != OpMove:
		// It had left, or never came in, and its session had not heard of that yet. The answer to the
		// PING comes next.
	case c.state == resuming:
		w.fault(&w.faults.Unrecovered, "connection %d: RESUME answered %s", c.index, code)
		c.session, c.pending, c.unsure = "", nil, false
		w.join(c)
	default:
		w.fault(&w.faults.Refused, "connection %d in state %d: %s", c.index, c.state, code)
		if own {
			c.forget(number)
		}
		w.opAnswered(c, e.id)
		if c.state == joining {
			w.drop(c, false)
			w.opening.failed(c)
		}
	}
}

// history checks that a page is in order and holds what was sent.
func (w *Worker) history(c *conn, e *event) {
	var last uint64
	elements := scanElements(e.list)
	for {
		element, ok := elements.element()
		if !ok {
			break
		}
		h := &w.inner
		*h = event{}
		w.dialect.decode(element, h)
		if last != 0 && h.seq != last+1 {
			w.fault(&w.faults.Reordered, "HISTORY has seq %d behind %d", h.seq, last)
		}
		last = h.seq
		if c.room.id != h.room {
			continue // it moved while the page was under way
		}
		w.identify(c.room, h)
	}
	if elements.bad {
		w.fault(&w.faults.Invented, "HISTORY is not a list: %.80q", e.list)
	}
}

// opAnswered ends the outstanding operation of c if id is its own.
func (w *Worker) opAnswered(c *conn, id []byte) {
	if c.op != "" && c.isOp(id) {
		w.opDone(c)
	}
}

// isOp says whether id is that of the newest operation of c.
func (c *conn) isOp(id []byte) bool {
	if len(id) < 2 || id[0] != 'o' {
		return false
	}
	number, err := strconv.ParseUint(string(id[1:]), 36, 64)
	return err == nil && number == c.opID
}
