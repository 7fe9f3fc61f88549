package admin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatroom/internal/chat"
)

const goodLogin = `{"username":"` + testUser + `","password":"` + testPass + `"}`

func TestLogin(t *testing.T) {
	f := start(t, nil)
	before := time.Now()
	a := f.do(call{method: "POST", path: "/admin/login", body: goodLogin, contentType: "application/json; charset=UTF-8"})
	var l loginAnswer
	a.into(t, &l)
	if a.status != http.StatusOK || l.Token == "" || len(l.Token) > maxTokenBytes {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if ttl := time.UnixMilli(l.ExpiresAt).Sub(before); ttl < 29*time.Minute || ttl > 31*time.Minute {
		t.Errorf("lives for %v", ttl)
	}
	if a := f.do(call{path: "/admin/servers", token: l.Token}); a.status != http.StatusOK {
		t.Errorf("its token: %d", a.status)
	}
	if a := f.do(call{method: "POST", path: "/admin/login", body: goodLogin}); a.status != http.StatusOK {
		t.Errorf("without a content type: %d %s", a.status, a.body)
	}
}

func TestWrongLoginsLookTheSame(t *testing.T) {
	f := start(t, nil)
	var first string
	for i, body := range []string{
		`{"username":"` + testUser + `","password":"wrong"}`,
		`{"username":"nobody","password":"` + testPass + `"}`,
		`{"username":"nobody","password":"wrong"}`,
		`{"username":"","password":""}`,
		`{"username":"ROOT","password":"` + testPass + `"}`,
		`{"username":"root ","password":"` + testPass + `"}`,
	} {
		a := f.do(call{method: "POST", path: "/admin/login", body: body, from: fmt.Sprintf("198.51.100.%d", i)})
		if i == 0 {
			first = string(a.body)
		}
		if a.status != http.StatusUnauthorized || string(a.body) != first {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	var refused, named int
	for _, e := range f.node.audit {
		if e.Action == "login" && e.Result == "refused" && e.IP != "" {
			refused++
			if e.By == testUser {
				named++
			}
		}
	}
	if refused != 6 || named != 1 {
		t.Errorf("audit: %d refused, %d of them with the operator's name: %+v", refused, named, f.node.audit)
	}
	for _, secret := range []string{testPass, "wrong", "nobody", testSecret} {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestLoginBodies(t *testing.T) {
	f := start(t, nil)
	n := 0
	post := func(body, contentType string) int {
		n++
		return f.do(call{method: "POST", path: "/admin/login", body: body, contentType: contentType, from: fmt.Sprintf("203.0.%d.1", n)}).status
	}
	for _, body := range []string{
		"", " ", "null", "[]", "1", `""`, "{}", "{", goodLogin + "x", goodLogin + "{}", "\ufeff" + goodLogin, "//\n" + goodLogin,
		`{"username":"root"}`, `{"password":"x"}`, `{"username":1,"password":"x"}`, `{"username":null,"password":"x"}`, `{"username":["root"],"password":"x"}`,
		`{"username":"root","password":"x","password":"y"}`, `{"username":"root","Password":"x"}`, `{"username":"root","password":"x","PASSWORD":"y"}`,
		`{"username":"root","password":"x","a":1,"a":2}`, `{"username":"\ud800","password":"x"}`, `{"username":"root","password":"\udc00\ud800"}`,
		`{"username":"root","password":"` + "\xff" + `"}`, `{"username":"root","password":"x",}`, `{'username':'root','password':'x'}`, `{"username":"root","password":"a` + "\n" + `b"}`,
	} {
		if status := post(body, "application/json"); status != http.StatusBadRequest {
			t.Errorf("%q: %d", body, status)
		}
	}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16",
		"application/jsonp", "json", "application/json, text/plain", ";"} {
		if status := post(goodLogin, contentType); status != http.StatusUnsupportedMediaType {
			t.Errorf("%s: %d", contentType, status)
		}
	}
	for _, body := range []string{strings.Repeat(" ", 4097), strings.Repeat("[", 10_000), strings.Repeat("x", 1<<18)} {
		if status := post(body, "application/json"); status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d bytes: %d", len(body), status)
		}
	}
	for _, body := range []string{goodLogin + strings.Repeat(" ", 4096-len(goodLogin)), `{"x":{"password":1},"username":"root","password":"` + testPass + `","y":"\ud83d\ude00"}`, "\n" + goodLogin + "\n"} {
		if status := post(body, "application/json"); status != http.StatusOK {
			t.Errorf("%.60q: %d", body, status)
		}
	}
}

// Every attempt derives exactly one key, whether the name is known or not, so neither the time nor
// the work tells them apart.
func TestUnknownUsersCostTheSame(t *testing.T) {
	hash, err := HashPassword(testPass)
	if err != nil {
		t.Fatal(err)
	}
	for _, pass := range []string{testPass, hash} {
		c, err := newCredentials(testUser, pass)
		if err != nil {
			t.Fatal(err)
		}
		var derived atomic.Int64
		inner := c.pass
		c.pass = func(p string) bool { derived.Add(1); return inner(p) }
		for i, try := range []struct {
			user, pass string
			want       bool
		}{{testUser, testPass, true}, {testUser, "wrong", false}, {"nobody", testPass, false}, {"", "", false}, {strings.Repeat("x", 4000), "x", false}} {
			ok, err := c.check(context.Background(), try.user, try.pass)
			if err != nil || ok != try.want {
				t.Errorf("%q: %v %v", try.user, ok, err)
			}
			if derived.Load() != int64(i+1) {
				t.Errorf("%q: %d derivations after %d attempts", try.user, derived.Load(), i+1)
			}
		}
	}
}

func TestLoginWithAHash(t *testing.T) {
	hash, err := HashPassword(testPass)
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, func(c *Config) { c.Pass = hash })
	f.login()
	a := f.do(call{method: "POST", path: "/admin/login", body: `{"username":"root","password":"` + hash + `"}`})
	if a.status != http.StatusUnauthorized {
		t.Errorf("the hash itself is no password: %d", a.status)
	}
}

func TestLoginsWaitForASlot(t *testing.T) {
	f := start(t, func(c *Config) { c.CallTimeout = 50 * time.Millisecond })
	for range maxParallelHashes {
		f.server.creds.slots <- struct{}{}
	}
	a := f.do(call{method: "POST", path: "/admin/login", body: goodLogin})
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	for range maxParallelHashes {
		<-f.server.creds.slots
	}
}

func TestAuditThatCantBeWritten(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	f.server.node = failingAudit{f.node}
	if a := f.do(call{method: "DELETE", path: "/admin/client/10000", token: token}); a.status != http.StatusOK {
		t.Errorf("the action stands: %d %s", a.status, a.body)
	}
	if !strings.Contains(f.log.String(), "admin audit entry is lost") {
		t.Error("nobody is told")
	}
}

type failingAudit struct{ *memory }

func (failingAudit) AppendAudit(context.Context, chat.AuditEntry) error { return errDown }
