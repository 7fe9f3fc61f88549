package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// getHealth says that the process lives. It is not affected by draining: a node that is stopping
// must not be killed for that.
func (s *Server) getHealth(x *exchange) error {
	return x.json(struct {
		Uptime    int64  `json:"uptime"` // seconds
		Message   string `json:"message"`
		Timestamp int64  `json:"timestamp"` // Unix milliseconds
	}{int64(s.node.Uptime() / time.Second), "OK", time.Now().UnixMilli()})
}

// getReady says whether the node should get new connections.
func (s *Server) getReady(x *exchange) error {
	why := s.node.Ready()
	if why == "" && s.draining.Load() {
		why = "The node is stopping."
	}
	if why != "" {
		return &Error{Status: http.StatusServiceUnavailable, Code: "NOT_READY", Message: why, RetryAfter: 1}
	}
	return x.json(struct {
		Ready bool `json:"ready"`
	}{true})
}

// CheckHealth asks a node whether it is well: url is that of its /health or /ready. It returns nil
// for the status 200. It follows no redirect and uses no proxy. Any goroutine.
func CheckHealth(ctx context.Context, url string) error {
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("admin: health: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("admin: health: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("admin: health: the node answered %s", response.Status)
	}
	return nil
}
