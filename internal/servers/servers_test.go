package servers

import (
	"context"
	"net"
	"testing"
	"time"
)

func TestRedisKeepsWhatItWroteOverAKill(t *testing.T) {
	r, err := StartRedis(t.Context(), t.TempDir(), "--appendfsync", "always")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	if _, err := r.Command("SET", "k", "v"); err != nil {
		t.Fatal(err)
	}
	r.Kill()
	if err := Answers(r.Addr()); err == nil {
		t.Fatal("a killed server answers")
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Command("EXISTS", "k"); err != nil || n != ":1" {
		t.Fatalf("after the restart: %q, %v", n, err)
	}
}

func TestProxyCutsAndMends(t *testing.T) {
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
	via := &Redis{Port: p.listener.Addr().(*net.TCPAddr).Port}
	if _, err := via.Command("PING"); err != nil {
		t.Fatal(err)
	}
	p.Cut(true)
	if reply, err := via.Command("PING"); err == nil {
		t.Fatalf("a cut link answers %q", reply)
	}
	p.Mend()
	p.Delay(50 * time.Millisecond)
	begin := time.Now()
	if _, err := via.Command("PING"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 100*time.Millisecond {
		t.Fatalf("a link of 50 ms answers after %v", took)
	}
}

func TestAwaitReportsAnEarlyEnd(t *testing.T) {
	p, err := Start(t.TempDir(), "false", nil, "false")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Await(t.Context(), func() error { return context.DeadlineExceeded }); err == nil {
		t.Fatal("no error for a program that ended")
	}
	if code, err := p.Stop(time.Second); err == nil && code == 0 {
		t.Fatal("false ended with 0")
	}
}
