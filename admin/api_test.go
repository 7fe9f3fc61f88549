package admin

import (
	"net/http"
	"strings"
	"testing"
)

// endpoint is one entry of the contract that needs a token.
type endpoint struct {
	method, path string
	bad          []string // paths with bad input, all 400
	missing      string   // a path with an id that is not there, 404
}

var endpoints = []endpoint{
	{method: "GET", path: "/admin/servers", bad: []string{"/admin/servers?a=%zz"}},
	{method: "GET", path: "/admin/client", bad: listFaults("/admin/client", "username")},
	{method: "GET", path: "/admin/clients", bad: listFaults("/admin/clients", "ip")},
	{method: "GET", path: "/admin/room", bad: listFaults("/admin/room", "name")},
	{method: "GET", path: "/admin/rooms", bad: listFaults("/admin/rooms", "activeUsers")},
	{method: "GET", path: "/admin/clients?sort=-username&limit=2", bad: listFaults("/admin/clients", "serverId")},
	{method: "GET", path: "/admin/rooms?sort=createdAt&q=o", bad: listFaults("/admin/rooms", "lastMessageAt")},
	{method: "GET", path: "/admin/client/10000", bad: idFaults("/admin/client/"), missing: "/admin/client/99999"},
	{method: "GET", path: "/admin/room/20000", bad: idFaults("/admin/room/"), missing: "/admin/room/9999999999999999"},
	{method: "DELETE", path: "/admin/client/10002", missing: "/admin/client/99999", bad: append(idFaults("/admin/client/"),
		"/admin/client/10003?ban=0s", "/admin/client/10003?ban=-1h", "/admin/client/10003?ban=", "/admin/client/10003?ban=x",
		"/admin/client/10003?ban=900000h", "/admin/client/10003?ban=1h&ban=2h", "/admin/client/10003?reason=a%0ab",
		"/admin/client/10003?reason=%ff", "/admin/client/10003?reason=a%e2%80%ae", "/admin/client/10003?reason="+strings.Repeat("x", 201))},
	{method: "DELETE", path: "/admin/room/20001", missing: "/admin/room/99999", bad: append(idFaults("/admin/room/"), "/admin/room/20000?reason=%00")},
	{method: "GET", path: "/admin/bans", bad: []string{"/admin/bans?x=1&x=2"}},
	{method: "DELETE", path: "/admin/bans/b-1", missing: "/admin/bans/b-404", bad: []string{"/admin/bans/a,b", "/admin/bans/" + strings.Repeat("b", 65)}},
	{method: "GET", path: "/admin/audit", bad: []string{"/admin/audit?%"}},
	{method: "GET", path: "/admin/events", bad: []string{"/admin/events?x=1&x=2"}},
}

func listFaults(path, field string) []string {
	var out []string
	for _, q := range []string{"limit=0", "limit=10001", "limit=-1", "limit=+1", "limit=01", "limit=1e3", "limit=x", "limit=", "limit=1&limit=2",
		"cursor=nowhere", "cursor=%00", "cursor=" + strings.Repeat("c", 257), "q=%ff", "q=%1b[31m", "q=" + strings.Repeat("q", 65), "q=%zz", "q=a;limit=3"} {
		out = append(out, path+"?"+q)
	}
	for _, q := range []string{"sort=", "sort=-", "sort=--" + field, "sort=+" + field, "sort=messages", "sort=Name", "sort=ACTIVEUSERS", "sort=id", "sort=" + field + "&sort=" + field} {
		out = append(out, path+"?"+q)
	}
	for _, cursor := range []string{"1", "1.2", "0.1.YQ", "1.x.YQ", "1.1.YR", "1.1.YQ==", "1.01.YQ", "1.1.YQ.YQ", "-1.1.YQ"} {
		out = append(out, path+"?sort="+field+"&cursor="+cursor)
	}
	return out
}

func idFaults(prefix string) []string {
	var out []string
	for _, id := range []string{"0", "01", "-1", "+1", "12abc", "1.5", "1e4", "abc", "10000000000000000", "room:1", "1,2", "*"} {
		out = append(out, prefix+id)
	}
	return out
}

func TestEndpointsNeedAToken(t *testing.T) {
	f := start(t, nil)
	for i, e := range endpoints {
		from := "198.51.100." + string(rune('1'+i/9)) + string(rune('0'+i%9))
		for _, token := range []string{"", "not.a.token"} {
			a := f.do(call{method: e.method, path: e.path, token: token, from: from})
			if a.status != http.StatusUnauthorized || a.code(t) != "UNAUTHORIZED" || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s %s with token %q: %d %s", e.method, e.path, token, a.status, a.body)
			}
		}
		// Bad input does not show before the token is checked.
		if a := f.do(call{method: e.method, path: e.bad[0], from: from}); a.status != http.StatusUnauthorized {
			t.Errorf("%s %s without a token: %d", e.method, e.bad[0], a.status)
		}
	}
}

func TestEndpointsAnswer(t *testing.T) {
	f := start(t, nil)
	f.node.set(func(m *memory) { m.bans = append(m.bans, banOf("b-1")) })
	token := f.login()
	for _, e := range endpoints {
		if e.path == "/admin/events" {
			continue // a stream of its own tests
		}
		if a := f.do(call{method: e.method, path: e.path, token: token}); a.status != http.StatusOK {
			t.Errorf("%s %s: %d %s", e.method, e.path, a.status, a.body)
		}
		if e.missing != "" {
			if a := f.do(call{method: e.method, path: e.missing, token: token}); a.status != http.StatusNotFound || a.code(t) != "NOT_FOUND" {
				t.Errorf("%s %s: %d %s", e.method, e.missing, a.status, a.body)
			}
		}
	}
}

