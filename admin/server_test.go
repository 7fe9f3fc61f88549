package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// files is a dashboard of two files.
type files struct{}

func (files) Respond(path, acceptEncoding, ifNoneMatch string) (int, [][2]string, []byte) {
	switch {
	case path == "/admin/" && ifNoneMatch == `"1"`:
		return http.StatusNotModified, [][2]string{{"ETag", `"1"`}}, nil
	case path == "/admin/":
		return http.StatusOK, [][2]string{{"Content-Type", "text/html; charset=utf-8"}, {"ETag", `"1"`}, {"Content-Security-Policy", "default-src 'self'"}}, []byte("<!doctype html>")
	case path == "/admin/app.js":
		return http.StatusOK, [][2]string{{"Content-Type", "text/javascript"}, {"Content-Encoding", acceptEncoding}}, []byte("js")
	}
	return http.StatusNotFound, nil, nil
}

func TestPages(t *testing.T) {
	f := startWith(t, newMemory(), files{}, nil)
	a := f.do(call{path: "/admin/"})
	if a.status != http.StatusOK || string(a.body) != "<!doctype html>" || a.header.Get("Content-Security-Policy") != "default-src 'self'" ||
		len(a.header.Values("Content-Security-Policy")) != 1 || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := f.do(call{path: "/admin/", header: map[string]string{"If-None-Match": `"1"`}}); a.status != http.StatusNotModified || len(a.body) > 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.do(call{path: "/admin/app.js?v=1", header: map[string]string{"Accept-Encoding": "br"}}); a.status != http.StatusOK || a.header.Get("Content-Encoding") != "br" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a := f.do(call{path: "/admin/nothing.js"}); a.status != http.StatusNotFound || a.code(t) != "NOT_FOUND" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.do(call{path: "/admin"}); a.status != http.StatusPermanentRedirect || a.header.Get("Location") != "/admin/" {
		t.Errorf("%d %v", a.status, a.header)
	}
	for range 30 { // files are not limited
		if a := f.do(call{path: "/admin/"}); a.status != http.StatusOK {
			t.Fatalf("%d", a.status)
		}
	}
}

func TestDraining(t *testing.T) {
	f := startWith(t, newMemory(), files{}, nil)
	token := f.login()
	f.server.Drain()
	for _, path := range []string{"/admin/servers", "/admin/", "/admin/events", "/admin/openapi.json"} {
		if a := f.do(call{path: path, token: token}); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := f.do(call{path: "/ready"}); a.status != http.StatusServiceUnavailable || a.code(t) != "NOT_READY" {
		t.Errorf("ready: %d", a.status)
	}
	for _, path := range []string{"/health", "/metrics"} {
		if a := f.do(call{path: path}); a.status != http.StatusOK {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestShutdownWaitsForRequests(t *testing.T) {
	f := start(t, func(c *Config) { c.CallTimeout = patience })
	token := f.login()
	hold := make(chan struct{})
	f.node.set(func(m *memory) { m.hold = hold })
	status := make(chan int, 1)
	go func() {
		request, _ := http.NewRequest("GET", f.base+"/admin/servers", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := f.client.Do(request)
		if err != nil {
			status <- 0
			return
		}
		response.Body.Close()
		status <- response.StatusCode
	}()
	arrived := func() bool { return strings.Contains(f.inFlight(), `user:root`) }
	eventually(t, "the request arrives", arrived)
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- f.server.Shutdown(ctx)
	}()
	eventually(t, "it drains", f.server.draining.Load)
	close(hold)
	if s := <-status; s != http.StatusOK {
		t.Errorf("the request under way: %d", s)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	select {
	case err := <-f.server.Failed():
		t.Errorf("it calls that a failure: %v", err)
	default:
	}
}

// inFlight names the windows in which requests were counted.
func (f *fixture) inFlight() string {
	f.node.mu.Lock()
	defer f.node.mu.Unlock()
	var keys []string
	for k := range f.node.windows {
		keys = append(keys, k)
	}
	return strings.Join(keys, " ")
}

func TestShutdownDoesNotWaitForever(t *testing.T) {
	f := start(t, func(c *Config) { c.CallTimeout = patience })
	f.node.set(func(m *memory) { m.hold = make(chan struct{}) })
	token := forge(goodHeader, goodClaims(), testSecret)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		request, _ := http.NewRequest("GET", f.base+"/admin/servers", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		if response, err := f.client.Do(request); err == nil {
			response.Body.Close()
		}
	}()
	eventually(t, "the request arrives", func() bool { return strings.Contains(f.inFlight(), `user:root`) })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := f.server.Shutdown(ctx); err == nil {
		t.Error("it says that it waited")
	}
	<-gone
}

func TestPanicsStayInTheirRequest(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	f.server.node = broken{f.node}
	a := f.do(call{path: "/admin/bans", token: token})
	if a.status != http.StatusInternalServerError || a.code(t) != "INTERNAL" || strings.Contains(string(a.body), "broken") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.do(call{path: "/health"}); a.status != http.StatusOK {
		t.Errorf("afterwards: %d", a.status)
	}
	if !strings.Contains(f.log.String(), "admin handler panicked") {
		t.Error("nobody is told")
	}
}

type broken struct{ *memory }

func (broken) Bans(context.Context) ([]chat.Ban, error) { panic("broken") }

// Every line of the log is one JSON object, whatever was sent, and lines that strangers provoke are
// bounded.
func TestLogs(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	f.do(call{method: "DELETE", path: "/admin/client/10000?reason=caf%C3%A9%20%22x%22", token: token})
	for i := range 100 {
		f.do(call{path: "/admin/servers", token: "bad", from: "198.51." + string(rune('0'+i%10)) + "." + string(rune('0'+i/10))})
		f.raw("\x1b[31m\nlevel=ERROR msg=forged\r\n\r\n")
	}
	text := f.log.String()
	kinds := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kinds[l["msg"].(string)]++
	}
	if kinds["admin login"] != 1 || kinds["admin action"] != 1 {
		t.Errorf("%v", kinds)
	}
	for kind, n := range kinds {
		if n > 2*repeatsPerMinute {
			t.Errorf("%s: %d lines", kind, n)
		}
	}
	for _, secret := range []string{testPass, testSecret, token, "forged", "\x1b"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(text, `"request":"`) || !strings.Contains(text, `"reason":"café \"x\""`) {
		t.Error("an action without its request id or its reason")
	}
}

func TestRepeatsNameWhatTheyLeftOut(t *testing.T) {
	f := start(t, nil)
	c := &clock{time.Unix(1000, 0)}
	f.server.repeats.now = c.now
	for range repeatsPerMinute + 7 {
		f.server.repeats.write(8, "test line")
	}
	c.at = c.at.Add(repeatPeriod)
	f.server.repeats.write(8, "test line")
	if n := strings.Count(f.log.String(), "test line"); n != repeatsPerMinute+1 {
		t.Errorf("%d lines", n)
	}
	if !strings.Contains(f.log.String(), `"suppressed":7`) {
		t.Error("what was left out is not named")
	}
}
