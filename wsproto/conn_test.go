package wsproto

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// patience bounds every wait in these tests.
const patience = 20 * time.Second

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// serve accepts one connection and hands it to script; the test waits for its end.
func serve(t *testing.T, l net.Listener, script func(net.Conn)) (url string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return // the dialler gave up before it had a connection
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Error(err)
		}
		script(c)
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return "ws://" + l.Addr().String() + "/ws?x=1"
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// upgraded is a server that makes the handshake by gobwas/ws, then follows script.
func upgraded(t *testing.T, o DialOptions, script func(net.Conn)) *Conn {
	t.Helper()
	url := serve(t, listen(t), func(c net.Conn) {
		if _, err := ws.Upgrade(c); err != nil {
			t.Error(err)
			return
		}
		script(c)
	})
	c, err := Dial(bounded(t), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func send(t *testing.T, c net.Conn, parts ...[]byte) {
	if _, err := c.Write(join(parts...)); err != nil {
		t.Error(err)
	}
}

// wantFrame reads one frame of the client.
func wantFrame(t *testing.T, c net.Conn, op ws.OpCode, payload string) {
	f, err := ws.ReadFrame(c)
	if err != nil {
		t.Errorf("waiting for opcode %d: %v", op, err)
		return
	}
	if !f.Header.Masked {
		t.Error("the client's frame is not masked")
	}
	if f = ws.UnmaskFrameInPlace(f); f.Header.OpCode != op || string(f.Payload) != payload {
		t.Errorf("got opcode %d %q, want %d %q", f.Header.OpCode, f.Payload, op, payload)
	}
}

func TestConnMessages(t *testing.T) {
	big := strings.Repeat("b", 300_000)
	c := upgraded(t, DialOptions{}, func(c net.Conn) {
		send(t, c, AppendFrame(nil, OpPong, nil), AppendFrame(nil, OpPing, []byte("p")), AppendFrame(nil, OpText, []byte("one")),
			AppendHeader(nil, OpText, false, 1), []byte("t"), AppendFrame(nil, OpContinuation, []byte("wo")))
		wantFrame(t, c, ws.OpPong, "p")
		wantFrame(t, c, ws.OpText, "three")
		send(t, c, AppendFrame(nil, OpText, []byte(big)), AppendClose(nil, 4000, "slow reader"))
		wantFrame(t, c, ws.OpClose, "\x0F\xA0")
	})
	ctx := bounded(t)
	for _, want := range []string{"one", "two"} {
		if got, err := c.ReadMessage(ctx); err != nil || string(got) != want {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	}
	if err := c.WriteText(ctx, []byte("three")); err != nil {
		t.Fatal(err)
	}
	if got, err := c.ReadMessage(ctx); err != nil || string(got) != big {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	_, err := c.ReadMessage(ctx)
	var closed *CloseError
	if !errors.As(err, &closed) || closed.Code != 4000 || closed.Reason != "slow reader" {
		t.Fatal(err)
	}
}

// A read that runs out of time loses nothing: the next one goes on.
func TestConnContext(t *testing.T) {
	proceed := make(chan struct{})
	release := sync.OnceFunc(func() { close(proceed) })
	c := upgraded(t, DialOptions{}, func(c net.Conn) {
		b := AppendFrame(nil, OpText, []byte("late"))
		send(t, c, b[:3])
		<-proceed
		send(t, c, b[3:])
		wantFrame(t, c, ws.OpClose, "\x03\xE9")
	})
	t.Cleanup(release)
	short, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := c.ReadMessage(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("deadline: %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	time.AfterFunc(30*time.Millisecond, cancel)
	if _, err := c.ReadMessage(cancelled); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancellation: %v", err)
	}
	if err := c.WriteText(cancelled, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("write after cancellation: %v", err)
	}
	release()
	if got, err := c.ReadMessage(bounded(t)); err != nil || string(got) != "late" {
		t.Fatalf("%q, %v", got, err)
	}
	if err := c.Close(bounded(t), CloseGoingAway, ""); err != nil {
		t.Fatal(err)
	}
}

func TestConnOptions(t *testing.T) {
	c := upgraded(t, DialOptions{ManualPong: true, AcceptBinary: true}, func(c net.Conn) {
		send(t, c, PingFrame, AppendFrame(nil, OpBinary, []byte("\xFF")))
		wantFrame(t, c, ws.OpText, "")
	})
	ctx := bounded(t)
	if ev, err := c.ReadEvent(ctx); err != nil || ev.Kind != EventPing {
		t.Fatalf("%+v, %v", ev, err)
	}
	if got, err := c.ReadMessage(ctx); err != nil || string(got) != "\xFF" {
		t.Fatalf("%q, %v", got, err)
	}
	if err := c.WriteText(ctx, nil); err != nil {
		t.Fatal(err)
	}
}

// What a broken server does is an error, never a hang.
func TestConnBrokenServer(t *testing.T) {
	var violation *CloseError
	c := upgraded(t, DialOptions{}, func(c net.Conn) { send(t, c, masked(OpText, true, "x")) })
	if _, err := c.ReadMessage(bounded(t)); !errors.As(err, &violation) || violation.Code != CloseProtocolError {
		t.Fatal(err)
	}
	c = upgraded(t, DialOptions{}, func(net.Conn) {})
	if _, err := c.ReadMessage(bounded(t)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	c = upgraded(t, DialOptions{Limits: Limits{Message: 10}}, func(c net.Conn) { send(t, c, AppendTextHeader(nil, 11)) })
	if _, err := c.ReadMessage(bounded(t)); !errors.As(err, &violation) || violation.Code != CloseTooBig {
		t.Fatal(err)
	}
}

func TestDialRefused(t *testing.T) {
	var refused *ResponseError
	for answer, want := range map[string]int{
		"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n": 503,
		"HTTP/1.1 101 Switching Protocols\r\n\r\n":                   0,
		"SSH-2.0-x\n": 0,
		"":            0,
		"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 2*DefaultHead): 0,
	} {
		url := serve(t, listen(t), func(c net.Conn) {
			r, err := http.ReadRequest(bufio.NewReader(c))
			if err != nil || r.RequestURI != "/ws?x=1" {
				t.Errorf("%+v, %v", r, err)
			}
			_, _ = io.WriteString(c, answer)
		})
		_, err := Dial(bounded(t), url, DialOptions{})
		if err == nil || want != 0 && (!errors.As(err, &refused) || refused.Status != want) {
			t.Errorf("%.20q: %v", answer, err)
		}
	}
	for _, url := range []string{"http://h/", "ws://127.0.0.1:%", "ws://127.0.0.1:1/"} {
		if _, err := Dial(bounded(t), url, DialOptions{}); err == nil {
			t.Errorf("%s can be dialled", url)
		}
	}
}

// A silent server is given up when the context ends.
func TestDialContext(t *testing.T) {
	gone := make(chan struct{})
	url := serve(t, listen(t), func(net.Conn) { <-gone })
	defer close(gone)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, url, DialOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

// wss with a certificate of the test's own, dialled by address.
func TestDialTLS(t *testing.T) {
	authority := httptest.NewTLSServer(nil)
	defer authority.Close()
	l := tls.NewListener(listen(t), &tls.Config{Certificates: authority.TLS.Certificates})
	url := serve(t, l, func(c net.Conn) {
		if _, err := ws.Upgrade(c); err != nil {
			t.Error(err)
		}
		send(t, c, AppendFrame(nil, OpText, []byte("safe")))
	})
	addr := strings.TrimPrefix(url, "ws://")
	addr = addr[:strings.IndexByte(addr, '/')]
	// The certificate of httptest is good for example.com.
	roots := authority.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c, err := Dial(bounded(t), "wss://example.com/", DialOptions{Addr: addr, TLS: &tls.Config{RootCAs: roots}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if got, err := c.ReadMessage(bounded(t)); err != nil || string(got) != "safe" {
		t.Fatalf("%q, %v", got, err)
	}
}
