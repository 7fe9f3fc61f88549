package admin

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/valyala/fasthttp"
)

// exchange is one request and its answer. It lives as long as the handler runs, on its goroutine.
type exchange struct {
	ctx     *fasthttp.RequestCtx
	id      string     // of the request, in the logs and in X-Request-Id
	client  netip.Addr // canonical; who asks, seen through trusted proxies
	route   *route
	param   string     // the last segment of the path, where the route has one
	query   url.Values // set when the token is good
	user    string     // of a valid token, else ""
	expires time.Time
	blind   bool // the cluster did not answer when it was asked for the limits
}

// attrs are what every log line about the request begins with.
func (x *exchange) attrs(more ...slog.Attr) []slog.Attr {
	attrs := []slog.Attr{slog.String("request", x.id), slog.String("ip", x.client.String())}
	if x.user != "" {
		attrs = append(attrs, slog.String("by", x.user))
	}
	return append(attrs, more...)
}

// json answers 200 with a value.
func (x *exchange) json(v any) error {
	writeJSON(x.ctx, http.StatusOK, v)
	return nil
}

func writeJSON(ctx *fasthttp.RequestCtx, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // none of the values of this package can fail
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"INTERNAL","message":"The answer could not be encoded."}}`)
	}
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json; charset=utf-8")
	ctx.SetBody(body)
}

// secure sets what every answer carries. An answer is never cached, sniffed, framed or run.
func secure(h *fasthttp.ResponseHeader) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// cut shortens a text from outside for a log line.
func cut(s string, limit int) string {
	if len(s) > limit {
		return s[:limit] + "…"
	}
	return s
}
