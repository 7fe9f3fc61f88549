package main

import (
	"syscall"
	"time"

	"github.com/panjf2000/gnet/v2"

	"chatroom/wsproto"
)

// state is how far a connection is.
type state uint8

const (
	handshaking state = iota
	open
	closing // the Close frame or the refusal is written, input is ignored
	shut    // all of it is sent, the peer's end is awaited
)

// pollTime is how often a closing connection looks whether gnet has sent what it buffered: gnet
// tells nobody.
const pollTime = 10 * time.Millisecond

// session is one connection.
type session struct {
	// Immutable after open.
	server *server
	timer  *time.Timer // wakes the loop; fires on its own goroutine and touches nothing here

	// Owned by the session's loop.
	state    state
	scanned  int
	deadline int64 // of the handshake or of the closing, on the server's clock
	decoder  wsproto.Decoder
	out      []byte
}

func newSession(s *server, c gnet.Conn) *session {
	ss := &session{
		server:   s,
		deadline: s.now() + s.options.handshakeTime.Milliseconds(),
		decoder:  wsproto.NewDecoder(&s.options.limits),
	}
	if s.options.binary {
		ss.decoder.AcceptBinary()
	}
	// Waking is all a timer may do: it is on no loop. A connection that is gone is not woken.
	ss.timer = time.AfterFunc(s.options.handshakeTime, func() { _ = c.Wake(nil) })
	return ss
}

// traffic takes what has arrived, or, woken by the timer, looks at the clock. Loop only.
func (ss *session) traffic(c gnet.Conn) gnet.Action {
	now := ss.server.now()
	ss.out = ss.out[:0]
	if ss.state == handshaking {
		ss.handshake(c, now)
	}
	if ss.state == open {
		ss.frames(c, now)
	}
	if len(ss.out) > 0 {
		if _, err := c.Write(ss.out); err != nil {
			return gnet.None // gnet has closed the connection already
		}
	}
	if cap(ss.out) > 64<<10 {
		ss.out = nil
	}
	return ss.rest(c, now)
}

// handshake waits for a whole head and answers it.
func (ss *session) handshake(c gnet.Conn, now int64) {
	o := &ss.server.options
	buf, _ := c.Peek(-1)
	end, next, refused := o.limits.FindHead(buf, ss.scanned)
	ss.scanned = next
	if end == 0 && refused == nil {
		if now >= ss.deadline {
			ss.refuse(now, &wsproto.HandshakeError{Status: 408, Reason: "the request took too long"})
		}
		return
	}
	var req wsproto.Request
	if refused == nil {
		req, refused = o.limits.ParseRequest(buf[:end])
	}
	if refused == nil {
		refused = wsproto.CheckUpgrade(&req)
	}
	if refused != nil {
		ss.refuse(now, refused)
		return
	}
	protocol := ""
	if req.Offers(o.protocol) {
		protocol = o.protocol
	}
	ss.out = wsproto.AppendUpgrade(ss.out, &req, protocol)
	ss.state = open
	// Only the head: frames may have come in the same packet.
	_, _ = c.Discard(end)
}

func (ss *session) refuse(now int64, e *wsproto.HandshakeError) {
	ss.out = e.Append(ss.out)
	ss.close(now)
}

// frames echoes every whole message.
func (ss *session) frames(c gnet.Conn, now int64) {
	if c.InboundBuffered() < ss.decoder.Need() {
		if err := ss.decoder.Overdue(now); err != nil {
			ss.end(now, err.Code, err.Reason)
		}
		return
	}
	buf, _ := c.Peek(-1)
	used := 0
	for ss.state == open {
		ev, n, err := ss.decoder.Next(buf[used:], now)
		used += n
		switch {
		case err != nil:
			ss.end(now, err.Code, err.Reason)
		case ev.Kind == wsproto.EventText:
			ss.out = wsproto.AppendFrame(ss.out, wsproto.OpText, ev.Payload)
		case ev.Kind == wsproto.EventBinary:
			ss.out = wsproto.AppendFrame(ss.out, wsproto.OpBinary, ev.Payload)
		case ev.Kind == wsproto.EventPing:
			ss.out = wsproto.AppendFrame(ss.out, wsproto.OpPong, ev.Payload)
		case ev.Kind == wsproto.EventClose:
			ss.end(now, ev.Code, "")
		}
		if ev.Kind == wsproto.EventNone {
			break
		}
	}
	if used > 0 {
		_, _ = c.Discard(used)
	}
}

// end writes the Close frame.
func (ss *session) end(now int64, code wsproto.CloseCode, reason string) {
	ss.out = wsproto.AppendClose(ss.out, code, reason)
	ss.close(now)
}

func (ss *session) close(now int64) {
	ss.state = closing
	ss.deadline = now + ss.server.options.closeTime.Milliseconds()
}

// rest decides what the connection waits for. gnet drops what is unsent when it closes, and the
// kernel answers with a reset, which can overtake the Close frame, when unread bytes are left: so
// everything is sent, then the sending side is shut, then the peer's end is awaited for a while.
func (ss *session) rest(c gnet.Conn, now int64) gnet.Action {
	pending := c.OutboundBuffered()
	switch ss.state {
	case handshaking:
	case open:
		// A peer that does not read what it asks for: nothing else bounds gnet's buffer.
		if pending > 1<<20+4*max(ss.server.options.limits.Message, wsproto.DefaultMessage) {
			return gnet.Close
		}
		// An idle connection is looked at too; a program that echoes can afford it.
		ss.timer.Reset(ss.server.options.messageTime() + time.Millisecond)
	default:
		if n := c.InboundBuffered(); n > 0 {
			_, _ = c.Discard(n)
		}
		if now >= ss.deadline {
			return gnet.Close
		}
		wait := time.Duration(ss.deadline-now) * time.Millisecond
		if ss.state == closing && pending == 0 {
			ss.state = shut
			_ = syscall.Shutdown(c.Fd(), syscall.SHUT_WR)
		} else if pending > 0 {
			wait = min(wait, pollTime)
		}
		ss.timer.Reset(wait)
	}
	return gnet.None
}
