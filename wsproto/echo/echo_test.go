package main

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"chatroom/wsproto"
)

func TestMain(m *testing.M) {
	// gnet keeps one worker pool per process, whether an engine runs or not.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreAnyFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// patience bounds every wait in these tests.
const patience = 20 * time.Second

type echo struct {
	addr        string
	connections func() int
}

// start runs a server on a free port until the test ends.
func start(t *testing.T, o options) echo {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan echo, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, "127.0.0.1:0", o, func(addr string, connections func() int) {
			ready <- echo{addr, connections}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	select {
	case e := <-ready:
		return e
	case err := <-ended:
		ended <- err
		t.Fatalf("serve: %v", err)
	case <-time.After(patience):
		t.Fatal("the server does not start")
	}
	return echo{}
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func (e echo) dial(t *testing.T, o wsproto.DialOptions) *wsproto.Conn {
	t.Helper()
	c, err := wsproto.Dial(bounded(t), "ws://"+e.addr+"/", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// raw opens a TCP connection with a deadline and sends s.
func (e echo) raw(t *testing.T, s string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// deserted waits until the server has no connection left.
func (e echo) deserted(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); e.connections() != 0; <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%d connections are left", e.connections())
		}
	}
}

func wantMessage(t *testing.T, c *wsproto.Conn, want string) {
	t.Helper()
	got, err := c.ReadMessage(bounded(t))
	if err != nil || string(got) != want {
		t.Fatalf("got %.40q and %v, want %.40q", got, err, want)
	}
}

func wantClose(t *testing.T, c *wsproto.Conn, code wsproto.CloseCode) {
	t.Helper()
	_, err := c.ReadMessage(bounded(t))
	var closed *wsproto.CloseError
	if !errors.As(err, &closed) || closed.Code != code {
		t.Fatalf("got %v, want %d", err, code)
	}
	// After the Close frame comes the end of the connection, not a reset.
	if err := c.NetConn().SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.NetConn().Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("behind the Close frame: %d bytes, %v", n, err)
	}
}

func TestEcho(t *testing.T) {
	e := start(t, options{protocol: "chatroom.v1"})
	c := e.dial(t, wsproto.DialOptions{RequestOptions: wsproto.RequestOptions{Protocols: []string{"other", "chatroom.v1"}}})
	if c.Protocol() != "chatroom.v1" {
		t.Fatalf("subprotocol %q", c.Protocol())
	}
	ctx := bounded(t)
	for _, n := range []int{0, 1, 125, 126, 4000, wsproto.DefaultMessage} {
		text := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
		if err := c.WriteText(ctx, []byte(text)); err != nil {
			t.Fatal(err)
		}
		wantMessage(t, c, text)
	}
	// Fragments with a ping between them: the pong comes at once, the message whole.
	for _, f := range []wsproto.Frame{
		{Op: wsproto.OpText, Payload: []byte("Hel")},
		{Op: wsproto.OpPing, Fin: true, Payload: []byte("now")},
		{Op: wsproto.OpContinuation, Fin: true, Payload: []byte("lo")},
	} {
		if err := c.WriteFrame(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	ev, err := c.ReadEvent(ctx)
	if err != nil || ev.Kind != wsproto.EventPong || string(ev.Payload) != "now" {
		t.Fatalf("%+v, %v", ev, err)
	}
	wantMessage(t, c, "Hello")
	if err := c.Close(ctx, wsproto.CloseNormal, "done"); err != nil {
		t.Fatal(err)
	}
	e.deserted(t)
}

// Messages that arrive byte by byte, in packets of their own, are the same messages.
func TestByteByByte(t *testing.T) {
	e := start(t, options{})
	c := e.dial(t, wsproto.DialOptions{})
	b := wsproto.AppendMaskedFrame(nil, wsproto.OpText, true, []byte("one"))
	b = wsproto.AppendMaskedFrame(b, wsproto.OpText, false, []byte("tw"))
	b = wsproto.AppendMaskedFrame(b, wsproto.OpContinuation, true, []byte("o"))
	for i := range b {
		if err := c.WriteRaw(bounded(t), b[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	wantMessage(t, c, "one")
	wantMessage(t, c, "two")
}

// Each violation is answered by its code over a real socket, and what came before it is echoed.
func TestViolations(t *testing.T) {
	e := start(t, options{})
	text := func(f wsproto.Frame) []byte { f.Op = wsproto.OpText; return wsproto.AppendRawFrame(nil, f) }
	for name, c := range map[string]struct {
		in   []byte
		code wsproto.CloseCode
	}{
		"unmasked":       {text(wsproto.Frame{Fin: true, Unmasked: true}), 1002},
		"reserved bit":   {text(wsproto.Frame{Fin: true, RSV: 2}), 1002},
		"opcode 3":       {wsproto.AppendRawFrame(nil, wsproto.Frame{Op: 3, Fin: true}), 1002},
		"binary":         {wsproto.AppendRawFrame(nil, wsproto.Frame{Op: wsproto.OpBinary, Fin: true}), 1003},
		"not UTF-8":      {text(wsproto.Frame{Payload: []byte("\xC0\xAF")}), 1007},
		"65 fragments":   {fragments(65), 1008},
		"1 GiB declared": {[]byte{0x81, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0}, 1009},
		"close code 999": {wsproto.AppendRawFrame(nil, wsproto.Frame{Op: wsproto.OpClose, Fin: true, Payload: []byte{3, 0xE7}}), 1002},
	} {
		t.Run(name, func(t *testing.T) {
			conn := e.dial(t, wsproto.DialOptions{})
			good := text(wsproto.Frame{Fin: true, Payload: []byte("before")})
			if err := conn.WriteRaw(bounded(t), append(good, c.in...)); err != nil {
				t.Fatal(err)
			}
			wantMessage(t, conn, "before")
			wantClose(t, conn, c.code)
		})
	}
	e.deserted(t)
}

func fragments(n int) []byte {
	b := wsproto.AppendRawFrame(nil, wsproto.Frame{Op: wsproto.OpText})
	for range n - 1 {
		b = wsproto.AppendRawFrame(b, wsproto.Frame{Op: wsproto.OpContinuation})
	}
	return b
}

func TestClosesAreEchoed(t *testing.T) {
	e := start(t, options{})
	for _, code := range []wsproto.CloseCode{wsproto.CloseNoStatus, 1000, 1001, 3000, 4999} {
		c := e.dial(t, wsproto.DialOptions{})
		frame := wsproto.AppendClose(nil, code, "")
		// Data behind the Close frame is ignored.
		b := wsproto.AppendMaskedFrame(nil, wsproto.OpClose, true, frame[2:])
		b = wsproto.AppendMaskedFrame(b, wsproto.OpText, true, []byte("late"))
		if err := c.WriteRaw(bounded(t), b); err != nil {
			t.Fatal(err)
		}
		wantClose(t, c, code)
	}
	e.deserted(t)
}
