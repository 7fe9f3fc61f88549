package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"chatroom/wsproto"
)

// gobwas/ws as a client, frame by frame as it writes them.
func TestGobwasClient(t *testing.T) {
	e := start(t, options{binary: true, limits: wsproto.Limits{Message: 1 << 20}})
	ctx := bounded(t)
	conn, br, _, err := ws.Dial(ctx, "ws://"+e.addr+"/")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if br != nil {
		t.Fatal("bytes behind an answer to nothing")
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for _, op := range []ws.OpCode{ws.OpText, ws.OpBinary} {
		for _, n := range []int{0, 125, 126, 65535, 65536, 1 << 20} {
			want := bytes.Repeat([]byte("x"), n)
			sent := make(chan error, 1)
			go func() { sent <- wsutil.WriteClientMessage(conn, op, bytes.Clone(want)) }()
			got, gotOp, err := wsutil.ReadServerData(conn)
			if err != nil || gotOp != op || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes: %d of opcode %d, %v", n, len(got), gotOp, err)
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		}
	}
	body := ws.NewCloseFrameBody(ws.StatusNormalClosure, "")
	if err := wsutil.WriteClientMessage(conn, ws.OpClose, body); err != nil {
		t.Fatal(err)
	}
	f, err := ws.ReadFrame(conn)
	if err != nil || f.Header.OpCode != ws.OpClose || !bytes.Equal(f.Payload, body) {
		t.Fatalf("%+v, %v", f, err)
	}
	if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("%d bytes, %v", n, err)
	}
}

func request(o wsproto.RequestOptions) string {
	return string(wsproto.AppendRequest(nil, "h", "/", &o))
}

