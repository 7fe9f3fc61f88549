package admin

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// smuggling are requests with another one hidden in them, or behind them for whoever misreads the
// first one's length.
func smuggling() map[string]string {
	smuggled := "GET /admin/servers HTTP/1.1\r\nHost: x\r\nX-Smuggled: 1\r\n\r\n"
	post := "POST /admin/login HTTP/1.1\r\nHost: x\r\n"
	return map[string]string{
		"CL.TE":                   post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"TE.CL":                   post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n" + smuggled + "\r\n0\r\n\r\n",
		"two lengths":             post + "Content-Length: 0\r\nContent-Length: 60\r\n\r\n" + smuggled,
		"two equal lengths":       post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + smuggled,
		"list of lengths":         post + "Content-Length: 2, 2\r\n\r\n{}" + smuggled,
		"signed length":           post + "Content-Length: +2\r\n\r\n{}" + smuggled,
		"negative length":         post + "Content-Length: -1\r\n\r\n" + smuggled,
		"hexadecimal length":      post + "Content-Length: 0x2\r\n\r\n{}" + smuggled,
		"xchunked":                post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
		"chunked, identity":       post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + smuggled,
		"gzip, chunked":           post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"two codings":             post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled,
		"space before colon":      post + "Content-Length : 2\r\n\r\n{}" + smuggled,
		"tab before colon":        post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"vertical tab":            post + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + smuggled,
		"chunk extension with LF": post + "Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n" + smuggled,
		"chunk size overflow":     post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n{}\r\n0\r\n\r\n" + smuggled,
		"chunk without end":       post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n" + smuggled,
		"chunked":                 post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + smuggled,
		"coding in HTTP/1.0":      "POST /admin/login HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"folded header":           post + "X: a\r\n b\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"empty chunked":           post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"lines end with LF":       post + "X: a\nContent-Length: 0\n\r\n" + smuggled,
		"NUL in a value":          post + "X: a\x00b\r\nContent-Length: 0\r\n\r\n" + smuggled,
		"no host":                 "GET /health HTTP/1.1\r\n\r\n" + smuggled,
		"two hosts":               post + "Host: y\r\nContent-Length: 0\r\n\r\n" + smuggled,
	}
}

// Two programs in a row must never cut these bytes into requests at different places: there is at
// most one answer, an error, and the connection is closed behind it, so that what was smuggled is
// never read as a request.
func TestSmuggling(t *testing.T) {
	f := start(t, nil)
	for name, request := range smuggling() {
		answers := f.raw(request)
		if len(answers) != 1 {
			t.Errorf("%s: %d answers", name, len(answers))
			continue
		}
		if a := answers[0]; a.status != http.StatusBadRequest && a.status != http.StatusLengthRequired {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestUnreadableRequests(t *testing.T) {
	f := start(t, nil)
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"TLS":              {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x8a", 600) + "\r\n\r\n", http.StatusBadRequest},
		"no version":       {"GET /health\r\n\r\n", http.StatusBadRequest},
		"noise":            {"\x00\x01\x02\r\n\r\n", http.StatusBadRequest},
		"large head":       {"GET /health HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 9000) + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"many headers":     {"GET /health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 3000) + "\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"declared 1 GiB":   {"POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n", http.StatusRequestEntityTooLarge},
		"declared 2^63":    {"POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r\n\r\n", http.StatusBadRequest},
		"body of a GET":    {"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000), http.StatusRequestEntityTooLarge},
		"header of a line": {"GET /health HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", http.StatusBadRequest},
	} {
		answers := f.raw(c.request)
		if len(answers) != 1 || answers[0].status != c.status {
			t.Errorf("%s: %+v", name, answers)
			continue
		}
		if answers[0].header.Get("X-Content-Type-Options") == "" || answers[0].code(t) == "" {
			t.Errorf("%s: %+v", name, answers[0])
		}
	}
}

// Nothing that was sent comes back, in no header and in no body.
func TestNoEcho(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	const mark = "eCh0MaRk"
	for _, request := range []string{
		"GET /admin/client/" + mark + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nConnection: close\r\n\r\n",
		"GET /" + mark + " HTTP/1.1\r\nHost: " + mark + "\r\nX-Request-Id: " + mark + "\r\nOrigin: http://" + mark + "\r\nConnection: close\r\n\r\n",
		"GET /admin HTTP/1.1\r\nHost: " + mark + "\r\nX-Forwarded-Host: " + mark + "\r\nConnection: close\r\n\r\n",
		"GET /admin/rooms?cursor=" + mark + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nConnection: close\r\n\r\n",
		mark + " /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{\"" + mark + "\":",
		"GET /health HTTP/1.1\r\n" + mark + " : x\r\n\r\n",
	} {
		for _, a := range f.raw(request) {
			if strings.Contains(fmt.Sprint(a.header)+string(a.body), mark) {
				t.Errorf("%.60q comes back: %v %s", request, a.header, a.body)
			}
		}
	}
}

func TestSlowRequestsAreCut(t *testing.T) {
	// Long enough for a slow machine to send in time what is to be sent.
	f := start(t, func(c *Config) { c.ReadTimeout, c.IdleTimeout = 2*time.Second, 2*time.Second })
	var wait sync.WaitGroup
	for name, sent := range map[string]string{
		"nothing":      "",
		"half a head":  "GET /health HTTP/1.1\r\nHo",
		"half a body":  "POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
		"then silence": "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		c, err := net.Dial("tcp", f.server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			answer, err := io.ReadAll(c)
			if err != nil {
				t.Errorf("%s: not cut: %v", name, err)
			}
			if strings.HasPrefix(name, "half") && !strings.Contains(string(answer), " 408 ") {
				t.Errorf("%s: %q", name, answer)
			}
		})
	}
	wait.Wait() // before the connections are closed
}

func TestPipelinedRequests(t *testing.T) {
	f := start(t, nil)
	answers := f.raw(strings.Repeat("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", 5) + "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if len(answers) != 6 {
		t.Errorf("%d answers", len(answers))
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	f := start(t, func(c *Config) { c.MaxConnections, c.ReadTimeout = 2, patience })
	var held []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", f.server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET /health HTTP/1.1\r\n"); err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	refused := func() bool {
		answers := f.raw("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		return len(answers) == 1 && answers[0].status == http.StatusServiceUnavailable
	}
	eventually(t, "a third connection is refused", refused)
	for _, c := range held {
		c.Close()
	}
	eventually(t, "there is room again", func() bool {
		answers := f.raw("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		return len(answers) == 1 && answers[0].status == http.StatusOK
	})
}
