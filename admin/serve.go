package admin

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strconv"

	"github.com/valyala/fasthttp"
)

// serve answers one request.
func (s *Server) serve(ctx *fasthttp.RequestCtx) {
	x := &exchange{ctx: ctx, id: s.prefix + strconv.FormatUint(s.requests.Add(1), 36)}
	secure(&ctx.Response.Header)
	ctx.Response.Header.Set("X-Request-Id", x.id)
	defer func() {
		if p := recover(); p != nil {
			s.log.LogAttrs(ctx, slog.LevelError, "admin handler panicked",
				x.attrs(slog.Any("panic", p), slog.String("stack", string(debug.Stack())))...)
			errInternal.write(ctx)
			ctx.SetConnectionClose()
		}
		s.metrics.count(x)
	}()
	x.client = clientAddress(peerAddress(ctx.RemoteAddr()), s.cfg.TrustedProxies, headerLines(ctx, fasthttp.HeaderXForwardedFor),
		string(ctx.Request.Header.Peek("X-Real-Ip")))
	if err := s.dispatch(x); err != nil {
		answer, internal := asError(err)
		if internal {
			s.repeats.write(slog.LevelError, "admin request failed", x.attrs(slog.String("route", x.route.name), slog.Any("error", err))...)
		}
		answer.write(ctx)
	}
}

// dispatch checks a request from the outside in: framing, path, method, token, limits.
func (s *Server) dispatch(x *exchange) error {
	h := &x.ctx.Request.Header
	if err := framing(h); err != nil {
		closeAfter(x.ctx)
		return err
	}
	target, query, _ := bytes.Cut(h.RequestURI(), []byte{'?'})
	route, param := s.routes.find(string(target))
	if route == nil || route.admin && s.creds == nil {
		return errNotFound
	}
	x.route, x.param = route, param
	handle, ok := route.methods[string(h.Method())]
	if !ok {
		x.ctx.Response.Header.Set(fasthttp.HeaderAllow, route.allow())
		return errMethod
	}
	if route.admin && s.draining.Load() {
		x.ctx.SetConnectionClose()
		return errDraining
	}
	if err := s.admit(x); err != nil {
		return err
	}
	if route.token {
		var err error
		if x.query, err = parseQuery(string(query)); err != nil {
			return err
		}
	}
	return handle(s, x)
}

// admit applies the token and the rate limits.
func (s *Server) admit(x *exchange) error {
	if !x.route.limited {
		return nil
	}
	user, expires, err := s.tokens.verify(bearer(&x.ctx.Request.Header))
	if err == nil {
		x.user, x.expires = user, expires
	}
	ctx, cancel := context.WithTimeout(s.ctx, min(s.cfg.CallTimeout, maxLimitTime))
	defer cancel()
	var v verdict
	if x.user != "" {
		v = s.limits.user(ctx, x.user)
	} else {
		v = s.limits.anonymous(ctx, limitKey(x.client))
	}
	x.blind = v.blind
	switch {
	case !v.ok:
		s.repeats.write(slog.LevelWarn, "admin request over its rate limit", x.attrs(slog.String("limit", v.layer), slog.String("route", x.route.name))...)
		return errRateLimited(v.wait)
	case v.blind && !x.route.token:
		// Without the cluster's window an attacker could try passwords at every node in turn.
		return errUnavailable
	case x.route.token && x.user == "":
		s.repeats.write(slog.LevelWarn, "admin request without a valid token", x.attrs(slog.String("route", x.route.name))...)
		return errUnauthorized
	}
	return nil
}

// bearer returns the token of the only Authorization header, "" when there is none of that shape.
func bearer(h *fasthttp.RequestHeader) string {
	values := h.PeekAll(fasthttp.HeaderAuthorization)
	if len(values) != 1 {
		return ""
	}
	token, ok := bytes.CutPrefix(values[0], []byte("Bearer "))
	if !ok {
		return ""
	}
	return string(token)
}

// framing refuses what two HTTP programs could cut into requests at different places (RFC 9112,
// 2.2, 5.2, 6.1 and 11.2): folded lines, line feeds alone, a length together with a coding. fasthttp
// refuses two lengths, unknown codings and blanks before colons itself, but takes these. No request
// of this API needs a coding. The lines are read as they came, because fasthttp replaces a coding by
// the length that it found.
func framing(h *fasthttp.RequestHeader) *Error {
	if h.IsHTTP11() && len(h.Host()) == 0 { // RFC 9112, 3.2
		return errBadRequest
	}
	length, coding := false, false
	for line := range bytes.Lines(h.RawHeaders()) {
		if line[0] == ' ' || line[0] == '\t' || !bytes.HasSuffix(line, []byte("\r\n")) {
			return errBadRequest
		}
		name, _, _ := bytes.Cut(line, []byte{':'})
		length = length || bytes.EqualFold(name, []byte(fasthttp.HeaderContentLength))
		coding = coding || bytes.EqualFold(name, []byte(fasthttp.HeaderTransferEncoding))
	}
	switch {
	case coding && length:
		return errBadRequest
	case coding:
		return errLength
	}
	return nil
}

// unreadable answers what was no readable request. The connection is closed afterwards.
func (s *Server) unreadable(ctx *fasthttp.RequestCtx, err error) {
	x := &exchange{ctx: ctx, id: s.prefix + strconv.FormatUint(s.requests.Add(1), 36), client: peerAddress(ctx.RemoteAddr())}
	secure(&ctx.Response.Header)
	ctx.Response.Header.Set("X-Request-Id", x.id)
	closeAfter(ctx)
	answer := errBadRequest
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.As(err, &small):
		answer = errHeadTooLarge
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		answer = errTooLarge
	case errors.As(err, &timeout) && timeout.Timeout():
		answer = errTimeout
	}
	s.repeats.write(slog.LevelDebug, "admin request was unreadable", x.attrs(slog.Int("status", answer.Status))...)
	answer.write(ctx)
	s.metrics.count(x)
}

// closeAfter ends the connection behind the answer, so that the peer still gets it.
func closeAfter(ctx *fasthttp.RequestCtx) {
	ctx.SetConnectionClose()
	if c, ok := ctx.Conn().(*conn); ok {
		c.linger = true
	}
}

// callContext bounds one call to the Node.
func (s *Server) callContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, s.cfg.CallTimeout)
}

// readContext bounds one call that only reads. When the cluster has just been silent for the whole
// time of the limits, an operator is not kept waiting for long once more; what is near, or in another
// shard, is still read.
func (s *Server) readContext(x *exchange) (context.Context, context.CancelFunc) {
	if !x.blind {
		return s.callContext()
	}
	return context.WithTimeout(s.ctx, min(s.cfg.CallTimeout, maxBlindTime))
}

func headerLines(ctx *fasthttp.RequestCtx, name string) []string {
	values := ctx.Request.Header.PeekAll(name)
	lines := make([]string, len(values))
	for i, v := range values {
		lines[i] = string(v)
	}
	return lines
}

// randomPrefix sets the request ids of one process apart from those of another.
func randomPrefix() string {
	b := make([]byte, 4)
	rand.Read(b)
	return hex.EncodeToString(b) + "-"
}

// fasthttpLog takes what fasthttp has to say about connections.
type fasthttpLog struct{ repeats *repeats }

// Printf writes one line.
func (l fasthttpLog) Printf(format string, args ...any) {
	l.repeats.write(slog.LevelDebug, "admin connection", slog.String("detail", cut(fmt.Sprintf(format, args...), 256)))
}
