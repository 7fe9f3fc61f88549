package admin

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"time"
)

// getEvents streams the state of the cluster as server-sent events (WHATWG HTML, 9.2) until the
// client goes, its token ends or the node drains.
func (s *Server) getEvents(x *exchange) error {
	if s.streams.Add(1) > int64(s.cfg.MaxStreams) {
		s.streams.Add(-1)
		return errStreams
	}
	h := &x.ctx.Response.Header
	x.ctx.SetStatusCode(http.StatusOK)
	h.SetContentType("text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx passes each event on at once
	x.ctx.SetConnectionClose()
	x.ctx.Response.ImmediateHeaderFlush = true
	_ = x.ctx.SetWriteDeadline(time.Now().Add(s.cfg.WriteTimeout))
	x.ctx.SetBodyStream(&stream{
		sampler: s.sampler, conn: x.ctx.Conn(), timeout: s.cfg.WriteTimeout,
		expiry: time.NewTimer(time.Until(x.expires)), close: func() { s.streams.Add(-1) },
	}, -1)
	return nil
}

var _ io.ReadCloser = (*stream)(nil)

// stream is the body of one answer of /admin/events: Read waits for the next tick. fasthttp reads
// and writes it on the goroutine of the connection and closes it there. A reader that is slower
// than a second skips ticks, one that takes nothing for the write timeout is cut off, so a stream
// never holds more than one event. That the peer went shows at the write of the next event.
type stream struct {
	// Immutable after open.
	sampler *sampler
	conn    net.Conn
	timeout time.Duration
	expiry  *time.Timer
	close   func()

	// Owned by the connection's goroutine.
	last *tick // what was sent; nil at first
	rest bytes.Buffer
}

// Read gives the next bytes of the stream, io.EOF at its end.
func (s *stream) Read(p []byte) (int, error) {
	if s.rest.Len() == 0 && !s.advance() {
		return 0, io.EOF
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.timeout)); err != nil {
		return 0, err
	}
	return s.rest.Read(p)
}

// advance waits for the next tick and formats it; false at the end of the stream.
func (s *stream) advance() bool {
	wait := s.last
	if wait == nil {
		if first := s.sampler.latest(); len(first.data) == 0 {
			wait = first // the first sample is still on its way
		}
	}
	if wait != nil {
		select {
		case <-wait.next:
		case <-s.sampler.done:
			return false
		case <-s.expiry.C:
			return false
		}
	}
	var data []byte
	if s.last == nil {
		s.last, data = s.sampler.opening()
		s.rest.WriteString("retry: 2000\n")
	} else {
		s.last = s.sampler.latest()
		data = s.last.data
	}
	s.rest.WriteString("event: stats\ndata: ")
	s.rest.Write(data) // one line: JSON as encoding/json writes it has no line ends
	s.rest.WriteString("\n\n")
	return true
}

// Close frees the stream's place.
func (s *stream) Close() error {
	s.expiry.Stop()
	s.close()
	return nil
}
