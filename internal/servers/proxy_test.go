package servers

import (
	"bufio"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestProxyFreezesAnswersOnly lets a request through whose answer has to wait.
func TestProxyFreezesAnswersOnly(t *testing.T) {
	r, err := StartRedis(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	p, err := NewProxy(r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answers := bufio.NewReader(c)
	p.FreezeAnswers()
	p.Narrow(3)
	if _, err := c.Write([]byte("SET k v\r\n")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(StartTimeout); ; {
		if n, err := r.Command("EXISTS", "k"); err != nil || time.Now().After(deadline) {
			t.Fatalf("the request has not arrived: %q, %v", n, err)
		} else if n == ":1" {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if line, err := answers.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("an answer came: %q, %v", line, err)
	}
	p.Thaw()
	_ = c.SetReadDeadline(time.Now().Add(StartTimeout))
	if line, err := answers.ReadString('\n'); err != nil || strings.TrimSpace(line) != "+OK" {
		t.Fatalf("after the thaw: %q, %v", line, err)
	}
}

// TestProxyLeadsElsewhere gives a link another end: the connections of before end with it.
func TestProxyLeadsElsewhere(t *testing.T) {
	ends := make([]net.Listener, 2)
	for i := range ends {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ends[i] = l
	}
	p, err := NewProxy(ends[0].Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	arrives := func(at net.Listener) (from, to net.Conn) {
		t.Helper()
		from, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_ = at.(*net.TCPListener).SetDeadline(time.Now().Add(StartTimeout))
		if to, err = at.Accept(); err != nil {
			t.Fatal(err)
		}
		return from, to
	}
	former, kept := arrives(ends[0])
	defer former.Close()
	defer kept.Close()
	p.Redirect(ends[1].Addr().String())
	_ = former.SetReadDeadline(time.Now().Add(StartTimeout))
	if _, err := former.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the former connection is open: %v", err)
	}
	next, other := arrives(ends[1])
	next.Close()
	other.Close()
}
