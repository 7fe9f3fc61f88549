package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// book is an engine.Pages with one page.
type book struct{}

func (book) Respond(path, acceptEncoding, ifNoneMatch string) ([]byte, bool) {
	switch {
	case path == "/big":
		return append([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"), make([]byte, 3000000)...), true
	case path != "/":
		return nil, false
	case ifNoneMatch == `"v1"`:
		return []byte("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"), true
	}
	body := "page for " + acceptEncoding
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: %d\r\n\r\n%s", len(body), body), true
}

// ask sends raw bytes and reads one answer.
func (n *node) ask(t *testing.T, method, request string) (*http.Response, string) {
	t.Helper()
	conn := n.raw(t)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return readResponse(t, bufio.NewReader(conn), method)
}

func readResponse(t *testing.T, r *bufio.Reader, method string) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestHTTP(t *testing.T) {
	n := start(t, engine.Config{}, book{})
	for _, test := range []struct {
		method, path, fields string
		status               int
		body                 string
	}{
		{"GET", "/", "Accept-Encoding: br\r\n", 200, "page for br"},
		{"HEAD", "/", "", 200, ""},
		{"GET", "/", "If-None-Match: \"v1\"\r\n", 304, ""},
		{"POST", "/", "", 405, "method not allowed\n"},
		{"GET", "/none", "", 404, "not found\n"},
		{"GET", "/ws/../admin", "", 404, "not found\n"},
		{"DELETE", "/health", "", 405, "method not allowed\n"},
		{"HEAD", "/health", "", 200, ""},
		{"GET", "/ws", "", 426, "a WebSocket upgrade is required\n"},
		{"POST", "/ws", "", 405, "method not allowed\n"},
		{"GET", "/", "Content-Length: 3\r\n", 400, "a request body is not accepted\n"},
		{"GET", "/", "X : y\r\n", 400, "malformed header field name\n"},
	} {
		response, body := n.ask(t, test.method, test.method+" "+test.path+" HTTP/1.1\r\nHost: x\r\n"+test.fields+"\r\n")
		if response.StatusCode != test.status || body != test.body {
			t.Errorf("%s %s %q: %d %q, want %d %q", test.method, test.path, test.fields, response.StatusCode, body, test.status, test.body)
		}
		if test.status == 405 && response.Header.Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", test.method, test.path)
		}
	}
}

func TestHealth(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	response, body := n.ask(t, "GET", "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	var health struct {
		Uptime    *int64
		Message   string
		Timestamp int64
	}
	if err := json.Unmarshal([]byte(body), &health); err != nil || response.StatusCode != 200 {
		t.Fatalf("%d %s: %v", response.StatusCode, body, err)
	}
	if health.Uptime == nil || health.Message != "OK" || time.Since(time.UnixMilli(health.Timestamp)).Abs() > time.Minute {
		t.Fatalf("health %s", body)
	}
}

// TestPipelinedRequests are answered in order on one connection, cut anywhere, and a handshake may
// follow them with frames in the same packet.
func TestPipelinedRequests(t *testing.T) {
	n := start(t, engine.Config{}, book{})
	stream := []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	stream = wsproto.AppendRequest(stream, "x", "/ws", &wsproto.RequestOptions{})
	stream = wsproto.AppendMaskedFrame(stream, wsproto.OpText, true, []byte(`{"type":"PING","id":"early"}`))
	for _, cut := range []int{1, 7, 40, len(stream)} {
		conn := n.raw(t)
		for rest := stream; len(rest) > 0; {
			k := min(cut, len(rest))
			if _, err := conn.Write(rest[:k]); err != nil {
				t.Fatal(err)
			}
			rest = rest[k:]
		}
		r := bufio.NewReader(conn)
		for _, method := range []string{"GET", "HEAD", "GET"} {
			if response, _ := readResponse(t, r, method); response.StatusCode != 200 {
				t.Fatalf("cut %d: %s answered %d", cut, method, response.StatusCode)
			}
		}
		if response, err := http.ReadResponse(r, nil); err != nil || response.StatusCode != 101 {
			t.Fatalf("cut %d: %v, %v", cut, response, err)
		}
		decoder := wsproto.NewClientDecoder(nil)
		var buf, seen []byte
		for !strings.Contains(string(seen), `"early"`) {
			b, err := r.ReadByte()
			if err != nil {
				t.Fatal(err)
			}
			buf = append(buf, b)
			ev, used, violation := decoder.Next(buf, 0)
			if violation != nil {
				t.Fatal(violation)
			}
			seen = append(seen, ev.Payload...)
			buf = buf[used:]
		}
		conn.Close()
	}
}

// TestAskingWithoutReading: answers that nobody reads are not piled up. What was asked first comes
// whole.
func TestAskingWithoutReading(t *testing.T) {
	n := start(t, engine.Config{}, book{})
	conn := n.raw(t)
	if err := conn.(*net.TCPConn).SetReadBuffer(32 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, strings.Repeat("GET /big HTTP/1.1\r\nHost: x\r\n\r\n", 40)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	if response, body := readResponse(t, r, "GET"); response.StatusCode != 200 || len(body) != 3000000 {
		t.Fatalf("%d with %d bytes", response.StatusCode, len(body))
	}
	rest, err := io.ReadAll(r)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	if len(rest) > 10*3000000 {
		t.Fatalf("%d bytes of further answers", len(rest))
	}
}

// upgrade tries a handshake and returns the status.
func (n *node) upgrade(t *testing.T, headers ...string) (status int, retryAfter string) {
	t.Helper()
	var options wsproto.RequestOptions
	options.Headers = headers
	conn := n.raw(t)
	if _, err := conn.Write(wsproto.AppendRequest(nil, "chat.example", "/ws", &options)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	return response.StatusCode, response.Header.Get("Retry-After")
}

func TestOrigins(t *testing.T) {
	open := start(t, engine.Config{}, nil)
	strict := start(t, engine.Config{Origins: []string{"https://Good.example", "http://other.example:8080"}}, nil)
	for _, test := range []struct {
		node   *node
		origin string
		status int
	}{
		{open, "", 101},
		{open, "http://chat.example", 101},
		{open, "https://chat.example", 101},
		{open, "http://chat.example:81", 403},
		{open, "http://evil.example", 403},
		{open, "null", 403},
		{strict, "", 101},
		{strict, "https://good.example", 101},
		{strict, "https://good.example:443", 101},
		{strict, "https://good.example:444", 403},
		{strict, "http://good.example", 403},
		{strict, "https://good.evil", 403},
		{strict, "http://other.example:8080", 101},
		{strict, "http://chat.example", 403},
		{strict, "null", 403},
	} {
		var headers []string
		if test.origin != "" {
			headers = append(headers, "Origin: "+test.origin)
		}
		if status, _ := test.node.upgrade(t, headers...); status != test.status {
			t.Errorf("origin %q: %d, want %d", test.origin, status, test.status)
		}
	}
}

// TestClientAddress looks for the client behind proxies: the right-most hop that is not trusted.
func TestClientAddress(t *testing.T) {
	trusting := start(t, engine.Config{TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"),
	}}, nil)
	plain := start(t, engine.Config{}, nil)
	for _, test := range []struct {
		node    *node
		headers []string
		ip      string
	}{
		{plain, []string{"X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.2"}, "127.0.0.1"},
		{trusting, nil, "127.0.0.1"},
		{trusting, []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		{trusting, []string{"X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.1.1.1"}, "192.0.2.1"},
		{trusting, []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		{trusting, []string{"X-Forwarded-For: 192.0.2.1, junk"}, "127.0.0.1"},
		{trusting, []string{"X-Real-IP: 192.0.2.2"}, "192.0.2.2"},
		{trusting, []string{"X-Forwarded-For: ::ffff:192.0.2.3"}, "192.0.2.3"},
		{trusting, []string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1"},
	} {
		c := test.node.dial(t, test.headers...)
		record, found := test.node.Client(chat.ClientID(c.id))
		if !found || record.IP != test.ip {
			t.Errorf("%v: %+v, want %s", test.headers, record, test.ip)
		}
		c.leave()
	}
}

func TestHandshakeRate(t *testing.T) {
	n := start(t, engine.Config{
		HandshakeRate:  engine.Rate{PerSecond: 0.01, Burst: 2},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	}, nil)
	from := func(ip string) int {
		status, retry := n.upgrade(t, "X-Forwarded-For: "+ip)
		if status == 429 && retry == "" {
			t.Error("429 without Retry-After")
		}
		return status
	}
	for _, test := range []struct {
		ip     string
		status int
	}{
		{"192.0.2.1", 101}, {"192.0.2.1", 101}, {"192.0.2.1", 429}, {"192.0.2.2", 101},
		{"2001:db8::1", 101}, {"2001:db8::2", 101}, {"2001:db8::3", 429}, {"2001:db8:0:1::1", 101},
	} {
		if status := from(test.ip); status != test.status {
			t.Errorf("from %s: %d, want %d", test.ip, status, test.status)
		}
	}
	if c := n.Counters(); c.RateLimited["handshake"] != 2 || c.Handshakes["rate_limited"] != 2 {
		t.Errorf("counters %v %v", c.RateLimited, c.Handshakes)
	}
}

func TestCapacity(t *testing.T) {
	n := start(t, engine.Config{MaxConnections: 2}, nil)
	first, _ := n.dial(t), n.dial(t)
	if status, retry := n.upgrade(t); status != 503 || retry == "" {
		t.Fatalf("third connection: %d, Retry-After %q", status, retry)
	}
	first.leave()
	eventually(t, "there is room again", func() bool { status, _ := n.upgrade(t); return status == 101 })
}

// TestTheRefusedTakeNobodysPlace: connections above the cap that have their answer and don't close
// don't keep out who comes when somebody has left.
func TestTheRefusedTakeNobodysPlace(t *testing.T) {
	n := start(t, engine.Config{MaxConnections: 2}, nil)
	first, _ := n.dial(t), n.dial(t)
	ask := func() int {
		conn := n.raw(t) // stays until the server closes it
		var options wsproto.RequestOptions
		_, _ = conn.Write(wsproto.AppendRequest(nil, "chat.example", "/ws", &options))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0 // far above the cap
		}
		return response.StatusCode
	}
	for range 10 {
		if status := ask(); status != 503 {
			t.Fatalf("above the cap: %d", status)
		}
	}
	first.leave()
	eventually(t, "there is room again", func() bool { return ask() == 101 })
}

// TestIDsRunOut widens the range by a digit when it is full.
func TestIDsRunOut(t *testing.T) {
	n := start(t, engine.Config{ClientIDs: engine.IDRange{First: 7, Last: 9}}, nil)
	seen := map[int64]bool{}
	for range 3 {
		seen[n.dial(t).id] = true
	}
	if !seen[7] || !seen[8] || !seen[9] {
		t.Fatalf("ids %v", seen)
	}
	if id := n.dial(t).id; id < 10 || id > 99 {
		t.Fatalf("id %d behind the full range", id)
	}
}

// TestSilentHandshake is cut off after five seconds, a byte now and then or not, and what can never
// become a request at once.
func TestSilentHandshake(t *testing.T) {
	t.Parallel()
	n := start(t, engine.Config{}, nil)
	began := time.Now()
	slow, silent, noise := n.raw(t), n.raw(t), n.raw(t)
	go func() {
		for _, b := range []byte("GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: 1234567890") {
			if _, err := slow.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	if _, err := noise.Write([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(noise); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Fatalf("a TLS hello was answered %q, %v", answer, err)
	}
	for _, conn := range []io.Reader{silent, slow} {
		if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 4*time.Second {
		t.Fatalf("cut off after %v", took)
	}
	eventually(t, "timeouts are counted", func() bool { return n.Counters().Handshakes["timeout"] == 2 })
}

// TestTwoNodesOnOnePort must fail: with SO_REUSEPORT they would share the connections.
func TestTwoNodesOnOnePort(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	cfg := quick(engine.Config{})
	cfg.Listen = n.addr
	e, err := engine.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	embedded := engine.NewEmbedded(cfg, e)
	defer embedded.Close()
	e.Use(embedded, embedded.Directory())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := e.Start(ctx); err == nil {
		e.Shutdown(ctx)
		t.Fatal("a second node took the same port")
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	err := engine.Config{
		Listen: "nowhere", Origins: []string{"good.example", "https://good.example/path"}, Heartbeat: 1,
		ClientIDs: engine.IDRange{First: 9, Last: 3}, MaxConnections: -1, MaxMessage: -1, MaxPending: 1,
		MessageRate: engine.Rate{PerSecond: -1, Burst: 1}, LogMemory: -1, Loops: 100,
		RoomLog: engine.Retention{Messages: -1},
	}.Validate()
	if err == nil {
		t.Fatal("no fault was found")
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) < 11 {
		t.Fatalf("too few faults: %v", err)
	}
	if err := (engine.Config{}).Validate(); err != nil {
		t.Fatalf("the zero value: %v", err)
	}
	if _, err := engine.New(engine.Config{Loops: 100}, nil); err == nil || errors.Is(err, io.EOF) {
		t.Fatal("New took a bad config")
	}
}
