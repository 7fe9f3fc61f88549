package nodetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"chatroom/internal/config"
	"chatroom/internal/node"
)

// pages is a log that is read while it is written.
type pages struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (p *pages) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Write(b)
}

func (p *pages) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.String()
}

// startLogged runs a node whose whole log, the least important lines included, goes to handler.
func startLogged(t *testing.T, handler slog.Handler, args ...string) *Node {
	t.Helper()
	args = append([]string{"--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--admin-user", User, "--admin-pass", Password,
		"--jwt-secret", Secret, "--trusted-proxies", "127.0.0.1/32", "--handshake-rate", "0", "--drain", "0s"}, args...)
	s, err := config.Parse(args, nil, t.Output(), node.Check)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(handler)
	log.Info("settings", "settings", &s)
	n, err := node.Start(t.Context(), s, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := n.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return &Node{Node: n, t: t}
}

// What strangers say in the test of the logs, and never stands in them.
const (
	forgedLine = "msg=forged level=ERROR"
	saidText   = "what people say to each other"
	triedPass  = "tr0ub4dor and 3"
)

// strangers throw everything at a node that a log could repeat.
func strangers(t *testing.T, n *Node) {
	t.Helper()
	shout := func(address, words string, reset bool) {
		c, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(c, words)
		if reset {
			_ = c.(*net.TCPConn).SetLinger(0)
			return
		}
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
	}
	private := strings.TrimPrefix(n.API(), "http://")
	hostile := "\x1b[31m\n" + forgedLine + "\n\x00\xff\u202e"
	for i := range 60 {
		for _, address := range []string{n.Addr().String(), private} {
			shout(address, hostile+"\r\n\r\n", false)
			shout(address, "GET /ws HTTP/1.1\r\nHost: x\r\nUser-Agent: "+hostile+"\r\n\r\n", false)
			shout(address, "GET /"+strings.Repeat("A", 10_000)+" HTTP/1.1\r\nHost: x\r\n\r\n", false)
			shout(address, "\x16\x03\x01\x02\x00"+strings.Repeat("\x8a", 600), i%2 == 0)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.API()+"/admin/login",
			strings.NewReader(fmt.Sprintf(`{"username":%q,"password":%q}`, "\x1b[1m"+forgedLine, triedPass)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	c := Dial(t, n)
	c.Create("Strangers")
	c.Say("1", saidText)
	for _, frame := range []string{"null", `{"type":"\u001b[31m` + forgedLine + `"}`, `{"type":"RESUME","session":"` + c.Welcome.Text("session") + `"}`} {
		c.Send("%s", frame)
		c.Expect("ERROR")
	}
}

// secrets must never be in a log.
func secrets(t *testing.T, log string, more ...string) {
	t.Helper()
	for _, secret := range append(more, Password, Secret, triedPass, saidText, forgedLine, "\x1b", "AAAAAAAAAAAAAAAA") {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// bounded fails when a kind of line stands in a log more often than strangers may provoke it.
func bounded(t *testing.T, kinds map[string]int) {
	t.Helper()
	for kind, n := range kinds {
		if n > 60 { // 20 a minute; a slow machine needs more than one for the test
			t.Errorf("%q was logged %d times", kind, n)
		}
	}
	t.Logf("%v", kinds)
}

func TestLogsAreOneSafeLineEach(t *testing.T) {
	log := &pages{}
	n := startLogged(t, slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	token := Login(t, n)
	c := Dial(t, n)
	known(t, n, token, c.ID())
	if a := ask(t, n, token, http.MethodDelete, fmt.Sprintf("/admin/client/%d?ban=10m&reason=%%22loud%%22%%20%%3Cb%%3E", c.ID())); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	} else if request := a.header.Get("X-Request-Id"); request == "" || !strings.Contains(log.String(), `"request":"`+request+`"`) {
		t.Errorf("the action %q is not found in the log", request)
	}
	strangers(t, n)
	secrets(t, log.String(), token, c.Welcome.Text("session"))
	kinds := map[string]int{}
	for line := range strings.Lines(log.String()) {
		var l struct{ Level, Msg, Reason string }
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Level == "" || l.Msg == "" {
			t.Fatalf("%q: %v", line, err)
		}
		kinds[l.Msg]++
		if l.Reason != "" && l.Reason != `"loud" <b>` {
			t.Errorf("the reason became %q", l.Reason)
		}
	}
	if kinds["admin action"] != 1 || kinds["admin login"] != 1 {
		t.Error("what the operator did is not there once")
	}
	bounded(t, kinds)
}

// TestTextLogsAreOneSafeLineEach is the same for the format of terminals.
func TestTextLogsAreOneSafeLineEach(t *testing.T) {
	log := &pages{}
	n := startLogged(t, slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	strangers(t, n)
	secrets(t, log.String())
	for line := range strings.Lines(log.String()) {
		if !strings.HasPrefix(line, "time=") || !strings.Contains(line, " level=") || !strings.HasSuffix(line, "\n") {
			t.Errorf("%q", line)
		}
	}
}

// TestAnOutageIsSaidWithoutThePassword: what goes wrong with Redis is said a few times, and without
// the password in its address.
func TestAnOutageIsSaidWithoutThePassword(t *testing.T) {
	t.Parallel()
	const hidden = "hunter2hunter2"
	redis := Redis(t)
	if reply, err := redis.Command("CONFIG", "SET", "requirepass", hidden); err != nil || reply != "+OK" {
		t.Fatal(reply, err)
	}
	log := &pages{}
	n := startLogged(t, slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}), "--redis-url", "redis://:"+hidden+"@"+redis.Addr())
	token := Login(t, n)
	c := Dial(t, n)
	c.Create("Tea")
	redis.Kill()
	var asked sync.WaitGroup // each waits for Redis
	for i := range 60 {
		c.Send(`{"type":"SEND_MESSAGE","id":"%d","text":%q}`, i, saidText)
		asked.Go(func() {
			if a := ask(t, n, token, http.MethodGet, "/admin/clients"); a.status != http.StatusServiceUnavailable {
				t.Errorf("without Redis: %d %s", a.status, a.body)
			}
		})
	}
	asked.Wait()
	Eventually(t, "it is not ready", func() bool { return n.Ready() != "" })
	Eventually(t, "the outage is in the log", func() bool { return strings.Contains(log.String(), "the lease can't be renewed") })
	secrets(t, log.String(), hidden, token)
	kinds := map[string]int{}
	for line := range strings.Lines(log.String()) {
		var l struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kinds[l.Msg]++
	}
	bounded(t, kinds)
}
