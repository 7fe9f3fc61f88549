package nginx

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPageAndPathsThroughNginx(t *testing.T) {
	f := startFront(t, 1, false)
	page := f.get("/?secret")
	if page.StatusCode != http.StatusOK || !strings.Contains(page.Header.Get("Content-Security-Policy"), "default-src") {
		t.Errorf("page: %d, policy %q", page.StatusCode, page.Header.Get("Content-Security-Policy"))
	}
	for path, want := range map[string]int{
		"/api/health": 200, "/api/ready": 200, "/metrics": 404, "/admin": 308, "/admin/": 200,
		"/admin/servers": 401, "/nothing": 404, "/ws/../admin": 308, "/api/ready/x": 404,
	} {
		if got := f.get(path).StatusCode; got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
	if to := f.get("/admin").Header.Get("Location"); to != "/admin/" {
		t.Errorf("/admin leads to %q", to)
	}
	if got := f.get("/ws", "Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c").StatusCode; got != http.StatusUpgradeRequired {
		t.Errorf("h2c on /ws: %d, want 426", got)
	}
	until(t, "the requests are in the log", func() bool { return strings.Contains(f.accessLog(), `"GET /api/health"`) })
	if log := f.accessLog(); strings.Contains(log, "?") || strings.Contains(log, "secret") {
		t.Errorf("access log: %s", log)
	}
	if out, err := exec.Command("bash", filepath.Join(f.dir, "etc/healthcheck.sh")).CombinedOutput(); err != nil {
		t.Errorf("health check: %v\n%s", err, out)
	}
	f.nodes[0].Kill()
	if exec.Command("bash", filepath.Join(f.dir, "etc/healthcheck.sh")).Run() == nil {
		t.Error("the health check finds nothing wrong without any node")
	}
}

// TestPrivatePathsStayPrivate asks for what only the private listener has, in every spelling that one
// of the two might read in another way than the other.
func TestPrivatePathsStayPrivate(t *testing.T) {
	f := startFront(t, 1, false)
	for _, path := range []string{
		"/metrics", "//metrics", "/./metrics", "/%6detrics", "/admin/../metrics", "/admin/%2e%2e/metrics", "/admin/..%2fmetrics",
		"/admin/%252e%252e/metrics", "/admin//..//metrics", "/admin/x/..%2f..%2fmetrics", "/admin/..;/metrics", "/admin/..%5cmetrics",
		"/api/ready/../metrics", "/api/ready%2f..%2f..%2fmetrics", "/assets/../metrics", "/assets/..%2fmetrics",
	} {
		r := f.get(path)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode == http.StatusOK || strings.Contains(string(body), "chatroom_") {
			t.Errorf("GET %s: %d %.80q", path, r.StatusCode, body)
		}
	}
}

// TestAssets looks at what makes the page fast and keeps it whole while versions change.
func TestAssets(t *testing.T) {
	f := startFront(t, 3, false)
	html, err := io.ReadAll(f.get("/").Body)
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(html), `src="`)
	script, _, _ = strings.Cut(script, `"`)
	script = "/" + strings.TrimPrefix(script, "/")
	for accepted, want := range map[string]string{
		"gzip": "gzip", "br, gzip, zstd": "gzip", "deflate;q=0.5,gzip;q=0.8": "gzip", "": "", "br": "", "gzip;q=0": "", "gzip; q=0.0, br": "",
	} {
		asset := f.get(script, "Accept-Encoding", accepted)
		if asset.StatusCode != http.StatusOK || asset.Header.Get("Content-Encoding") != want || !strings.Contains(asset.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("asset %q, accepting %q: %d %v", script, accepted, asset.StatusCode, asset.Header)
		}
	}
	// Seven requests of two kinds: a node was asked twice, the cache answered the others.
	until(t, "all requests are in the log", func() bool { return strings.Count(f.accessLog(), script) == 7 })
	asked := 0
	for line := range strings.Lines(f.accessLog()) {
		if strings.Contains(line, script) && !strings.HasSuffix(line, " - -\n") {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("nodes were asked %d times, want 2:\n%s", asked, f.accessLog())
	}
	// What one node does not have may be of another version, so all are asked.
	if got := f.get("/assets/of-another-version.js").StatusCode; got != http.StatusNotFound {
		t.Errorf("missing asset: %d", got)
	}
	until(t, "all nodes were asked for a missing asset", func() bool { return strings.Contains(f.accessLog(), "404, 404, 404") })
}

func (f *front) accessLog() string { return f.read(filepath.Join(f.dir, "access.log")) }

// TestEventStreamIsNotHeldBack reads the operators' stream: an event a second must come each second.
func TestEventStreamIsNotHeldBack(t *testing.T) {
	f := startFront(t, 1, false)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	login, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+f.addr()+"/admin/login",
		strings.NewReader(`{"username":"admin","password":"`+password+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	login.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(login)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var session struct{ Token string }
	if err := json.NewDecoder(answer.Body).Decode(&session); err != nil || session.Token == "" {
		t.Fatalf("login: %d, %v", answer.StatusCode, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.addr()+"/admin/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+session.Token)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	// The stream never ends: a proxy that gathers would hand out nothing before its buffer is full.
	lines := bufio.NewScanner(stream.Body)
	lines.Buffer(nil, 1<<20)
	for events := 0; events < 3; {
		if !lines.Scan() {
			t.Fatalf("the stream ended after %d events: %v", events, lines.Err())
		}
		if lines.Text() == "event: stats" {
			events++
		}
	}
	if strings.Contains(f.accessLog(), session.Token) {
		t.Error("a token stands in the log")
	}
}
