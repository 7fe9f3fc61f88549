package admin

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

func newRequest(uri string) *fasthttp.RequestCtx {
	ctx := &fasthttp.RequestCtx{}
	ctx.Request.SetRequestURI(uri)
	return ctx
}

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer      string
		forwarded []string
		realIP    string
		want      string
	}{
		{"203.0.113.1", []string{"1.1.1.1"}, "2.2.2.2", "203.0.113.1"},
		{"10.0.0.1", nil, "", "10.0.0.1"},
		{"10.0.0.1", nil, "2.2.2.2", "2.2.2.2"},
		{"10.0.0.1", nil, "junk", "10.0.0.1"},
		{"10.0.0.1", []string{"1.1.1.1"}, "2.2.2.2", "1.1.1.1"},
		{"10.0.0.1", []string{"9.9.9.9, 1.1.1.1, 10.0.0.2"}, "", "1.1.1.1"},
		{"10.0.0.1", []string{"9.9.9.9", "1.1.1.1"}, "", "1.1.1.1"},
		{"10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "", "10.0.0.3"},
		{"10.0.0.1", []string{"1.1.1.1, junk, 10.0.0.2"}, "", "10.0.0.2"},
		{"10.0.0.1", []string{"1.1.1.01"}, "", "10.0.0.1"},
		{"10.0.0.1", []string{""}, "", "10.0.0.1"},
		{"::ffff:10.0.0.1", []string{"::ffff:1.1.1.1"}, "", "1.1.1.1"},
		{"fd00::1", []string{"[2001:db8::1]:443"}, "", "2001:db8::1"},
		{"10.0.0.1", []string{"fe80::1%eth0"}, "", "fe80::1"},
		{"10.0.0.1", []string{strings.Repeat("1.1.1.1,", 10_000) + "2.2.2.2"}, "", "2.2.2.2"},
	} {
		if got := clientAddress(netip.MustParseAddr(c.peer), trusted, c.forwarded, c.realIP); got.String() != c.want {
			t.Errorf("%s %.60q %q: %s, want %s", c.peer, c.forwarded, c.realIP, got, c.want)
		}
	}
	for addr, want := range map[string]string{"1.2.3.4": "1.2.3.4", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "::ffff:1.2.3.4": "1.2.3.4"} {
		if got := limitKey(canonical(netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestBannable(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	for ip, want := range map[string]bool{
		"203.0.113.1": true, "2001:db8::1": true, "2001:db8::/64": true, "::ffff:203.0.113.1": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "fd00::1": false, "fd00::/64": false, "169.254.1.1": false,
		"fe80::1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "100.64.0.1": false, "::ffff:127.0.0.1": false, "192.0.2.7": false, "": false, "junk": false,
	} {
		if got := bannable(ip, trusted); got != want {
			t.Errorf("%q: %v", ip, got)
		}
	}
}

func TestPasswordHashes(t *testing.T) {
	one, err := HashPassword("s3cret")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := HashPassword("s3cret")
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(one, "s3cret") {
		t.Errorf("%s %s", one, two)
	}
	h, err := parseHash(one)
	if err != nil || !h.matches("s3cret") || h.matches("s3cret ") || h.matches("") {
		t.Error("the hash does not match its password alone")
	}
	if _, err := HashPassword(""); err == nil {
		t.Error("an empty password was hashed")
	}
	for _, bad := range []string{"", "$argon2id$", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$" + strings.Repeat("A", 43), strings.Replace(one, "v=19", "v=16", 1),
		strings.Replace(one, "m=19456", "m=99999999", 1), strings.Replace(one, "m=19456", "m=1", 1), strings.Replace(one, "m=19456", "m=019456", 1),
		strings.Replace(one, "t=2", "t=0", 1), strings.Replace(one, "t=2", "t=99", 1), strings.Replace(one, "p=1", "p=0", 1), strings.Replace(one, "p=1", "p=1 ", 1), one + "=", one + "$", one[:len(one)-30]} {
		if _, err := parseHash(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	bad := Config{Listen: "nowhere", User: "a\nb", Pass: "$2b$10$abcdefghijklmnopqrstuv", JWTSecret: "short-secret", JWTTTL: time.Millisecond,
		TrustedProxies: []netip.Prefix{{}}, ReadTimeout: -1, MaxStreams: -1}
	err := bad.Validate()
	if err == nil {
		t.Fatal("no fault found")
	}
	if n := len(strings.Split(err.Error(), "\n")); n != 8 {
		t.Errorf("%d faults: %v", n, err)
	}
	for _, secret := range []string{bad.Pass, bad.JWTSecret} {
		if strings.Contains(err.Error(), secret) || strings.Contains(fmt.Sprint(slog.AnyValue(bad).Resolve()), secret) {
			t.Errorf("%q is told", secret)
		}
	}
	if _, err := New(bad, newMemory(), nil); err == nil {
		t.Error("New takes it")
	}
}

// shortOfFiles fails a few times before it accepts.
type shortOfFiles struct {
	net.Listener
	failures int
}

func (l *shortOfFiles) Accept() (net.Conn, error) {
	if l.failures > 0 {
		l.failures--
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestListenerSurvivesAShortageOfDescriptors(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reports := 0
	l := newListener(&shortOfFiles{inner, 3}, func(error) { reports++ })
	c, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	accepted, err := l.Accept()
	if err != nil || reports != 3 {
		t.Fatalf("%v after %d reports", err, reports)
	}
	l.abort()
	_ = accepted.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestListenerClosesWhatWasNeverUsed(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(inner, func(error) {})
	defer l.Close()
	var here, there [2]net.Conn
	for i := range here {
		if there[i], err = net.Dial("tcp", inner.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer there[i].Close()
		if here[i], err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		defer here[i].Close()
		_ = there[i].SetDeadline(time.Now().Add(patience))
	}
	if _, err := there[0].Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := here[0].Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	l.closeUnused()
	if _, err := there[1].Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the unused one: %v", err)
	}
	if _, err := here[0].Write([]byte("y")); err != nil {
		t.Errorf("the used one: %v", err)
	}
}

func FuzzDecodeStrings(f *testing.F) {
	for _, s := range []string{goodLogin, `{"username":"\ud83d\ude00","password":"\\ud800"}`, `{"a":{"b":[1,{}]},"username":"","password":""}`, `{"username":"\ud800\u0041"}`, `{"username":"\\\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := decodeStrings(body, "username", "password")
		if err == nil && (len(fields) != 2 || strings.ContainsRune(fields["username"], '\ufffd') && !strings.Contains(strings.ToLower(string(body)), "fffd") && !strings.Contains(string(body), "\ufffd")) {
			t.Errorf("%q: %q", body, fields)
		}
	})
}

func FuzzRoutes(f *testing.F) {
	for _, s := range []string{"/admin/room/1", "/admin/../x", "//", "/admin/%2e"} {
		f.Add(s)
	}
	routes := newRoutes()
	f.Fuzz(func(t *testing.T, path string) {
		r, param := routes.find(path)
		if r == nil {
			return
		}
		if strings.ContainsAny(path, "%;\\ ") || strings.Contains(path, "//") || strings.Contains(path, "/../") || strings.Contains(param, "/") {
			t.Errorf("%q is %s with %q", path, r.name, param)
		}
	})
}
