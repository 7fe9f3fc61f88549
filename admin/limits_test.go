package admin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func limiterAt(c *clock, allow func(context.Context, string, int) (bool, int64, error)) *limiter {
	l := newLimiter(allow)
	l.now = c.now
	return l
}

func allowAll(context.Context, string, int) (bool, int64, error) { return true, 0, nil }
func fail(context.Context, string, int) (bool, int64, error)     { return false, 0, errDown }

func TestBucketRefillsToTheSecond(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	l := limiterAt(c, allowAll)
	for i := range bucketSize {
		if v := l.anonymous(t.Context(), "a"); !v.ok {
			t.Fatalf("request %d: %+v", i, v)
		}
	}
	v := l.anonymous(t.Context(), "a")
	if v.ok || seconds(v.wait) != 5 || v.layer != "bucket" {
		t.Fatalf("fifth: %+v", v)
	}
	if v := l.anonymous(t.Context(), "b"); !v.ok {
		t.Error("another address pays")
	}
	c.at = c.at.Add(4999 * time.Millisecond)
	if v := l.anonymous(t.Context(), "a"); v.ok || seconds(v.wait) != 1 {
		t.Errorf("a millisecond early: %+v", v)
	}
	c.at = c.at.Add(time.Millisecond)
	if v := l.anonymous(t.Context(), "a"); !v.ok {
		t.Errorf("after Retry-After: %+v", v)
	}
	if v := l.anonymous(t.Context(), "a"); v.ok {
		t.Error("one token gave two requests")
	}
	c.at = c.at.Add(time.Hour)
	for i := range bucketSize + 1 {
		if v := l.anonymous(t.Context(), "a"); v.ok != (i < bucketSize) {
			t.Errorf("after an hour, request %d: %+v", i, v)
		}
	}
}

// A request that the cluster refuses gives its token back.
func TestRefusedRequestsDoNotCount(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	open := false
	l := limiterAt(c, func(context.Context, string, int) (bool, int64, error) { return open, 1500, nil })
	for range 50 {
		if v := l.anonymous(t.Context(), "a"); v.ok || v.layer != "address" || seconds(v.wait) != 2 {
			t.Fatalf("%+v", v)
		}
	}
	open = true
	for i := range bucketSize {
		if v := l.anonymous(t.Context(), "a"); !v.ok {
			t.Fatalf("token %d was spent: %+v", i, v)
		}
	}
}

func TestLocalWindowStandsIn(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	l := limiterAt(c, fail)
	passed := 0
	for range 60 { // a minute
		if l.anonymous(t.Context(), "a").ok {
			passed++
		}
		c.at = c.at.Add(time.Second)
	}
	if passed != bucketSize+11 { // and 11 refills
		t.Errorf("%d passed", passed)
	}
	for i := range userPerMinute {
		if v := l.user(t.Context(), "root"); !v.ok || !v.blind {
			t.Fatalf("request %d: %+v", i, v)
		}
	}
	if v := l.user(t.Context(), "root"); v.ok || seconds(v.wait) != 60 {
		t.Errorf("%+v", v)
	}
	c.at = c.at.Add(time.Minute)
	if v := l.user(t.Context(), "root"); !v.ok {
		t.Errorf("a minute later: %+v", v)
	}
}

func TestLimitersMemoryIsBounded(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	l := limiterAt(c, fail)
	for i := range 5 * maxLimited {
		l.anonymous(t.Context(), fmt.Sprint(i))
	}
	if n := l.buckets.len(); n > 2*maxLimited {
		t.Errorf("%d buckets", n)
	}
	if n := l.windows.len(); n > 2*maxLimited {
		t.Errorf("%d windows", n)
	}
	c.at = c.at.Add(time.Hour)
	l.anonymous(t.Context(), "x")
	if n := l.buckets.len(); n != 1 {
		t.Errorf("%d buckets after an hour", n)
	}
}

