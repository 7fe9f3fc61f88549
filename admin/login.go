package admin

import (
	"bytes"
	"log/slog"
	"mime"
	"time"

	"chatroom/internal/chat"

	"github.com/valyala/fasthttp"
)

// loginAnswer is the answer of POST /admin/login.
type loginAnswer struct {
	Token     string `json:"token"`
	ExpiresAt int64  `json:"expiresAt"` // Unix milliseconds
}

// postLogin trades a user name and a password for a token.
func (s *Server) postLogin(x *exchange) error {
	if err := jsonBody(&x.ctx.Request.Header); err != nil {
		return err
	}
	fields, err := decodeStrings(x.ctx.PostBody(), "username", "password")
	if err != nil {
		return errBadLogin
	}
	user := fields["username"]
	ctx, cancel := s.callContext()
	defer cancel()
	ok, err := s.creds.check(ctx, user, fields["password"])
	if err != nil {
		return errLoginBusy
	}
	// A name that is not the operator's is not repeated anywhere: people type passwords there.
	by := ""
	if s.creds.isUser(user) {
		by = s.cfg.User
	}
	if !ok {
		s.metrics.logins.refused.Add(1)
		s.repeats.write(slog.LevelWarn, "admin login failed", x.attrs(slog.Bool("knownUser", by != ""))...)
		s.audit(x, chat.AuditEntry{By: by, Action: "login", Result: "refused"})
		return errLogin
	}
	token, expires, err := s.tokens.issue(time.Now())
	if err != nil {
		return err
	}
	s.metrics.logins.ok.Add(1)
	s.log.LogAttrs(x.ctx, slog.LevelInfo, "admin login", x.attrs(slog.String("user", by))...)
	s.audit(x, chat.AuditEntry{By: by, Action: "login", Result: "ok"})
	return x.json(loginAnswer{Token: token, ExpiresAt: expires.UnixMilli()})
}

// jsonBody refuses a body that says it is something else than JSON in UTF-8; one that says nothing
// is taken by its contents.
func jsonBody(h *fasthttp.RequestHeader) error {
	values := h.PeekAll(fasthttp.HeaderContentType)
	if len(values) == 0 || len(values) == 1 && len(bytes.TrimSpace(values[0])) == 0 {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(string(values[0]))
	if len(values) > 1 || err != nil || mediaType != "application/json" {
		return errMediaType
	}
	if charset, ok := params["charset"]; ok && !bytes.EqualFold([]byte(charset), []byte("utf-8")) {
		return errMediaType
	}
	if len(h.Peek(fasthttp.HeaderContentEncoding)) > 0 {
		return errMediaType
	}
	return nil
}

// audit records what an operator did or tried. A failure is logged: the action itself stands.
func (s *Server) audit(x *exchange, entry chat.AuditEntry) {
	entry.At, entry.IP = time.Now().UnixMilli(), x.client.String()
	ctx, cancel := s.callContext()
	defer cancel()
	if err := s.node.AppendAudit(ctx, entry); err != nil {
		s.repeats.write(slog.LevelError, "admin audit entry is lost", x.attrs(slog.String("action", entry.Action),
			slog.String("target", entry.Target), slog.String("result", entry.Result), slog.Any("error", err))...)
	}
}