// Frames in the packet of the request are not lost, nor is the request that comes byte by byte.
func TestFramesBehindTheHead(t *testing.T) {
	e := start(t, options{})
	frame := wsproto.AppendMaskedFrame(nil, wsproto.OpText, true, []byte("early"))
	for _, step := range []int{1 << 10, 1} {
		c := e.raw(t, "")
		for b := []byte(request(wsproto.RequestOptions{}) + string(frame)); len(b) > 0; {
			n := min(step, len(b))
			if _, err := c.Write(b[:n]); err != nil {
				t.Fatal(err)
			}
			b = b[n:]
		}
		r := bufio.NewReader(c)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != 101 {
			t.Fatalf("%v, %v", resp, err)
		}
		got := make([]byte, 7)
		if _, err := io.ReadFull(r, got); err != nil || string(got) != "\x81\x05early" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// Every refused head gets its status, then the end of the connection.
func TestRefusedHandshakes(t *testing.T) {
	e := start(t, options{})
	good := request(wsproto.RequestOptions{})
	for name, c := range map[string]struct {
		head   string
		status int
	}{
		"plain GET": {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 426},
		"POST":      {strings.Replace(good, "GET", "POST", 1), 405},
		"HTTP/1.0":  {strings.Replace(good, "HTTP/1.1", "HTTP/1.0", 1), 505},
		"version 8": {strings.Replace(good, "Version: 13", "Version: 8", 1), 426},
		"bare LF":   {strings.Replace(good, "\r\n", "\n", 1), 400},
		"TLS":       {"\x16\x03\x01\x00\xF0\x01\x00\x00\xEC", 400},
		"too big":   {"GET / HTTP/1.1\r\nHost: h\r\nA: " + strings.Repeat("a", wsproto.DefaultHead), 431},
		"pipelined": {"GET / HTTP/1.1\r\nHost: h\r\n\r\n" + good, 426},
	} {
		t.Run(name, func(t *testing.T) {
			conn := e.raw(t, c.head)
			all, err := io.ReadAll(conn)
			if err != nil {
				t.Fatalf("%v after %q", err, all)
			}
			r := bufio.NewReader(bytes.NewReader(all))
			resp, err := http.ReadResponse(r, nil)
			if err != nil || resp.StatusCode != c.status || !resp.Close {
				t.Fatalf("%q: %v", all, err)
			}
			if body, err := io.ReadAll(resp.Body); err != nil || len(body) == 0 || r.Buffered() != 0 {
				t.Fatalf("%q: %v", all, err)
			}
			if resp.Body.Close(); c.status == 426 && resp.Header.Get("Sec-WebSocket-Version") != "13" {
				t.Fatalf("%q", all)
			}
		})
	}
	e.deserted(t)
}

// A head that never ends is answered 408 when its time is over.
func TestSlowloris(t *testing.T) {
	e := start(t, options{handshakeTime: 300 * time.Millisecond})
	for _, s := range []string{"", "GET / HTTP/1.1\r\nHost: h\r\n"} {
		all, err := io.ReadAll(e.raw(t, s))
		if err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 408 ") {
			t.Fatalf("%q, %v", all, err)
		}
	}
	e.deserted(t)
}

// A message that never ends is closed with 1008 when its time is over, whether its bytes trickle
// or stay away; an idle connection is not.
func TestTrickle(t *testing.T) {
	e := start(t, options{limits: wsproto.Limits{MessageTime: 300 * time.Millisecond}})
	idle := e.dial(t, wsproto.DialOptions{})
	whole := wsproto.AppendMaskedFrame(nil, wsproto.OpText, false, []byte("Hel"))
	for _, part := range [][]byte{whole, whole[:1], whole[:7]} {
		c := e.dial(t, wsproto.DialOptions{})
		if err := c.WriteRaw(bounded(t), part); err != nil {
			t.Fatal(err)
		}
		wantClose(t, c, wsproto.ClosePolicy)
	}
	if err := idle.WriteText(bounded(t), []byte("still here")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, idle, "still here")
}

// A peer that resets, half-closes or vanishes in the middle of a frame leaves nothing behind.
func TestLostPeers(t *testing.T) {
	e := start(t, options{})
	head := request(wsproto.RequestOptions{})
	frame := string(wsproto.AppendMaskedFrame(nil, wsproto.OpText, true, []byte("Hello")))
	for _, sent := range []string{"", head[:10], head, head + frame[:3], head + frame + frame[:8]} {
		for _, end := range []func(*net.TCPConn) error{
			func(c *net.TCPConn) error { _ = c.SetLinger(0); return c.Close() },
			func(c *net.TCPConn) error { return c.CloseWrite() },
			func(c *net.TCPConn) error { return c.Close() },
		} {
			if err := end(e.raw(t, sent)); err != nil {
				t.Fatal(err)
			}
		}
	}
	e.deserted(t)
}

// A peer that asks for answers and never reads them is cut off, and the others are served.
func TestFloodWithoutReading(t *testing.T) {
	e := start(t, options{})
	c := e.dial(t, wsproto.DialOptions{})
	var pings []byte
	for range 500 {
		pings = wsproto.AppendMaskedFrame(pings, wsproto.OpPing, true, bytes.Repeat([]byte("p"), 125))
	}
	ctx := bounded(t)
	for c.WriteRaw(ctx, pings) == nil {
	}
	if ctx.Err() != nil {
		t.Fatal("the flood is not cut off")
	}
	other := e.dial(t, wsproto.DialOptions{})
	if err := other.WriteText(ctx, []byte("hi")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, other, "hi")
}

func TestFlags(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-what"}, {"-message", "-1"}, {"-fragments", "-1"}} {
		if code := run(context.Background(), args, &out); code != 2 {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
	e := start(t, options{})
	if code := run(context.Background(), []string{"-listen", e.addr}, &out); code != 1 {
		t.Errorf("an address in use: exit code %d", code)
	}
}

// The program as a user starts it: it says where it listens, echoes, and ends with 0 when stopped.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"-listen", "127.0.0.1:0", "-protocol", "p"}, in)
		in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found {
		t.Fatalf("%q, %v", line, err)
	}
	go io.Copy(io.Discard, out)
	c := echo{addr: addr}.dial(t, wsproto.DialOptions{RequestOptions: wsproto.RequestOptions{Protocols: []string{"p"}}})
	if err := c.WriteText(bounded(t), []byte("hi")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, c, "hi")
	cancel()
	if got := <-code; got != 0 {
		t.Fatalf("exit code %d", got)
	}
}
