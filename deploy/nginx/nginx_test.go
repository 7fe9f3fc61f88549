package nginx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chaos"
	"chatroom/wsproto"
)

func TestOneAddressCantPretendToBeMany(t *testing.T) {
	f := startFront(t, 1, false, "--handshake-rate", "1/s burst 5")
	var refused *wsproto.ResponseError
	for i := range 12 {
		var o wsproto.DialOptions
		spoofed := "203.0.113." + strconv.Itoa(i)
		o.Headers = []string{"X-Forwarded-For: " + spoofed, "X-Real-IP: " + spoofed}
		c, err := wsproto.Dial(t.Context(), f.webSocket(), o)
		if err == nil {
			t.Cleanup(func() { _ = c.CloseNow() })
			continue
		}
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
	}
	if refused == nil || refused.Status != http.StatusTooManyRequests {
		t.Fatalf("twelve handshakes at five and one a second: %v", refused)
	}
}

// TestNobodyNoticesRestarts chats through nginx while it is reloaded twenty times and every node is
// drained, killed, taken away and brought back.
func TestNobodyNoticesRestarts(t *testing.T) {
	f := startFront(t, 3, false, "--message-rate", "0", "--handshake-rate", "0")
	crowd := chaos.NewCrowd(t.Context(), []string{f.webSocket()}, 3, 1)
	defer crowd.Leave()
	talk := func(atLeast int) {
		t.Helper()
		before, _, _, _ := crowd.History.Counts()
		until(t, "people chat", func() bool {
			acked, _, _, _ := crowd.History.Counts()
			return acked >= before+atLeast
		})
	}
	talk(30)
	for range 20 {
		f.reload()
		talk(5)
	}
	for _, n := range f.nodes {
		code, err := n.Stop()
		if err != nil || code != 0 {
			t.Fatalf("drained node: %d, %v", code, err)
		}
		talk(20)
		if err := n.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, "the node is ready", func() bool { return n.Ready() == nil })
	}
	f.nodes[0].Kill()
	f.names.set(netip.MustParseAddr("127.0.1.2"), netip.MustParseAddr("127.0.1.3"))
	begin := time.Now()
	talk(20)
	t.Logf("twenty more messages %v after a kill", time.Since(begin).Round(time.Millisecond))
	if v := crowd.Finish(t.Context()); !v.Clean() {
		t.Fatal(v)
	}
	acked, seen, resumes, _ := crowd.History.Counts()
	t.Logf("%d acknowledged, %d seen, %d resumes", acked, seen, resumes)
	if resumes == 0 {
		t.Fatal("nobody had to resume: the restarts were not noticed because nobody was there")
	}
}

func TestTLS(t *testing.T) {
	f := startFront(t, 1, true)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(f.read(filepath.Join(f.dir, "tls/cert.pem"))))
	secure := "127.0.0.1:" + strconv.Itoa(f.tls)

	if r := f.get("/room"); r.StatusCode != http.StatusPermanentRedirect || r.Header.Get("Location") != "https://"+secure+"/room" {
		t.Errorf("plain page: %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if r := f.get("/api/health"); r.StatusCode != http.StatusOK {
		t.Errorf("plain health: %d", r.StatusCode)
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
	page, err := client.Get("https://" + secure + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	if page.ProtoMajor != 2 || page.Header.Get("Strict-Transport-Security") == "" || page.StatusCode != http.StatusOK {
		t.Errorf("page: %s %d, HSTS %q", page.Proto, page.StatusCode, page.Header.Get("Strict-Transport-Security"))
	}
	c, err := wsproto.Dial(t.Context(), "wss://"+secure+"/ws", wsproto.DialOptions{TLS: &tls.Config{RootCAs: roots}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if first, err := c.ReadMessage(ctx); err != nil || !strings.Contains(string(first), `"CONNECT"`) {
		t.Errorf("first event over wss: %s, %v", first, err)
	}
}

// until polls for half a minute.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		<-tick.C
	}
}