func TestEndpointsRefuseBadInput(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	for _, e := range endpoints {
		for _, path := range e.bad {
			a := f.do(call{method: e.method, path: path, token: token})
			if a.status != http.StatusBadRequest || a.code(t) != "BAD_REQUEST" {
				t.Errorf("%s %s: %d %s", e.method, path, a.status, a.body)
			}
		}
	}
	if _, there := f.node.clients[10003]; !there {
		t.Error("a refused deletion deleted")
	}
}

func TestEndpointsOverTheLimit(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	f.server.limits.allow = refuseAll
	for _, e := range endpoints {
		a := f.do(call{method: e.method, path: e.path, token: token})
		if a.status != http.StatusTooManyRequests || a.code(t) != "RATE_LIMITED" || a.header.Get("Retry-After") != "8" {
			t.Errorf("%s %s: %d %s, Retry-After %q", e.method, e.path, a.status, a.body, a.header.Get("Retry-After"))
		}
	}
}

func TestEndpointsWithoutTheCluster(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	f.node.set(func(m *memory) { m.down = true })
	for _, e := range endpoints {
		if e.path == "/admin/events" {
			continue // it goes on with what this node knows
		}
		a := f.do(call{method: e.method, path: e.path, token: token})
		if a.status != http.StatusServiceUnavailable || a.code(t) != "UNAVAILABLE" || a.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: %d %s", e.method, e.path, a.status, a.body)
		}
		if strings.Contains(string(a.body), "secret-host") {
			t.Errorf("the cause is told to strangers: %s", a.body)
		}
	}
}

func TestMethods(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	paths := []string{"/health", "/ready", "/metrics", "/admin", "/admin/", "/admin/login", "/admin/openapi.json"}
	for _, e := range endpoints {
		paths = append(paths, e.path)
	}
	for _, path := range paths {
		for _, method := range []string{"HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "CONNECT", "get", "FOO"} {
			if a := f.do(call{method: method, path: path, token: token}); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") == "" {
				t.Errorf("%s %s: %d, Allow %q", method, path, a.status, a.header.Get("Allow"))
			}
		}
	}
	if a := f.do(call{method: "OPTIONS", path: "/admin/servers", header: map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}}); len(a.header.Values("Access-Control-Allow-Origin")) > 0 {
		t.Error("CORS is open")
	}
}

func TestPathsAreTakenAsTheyAre(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	for _, path := range []string{"/", "/admin/../admin/rooms", "//admin/rooms", "/admin//rooms", "/%61dmin/rooms", "/admin/%72ooms", "/admin/rooms;x",
		"/admin/rooms/", "/admin/room/1%2f..", "/admin/room/%31", "/admin/room/20000;x", "/admin/room/20000/", "/admin/room/20000/x", "/admin/./rooms",
		"/admin/room/../rooms", "/ADMIN/rooms", "/admin/Rooms", "/admin\\rooms", "/admin/room/..", "/admin/client/", "/metrics/", "/health/x",
		"/debug/pprof/", "/debug/vars", "/favicon.ico", "/admin/servers/x", "/admin/login/", "http://example.org/admin/rooms"} {
		if a := f.rawGet(path, token); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := f.rawGet("/admin/rooms", token); a.status != http.StatusOK {
		t.Errorf("the same way, a good path: %d %s", a.status, a.body)
	}
}

// rawGet sends a request target that net/http would not.
func (f *fixture) rawGet(target, token string) answer {
	f.Helper()
	answers := f.raw("GET " + target + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\nConnection: close\r\n\r\n")
	if len(answers) != 1 {
		f.Fatalf("%s: %d answers", target, len(answers))
	}
	return answers[0]
}

func TestEveryAnswerIsSecured(t *testing.T) {
	f := start(t, nil)
	for _, path := range []string{"/health", "/ready", "/metrics", "/admin/openapi.json", "/admin/servers", "/nowhere"} {
		a := f.do(call{path: path})
		for _, name := range []string{"X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy", "Cache-Control", "X-Request-Id"} {
			if a.header.Get(name) == "" {
				t.Errorf("%s has no %s", path, name)
			}
		}
		if a.header.Get("Server") != "" {
			t.Errorf("%s names the server software", path)
		}
	}
}

func TestSwitchedOff(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no user":   func(c *Config) { c.User = "" },
		"no pass":   func(c *Config) { c.Pass = "" },
		"no secret": func(c *Config) { c.JWTSecret = "" },
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, change)
			paths := []string{"/admin", "/admin/", "/admin/login", "/admin/openapi.json"}
			for _, e := range endpoints {
				paths = append(paths, e.path)
			}
			for _, path := range paths {
				if a := f.do(call{path: path}); a.status != http.StatusNotFound {
					t.Errorf("%s: %d", path, a.status)
				}
			}
			for _, path := range []string{"/health", "/ready", "/metrics"} {
				if a := f.do(call{path: path}); a.status != http.StatusOK {
					t.Errorf("%s: %d", path, a.status)
				}
			}
			if !strings.Contains(f.log.String(), "ADMIN API IS OFF") {
				t.Error("nothing loud in the log")
			}
		})
	}
}
