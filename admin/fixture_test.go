package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	testUser   = "root"
	testPass   = "correct horse battery staple"
	testSecret = "0123456789abcdef0123456789abcdef"
	patience   = 30 * time.Second
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp keeps one goroutine for the Date header for the life of the process.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		// It ends within workerIdle of Shutdown, asleep until then.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// lines is a log that a test can read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// fixture is a listener that serves, with the proxy 127.0.0.1 trusted so that a test can come from
// any address.
type fixture struct {
	*testing.T
	server *Server
	node   *memory
	log    *lines
	base   string
	client *http.Client
}

// start serves on a free port until the test ends.
func start(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	return startWith(t, newMemory(), nil, change)
}

func startWith(t *testing.T, node *memory, pages Pages, change func(*Config)) *fixture {
	t.Helper()
	log := &lines{}
	cfg := Config{
		Listen: "127.0.0.1:0", User: testUser, Pass: testPass, JWTSecret: testSecret, ServerID: "s1", Version: "test",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Logger:         slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	server, err := New(cfg, node, pages)
	if err != nil {
		t.Fatal(err)
	}
	// The buckets of addresses don't refill while a slow machine runs the test.
	frozen := time.Now()
	server.limits.now = func() time.Time { return frozen }
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	f := &fixture{T: t, server: server, node: node, log: log, base: "http://" + server.Addr().String()}
	f.client = &http.Client{Transport: &http.Transport{}, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return f
}

// call is one request. Empty fields are left out.
type call struct {
	method, path, token, body, contentType string
	from                                   string // the address that a trusted proxy names
	header                                 map[string]string
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
}

func (a answer) code(t *testing.T) string {
	t.Helper()
	var e struct {
		Error struct{ Code, Message string }
	}
	a.into(t, &e)
	if e.Error.Message == "" {
		t.Errorf("error without a message: %s", a.body)
	}
	return e.Error.Code
}

func (f *fixture) do(c call) answer {
	f.Helper()
	if c.method == "" {
		c.method = http.MethodGet
	}
	request, err := http.NewRequest(c.method, f.base, strings.NewReader(c.body))
	if err != nil {
		f.Fatal(err)
	}
	request.URL.Opaque = c.path
	if path, query, ok := strings.Cut(c.path, "?"); ok {
		request.URL.Opaque, request.URL.RawQuery = path, query
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	if c.from != "" {
		request.Header.Set("X-Forwarded-For", c.from)
	}
	for k, v := range c.header {
		request.Header.Set(k, v)
	}
	response, err := f.client.Do(request)
	if err != nil {
		f.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

// login returns a good token; it comes from an address of its own, so it spends nobody's tokens.
func (f *fixture) login() string {
	f.Helper()
	a := f.do(call{method: http.MethodPost, path: "/admin/login", body: `{"username":"` + testUser + `","password":"` + testPass + `"}`,
		contentType: "application/json", from: "198.51.100.200"})
	if a.status != http.StatusOK {
		f.Fatalf("login: %d %s", a.status, a.body)
	}
	var l loginAnswer
	a.into(f.T, &l)
	return l.Token
}

// raw sends bytes as they are and returns the answers until the server closes the connection or
// what it says is complete.
func (f *fixture) raw(request string) []answer {
	f.Helper()
	c, err := net.Dial("tcp", f.server.Addr().String())
	if err != nil {
		f.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, request); err != nil {
		f.Fatal(err)
	}
	_ = c.(*net.TCPConn).CloseWrite()
	var answers []answer
	r := bufio.NewReader(c)
	for {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		answers = append(answers, answer{response.StatusCode, response.Header, body})
	}
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}
