package engine

import (
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/panjf2000/gnet/v2"

	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// handler is what gnet calls.
type handler struct {
	gnet.BuiltinEventEngine

	// Immutable after open.
	engine *Engine

	// Owned by gnet's ticker.
	ticks int
}

// OnBoot implements gnet.EventHandler.
func (h *handler) OnBoot(server gnet.Engine) gnet.Action {
	h.engine.server = server
	close(h.engine.booted)
	return gnet.None
}

// OnOpen implements gnet.EventHandler. Beyond the cap a connection may still ask and is answered
// 503; far beyond it is closed at once, so that accepting never runs out of file descriptors.
func (h *handler) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	e := h.engine
	n := e.open.Add(1)
	l := e.loopFor(c.EventLoop())
	l.enter()
	if n > int64(e.limit+e.refusals) {
		l.counters.handshakes[handshakeCapacity].Add(1)
		return nil, gnet.Close
	}
	s := &session{
		conn: c, loop: l, opened: e.cfg.Now().UnixMilli(), seen: l.now, surplus: n-e.surplus.Load() > int64(e.limit),
		deadline: l.now + wsproto.HandshakeTime.Milliseconds(),
		decoder:  wsproto.NewDecoder(&e.wire),
	}
	if remote, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		s.address = remote.AddrPort().Addr().WithZone("").As16()
	}
	if s.surplus {
		e.surplus.Add(1)
	}
	c.SetContext(s)
	l.adopt(s)
	return nil, gnet.None
}

// OnTraffic implements gnet.EventHandler.
func (h *handler) OnTraffic(c gnet.Conn) gnet.Action {
	s, ok := c.Context().(*session)
	if !ok {
		return gnet.Close
	}
	l := s.loop
	l.enter()
	s.seen = l.now
	defer func() {
		if fault := recover(); fault != nil {
			l.panicked(s, fault)
			if s.state == stateHead {
				l.wind(s, 0)
			}
		}
	}()
	l.read(s)
	return gnet.None
}

// OnClose implements gnet.EventHandler. It may run inside a write to this very connection, while
// its room is being walked: it only marks.
func (h *handler) OnClose(c gnet.Conn, _ error) gnet.Action {
	s, ok := c.Context().(*session)
	// Last: whoever waits for both must not find the connection gone and its session not yet departing.
	defer h.engine.open.Add(-1)
	if !ok {
		return gnet.None
	}
	if s.surplus {
		h.engine.surplus.Add(-1)
	}
	l := s.loop
	l.enter()
	wasOpen := s.open()
	s.state = stateClosed
	l.disown(s)
	if wasOpen {
		l.counters.closed(0)
		l.leave(s)
	}
	return gnet.None
}

// tickPeriod is how often laggards are fed and closing connections looked after.
const tickPeriod = 10 * time.Millisecond

// OnTick implements gnet.EventHandler. It runs on a goroutine of its own: it may only post.
func (h *handler) OnTick() (time.Duration, gnet.Action) {
	h.ticks++
	for _, l := range *h.engine.loops.Load() {
		if h.ticks%10 == 0 {
			l.inbox.post(event{kind: call, data: sweepCall})
		} else if l.counters.lagging.Load() > 0 || l.counters.winding.Load() > 0 {
			l.inbox.post(event{kind: call, data: nothingCall})
		}
	}
	if h.ticks%100 == 0 {
		h.engine.measure()
	}
	return tickPeriod, gnet.None
}

// What the ticker posts. They are made once: boxing a func for each post would allocate.
var (
	sweepCall   any = func(l *loop) { l.sweep() }
	nothingCall any = func(*loop) {} // the end of the turn does the work
)

// read takes what came in on a connection. Loop only.
func (l *loop) read(s *session) {
	switch s.state {
	case stateHead:
		l.readHead(s)
	case stateOpen:
		l.readFrames(s)
	default:
		_, _ = s.conn.Discard(-1)
	}
}

// readFrames takes all whole frames that are there. Loop only.
func (l *loop) readFrames(s *session) {
	if s.conn.InboundBuffered() < s.decoder.Need() {
		return
	}
	buf, err := s.conn.Peek(-1)
	if err != nil {
		return
	}
	used := 0
	for s.open() {
		ev, n, violation := s.decoder.Next(buf[used:], l.now+1)
		used += n
		if violation != nil {
			l.end(s, chat.CloseCode(violation.Code), violation.Reason, fateDetach, nil)
			break
		}
		if ev.Kind == wsproto.EventNone {
			break
		}
		l.frameIn(s, &ev)
	}
	l.counters.bytesIn.Add(uint64(used))
	switch {
	case s.state == stateClosed:
	case !s.open():
		_, _ = s.conn.Discard(-1)
	case used > 0:
		_, _ = s.conn.Discard(used)
	}
}

// frameIn takes one message or control frame. Loop only.
func (l *loop) frameIn(s *session, ev *wsproto.Event) {
	switch ev.Kind {
	case wsproto.EventText:
		l.event(s, ev.Payload)
	case wsproto.EventPing, wsproto.EventPong:
		if !l.control(s) {
			l.end(s, chat.ClosePolicyViolation, "too many control frames", fateDetach, nil)
			return
		}
		if ev.Kind == wsproto.EventPing {
			start := len(l.arena)
			l.arena = wsproto.AppendFrame(l.arena, wsproto.OpPong, ev.Payload)
			l.tellBytes(s, l.arena[start:len(l.arena):len(l.arena)])
		}
	case wsproto.EventClose:
		f := fateDetach
		if ev.Code == wsproto.CloseNormal {
			f = fateEnd
		}
		l.end(s, chat.CloseCode(ev.Code), "", f, nil)
	}
}

// quiet passes gnet's warnings and errors on to slog; the rest is its own affair.
type quiet struct{ logger *slog.Logger }

func (q quiet) Debugf(string, ...any) {}
func (q quiet) Infof(string, ...any)  {}
func (q quiet) Warnf(format string, args ...any) {
	q.logger.Debug(fmt.Sprintf(format, args...), slog.String("from", "gnet"))
}
func (q quiet) Errorf(format string, args ...any) {
	q.logger.Warn(fmt.Sprintf(format, args...), slog.String("from", "gnet"))
}
func (q quiet) Fatalf(format string, args ...any) {
	q.logger.Error(fmt.Sprintf(format, args...), slog.String("from", "gnet"))
}