func TestAnonymousRequestsAreLimited(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	for i := range 5 {
		a := f.do(call{path: "/admin/servers", from: "198.51.100.7"})
		if want := http.StatusUnauthorized; i < bucketSize && a.status != want {
			t.Fatalf("request %d: %d", i, a.status)
		}
		if i == bucketSize && (a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "5") {
			t.Errorf("fifth: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
		}
	}
	if a := f.do(call{method: "POST", path: "/admin/login", body: goodLogin, from: "198.51.100.7"}); a.status != http.StatusTooManyRequests {
		t.Errorf("login of the same address: %d", a.status)
	}
	for range 20 { // a good token, the same address, other routes
		if a := f.do(call{path: "/admin/servers", token: token, from: "198.51.100.7"}); a.status != http.StatusOK {
			t.Fatalf("with a token: %d", a.status)
		}
		for _, path := range []string{"/health", "/ready", "/metrics", "/admin/openapi.json"} {
			if a := f.do(call{path: path, from: "198.51.100.7"}); a.status != http.StatusOK {
				t.Fatalf("%s: %d", path, a.status)
			}
		}
	}
}

// The window holds over nodes: two that share it allow twenty together.
func TestWindowIsTheClusters(t *testing.T) {
	f := start(t, nil)
	shared := f.node.Allow
	passed := 0
	for range 10 { // ten nodes
		l := newLimiter(shared)
		for range bucketSize {
			if l.anonymous(t.Context(), "a").ok {
				passed++
			}
		}
	}
	if passed != anonymousPerMinute {
		t.Errorf("%d passed", passed)
	}
}

func TestAddressesCantBeForged(t *testing.T) {
	f := start(t, nil)
	same := []string{"198.51.100.9", "1.1.1.1, 198.51.100.9", "junk, 198.51.100.9", "::ffff:198.51.100.9", "198.51.100.9:4711", " 198.51.100.9 , 127.0.0.1"}
	for i, from := range same {
		a := f.do(call{path: "/admin/servers", from: from})
		if limited := a.status == http.StatusTooManyRequests; limited != (i >= bucketSize) {
			t.Errorf("%q: %d", from, a.status)
		}
	}
	network := []string{"2001:db8:1:2::1", "2001:db8:1:2::2", "[2001:db8:1:2:ffff::3]:80", "2001:DB8:1:2:0::4", "2001:db8:1:2:a:b:c:d"}
	for i, from := range network {
		a := f.do(call{path: "/admin/servers", from: from})
		if limited := a.status == http.StatusTooManyRequests; limited != (i >= bucketSize) {
			t.Errorf("%q: %d", from, a.status)
		}
	}
	if a := f.do(call{path: "/admin/servers", from: "2001:db8:1:3::1"}); a.status != http.StatusUnauthorized {
		t.Errorf("another network: %d", a.status)
	}
}

func TestUntrustedPeersCantForge(t *testing.T) {
	f := start(t, func(c *Config) { c.TrustedProxies = nil })
	for i := range 6 {
		a := f.do(call{path: "/admin/servers", from: fmt.Sprintf("198.51.100.%d", i), header: map[string]string{"X-Real-Ip": fmt.Sprintf("198.51.100.%d", i)}})
		if limited := a.status == http.StatusTooManyRequests; limited != (i >= bucketSize) {
			t.Errorf("request %d: %d", i, a.status)
		}
	}
}

func TestWithoutTheClusterLoginIsClosed(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	f.server.limits.allow = fail
	a := f.do(call{method: "POST", path: "/admin/login", body: goodLogin})
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("login: %d", a.status)
	}
	if a := f.do(call{path: "/admin/servers", token: token}); a.status != http.StatusOK {
		t.Errorf("reading: %d", a.status)
	}
	if a := f.do(call{path: "/admin/servers", from: "198.51.100.44"}); a.status != http.StatusUnauthorized {
		t.Errorf("reading without a token: %d", a.status)
	}
}

// Whoever reads while the cluster is silent is told so soon, and not only after the time that a call
// may take.
func TestASilentClusterIsToldSoon(t *testing.T) {
	f := start(t, func(c *Config) { c.CallTimeout = patience })
	token := f.login()
	f.server.limits.allow = fail
	f.node.set(func(m *memory) { m.hold = make(chan struct{}) })
	began := time.Now()
	if a := f.do(call{path: "/admin/servers", token: token}); a.status != http.StatusServiceUnavailable || a.code(t) != "UNAVAILABLE" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if took := time.Since(began); took >= patience/2 {
		t.Errorf("told after %v", took)
	}
}

func TestRefusalsAreCounted(t *testing.T) {
	f := start(t, nil)
	for range bucketSize + 3 {
		f.do(call{path: "/admin/audit", from: "198.51.100.7"})
	}
	text := string(f.do(call{path: "/metrics"}).body)
	if !strings.Contains(text, `chatroom_admin_rate_limited_total{limit="bucket"} 3`) {
		t.Error("not in the metrics")
	}
}
