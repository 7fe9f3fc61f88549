package engine

import (
	"bytes"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// keepAlive is how long a connection may idle behind an answered request.
const keepAlive = 15 * time.Second

// readHead takes HTTP requests until one of them becomes a WebSocket. Requests behind one another
// are answered in order. Loop only.
func (l *loop) readHead(s *session) {
	for s.state == stateHead {
		buf, err := s.conn.Peek(-1)
		if err != nil || len(buf) == 0 {
			return
		}
		end, next, refusal := l.engine.wire.FindHead(buf, int(s.pinged))
		if refusal == nil && end == 0 {
			s.pinged = int64(next)
			return
		}
		s.pinged = 0
		if s.kept && s.conn.OutboundBuffered() >= lagBytes {
			// Whoever asks on without reading would have the answers kept here.
			l.wind(s, keepAlive.Milliseconds())
			_, _ = s.conn.Discard(-1)
			return
		}
		if refusal == nil {
			var request wsproto.Request
			if request, refusal = l.engine.wire.ParseRequest(buf[:end]); refusal == nil {
				l.serve(s, &request)
			}
		}
		if refusal != nil {
			l.counters.handshakes[handshakeBad].Add(1)
			l.refuse(s, refusal)
		}
		if s.state == stateClosed {
			return
		}
		if s.state == stateClosing {
			end = len(buf)
		}
		l.counters.bytesIn.Add(uint64(end))
		_, _ = s.conn.Discard(end)
	}
	if s.open() && s.conn.InboundBuffered() > 0 {
		l.readFrames(s) // frames in the same packet as the head
	}
}

// serve answers one request. Loop only.
func (l *loop) serve(s *session, r *wsproto.Request) {
	if l.engine.draining.Load() {
		l.refuseWith(s, handshakeDraining, http.StatusServiceUnavailable, "the server is going away", retryAfter(5))
		return
	}
	switch string(r.Path) {
	case "/ws":
		l.upgrade(s, r)
	case "/health":
		l.serveHealth(s, r)
	default:
		l.servePage(s, r)
	}
}

// upgrade makes a connection a WebSocket and a chat session. Loop only.
func (l *loop) upgrade(s *session, r *wsproto.Request) {
	e := l.engine
	if refusal := wsproto.CheckUpgrade(r); refusal != nil {
		l.counters.handshakes[handshakeBad].Add(1)
		l.refuse(s, refusal)
		return
	}
	addr := e.client(s.ip(), r)
	s.address = addr.As16()
	switch {
	case !e.allowed(r):
		l.refuseWith(s, handshakeForbidden, http.StatusForbidden, "this origin is not allowed")
		return
	case s.surplus:
		l.refuseWith(s, handshakeCapacity, http.StatusServiceUnavailable, "the server is full", retryAfter(10))
		return
	}
	if retry := e.doorman.admit(addr, monotonic()); retry > 0 {
		l.refuseWith(s, handshakeLimited, http.StatusTooManyRequests, "too many connections", retryAfter(retrySeconds(retry)))
		return
	}
	banned := e.dir.Banned(addr.String())
	var m chat.Member
	if !banned {
		var ok bool
		if m, ok = e.dir.Open(addr.String()); !ok {
			l.refuseWith(s, handshakeCapacity, http.StatusServiceUnavailable, "the server is full", retryAfter(10))
			return
		}
	}
	protocol := ""
	if r.Offers(chat.Subprotocol) {
		protocol = chat.Subprotocol
	}
	start := len(l.arena)
	l.arena = wsproto.AppendUpgrade(l.arena, r, protocol)
	s.state = stateOpen
	s.pinged = l.now - l.random.Int64N(e.cfg.Heartbeat.Milliseconds()) // spreads the pings of a storm
	l.tellBytes(s, l.arena[start:len(l.arena):len(l.arena)])
	if banned {
		l.counters.handshakes[handshakeBanned].Add(1)
		l.end(s, chat.CloseBanned, "banned", fateNone, &chat.Failure{
			Code: chat.Banned, Message: "You are banned.", BanCode: chat.BanCode,
		})
		return
	}
	l.counters.handshakes[handshakeOK].Add(1)
	l.counters.sessions.Add(1)
	s.counted = true
	l.greet(s, m)
}

func retryAfter(seconds int64) string { return "Retry-After: " + strconv.FormatInt(seconds, 10) }

// serveHealth answers GET /health. Loop only.
func (l *loop) serveHealth(s *session, r *wsproto.Request) {
	if !isRead(r) {
		l.refuseWith(s, handshakeBad, http.StatusMethodNotAllowed, "method not allowed", "Allow: GET, HEAD")
		return
	}
	now := l.engine.cfg.Now()
	body := `{"uptime":` + strconv.FormatInt(int64(now.Sub(l.engine.started)/time.Second), 10) +
		`,"message":"OK","timestamp":` + strconv.FormatInt(now.UnixMilli(), 10) + `}`
	response := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n" +
		"X-Content-Type-Options: nosniff\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	l.respond(s, r, []byte(response))
}

// servePage answers what the pages know. Loop only.
func (l *loop) servePage(s *session, r *wsproto.Request) {
	if l.engine.pages != nil {
		response, ok := l.engine.pages.Respond(string(r.Path), string(r.AcceptEncoding), string(r.IfNoneMatch))
		switch {
		case ok && isRead(r):
			l.respond(s, r, response)
			return
		case ok:
			l.refuseWith(s, handshakeBad, http.StatusMethodNotAllowed, "method not allowed", "Allow: GET, HEAD")
			return
		}
	}
	l.refuseWith(s, handshakeBad, http.StatusNotFound, "not found")
}

func isRead(r *wsproto.Request) bool {
	return string(r.Method) == http.MethodGet || string(r.Method) == http.MethodHead
}

// respond writes a response and keeps the connection, unless the client wants it closed. Loop only.
func (l *loop) respond(s *session, r *wsproto.Request, response []byte) {
	if string(r.Method) == http.MethodHead {
		if head := bytes.Index(response, []byte("\r\n\r\n")); head >= 0 {
			response = response[:head+4]
		}
	}
	s.kept = true
	l.write(s, response)
	if r.ConnectionClose {
		l.wind(s, keepAlive.Milliseconds())
	}
}

// refuse answers a request with an error and closes. Loop only.
func (l *loop) refuse(s *session, refusal *wsproto.HandshakeError) {
	l.write(s, refusal.Append(nil))
	l.wind(s, lingerTime)
}

func (l *loop) refuseWith(s *session, result handshakeResult, status int, reason string, headers ...string) {
	l.counters.handshakes[result].Add(1)
	l.write(s, wsproto.AppendError(nil, status, reason, headers...))
	l.wind(s, lingerTime)
}

// client finds the address of the client behind trusted proxies: the right-most hop that is not
// one of them. What stands further left is the client's own tale. Any goroutine.
func (e *Engine) client(peer netip.Addr, r *wsproto.Request) netip.Addr {
	if !e.trusts(peer) {
		return peer
	}
	addr, hops := peer, 0
	r.Hops(func(hop []byte) bool {
		next, err := netip.ParseAddr(string(hop))
		if err != nil {
			return false // a tale begins here; the last proxy is all that is known
		}
		hops++
		addr = next.Unmap().WithZone("")
		return e.trusts(addr)
	})
	if hops == 0 && r.RealIP != nil {
		if real, err := netip.ParseAddr(string(r.RealIP)); err == nil {
			return real.Unmap().WithZone("")
		}
	}
	return addr
}

func (e *Engine) trusts(addr netip.Addr) bool {
	for _, p := range e.cfg.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// allowed reports whether the page that asks may: any program without Origin, a listed origin, or
// by default a page of the same host (RFC 6455 section 10.2: a browser lets any page connect).
func (e *Engine) allowed(r *wsproto.Request) bool {
	if r.Origin == nil {
		return true
	}
	if len(e.origins) > 0 {
		return e.origins[canonicalOrigin(string(r.Origin))]
	}
	u, ok := parseOrigin(string(r.Origin))
	return ok && sameHost(u, string(r.Host))
}

// sameHost compares an origin with a Host field. A port that is the scheme's own may be left out.
func sameHost(u *url.URL, host string) bool {
	h, err := url.Parse(u.Scheme + "://" + host)
	return err == nil && strings.EqualFold(withPort(u), withPort(h))
}

func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Hostname() + ":" + port
}

func parseOrigin(origin string) (*url.URL, bool) {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return nil, false
	}
	return u, true
}

func validOrigin(origin string) bool {
	_, ok := parseOrigin(origin)
	return ok
}

// canonicalOrigin writes an origin in one way: lower case, with its port.
func canonicalOrigin(origin string) string {
	u, ok := parseOrigin(origin)
	if !ok {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + withPort(u))
}
