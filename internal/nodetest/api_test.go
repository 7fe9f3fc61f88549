package nodetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// described holds answers against the description that the node itself serves.
type described struct {
	*jsonschema.Compiler
	t *testing.T
}

// answer is one answer of the admin API as it came.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask is Call with everything that came back; without an answer the status is 0 and the test has
// failed. Any goroutine.
func ask(t testing.TB, n *Node, token, method, path string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, n.API()+path, http.NoBody)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	return answer{response.StatusCode, response.Header, body}
}

func describedBy(t *testing.T, n *Node) described {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(ask(t, n, "", http.MethodGet, "/admin/openapi.json").body))
	if err != nil {
		t.Fatal(err)
	}
	d := described{jsonschema.NewCompiler(), t}
	d.DefaultDraft(jsonschema.Draft2020)
	if err := d.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	return d
}

// fits asks and checks the answer's status, and its body against a schema: every field that is
// required and none beside the described ones.
func (d described) fits(n *Node, token, method, path string, status int, schema string) {
	d.t.Helper()
	a := ask(d.t, n, token, method, path)
	if a.status != status {
		d.t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
		return
	}
	compiled, err := d.Compile("openapi.json#/components/schemas/" + schema)
	if err != nil {
		d.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err != nil {
		d.t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
	}
	if err := compiled.Validate(value); err != nil {
		d.t.Errorf("%s %s: %v: %s", method, path, err, a.body)
	}
}

// TestTheAPIAnswersAsDescribed plays the same on one node in memory and on two with Redis: what an
// operator's program was written for one of them works on the other.
func TestTheAPIAnswersAsDescribed(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		d, token := describedBy(t, a), Login(t, a)
		alice, bob, outside := Dial(t, a), Dial(t, b), Dial(t, b)
		alice.Send(`{"type":"UPDATE_USERNAME","id":"n","username":"<b>Ünï"}`)
		alice.Await("ACK", "USER_EVENT")
		room := alice.Create("Tea & <i>").Int("roomId")
		bob.Join(room)
		alice.Expect("USER_EVENT")
		alice.Say("1", "hello")
		bob.Leave()
		for _, who := range []*Client{alice, outside} {
			known(t, b, token, who.ID())
		}
		for _, n := range []*Node{a, b} {
			d.fits(n, token, "GET", "/health", 200, "Health")
			d.fits(n, token, "GET", "/ready", 200, "Ready")
			d.fits(n, token, "GET", "/admin/servers", 200, "Servers")
			for _, list := range []string{"/admin/client", "/admin/clients"} {
				d.fits(n, token, "GET", list+"?limit=1", 200, "Clients")
				d.fits(n, token, "GET", list+"?q=%C3%BCN", 200, "Clients")
				d.fits(n, token, "GET", list+"?cursor=nowhere,", 400, "Error")
			}
			for _, list := range []string{"/admin/room", "/admin/rooms"} {
				d.fits(n, token, "GET", list+"?limit=1", 200, "Rooms")
				d.fits(n, token, "GET", list+"?q=TEA%20%26", 200, "Rooms")
				d.fits(n, token, "GET", list+"?cursor=nowhere,", 400, "Error")
			}
			d.fits(n, token, "GET", fmt.Sprintf("/admin/client/%d", alice.ID()), 200, "Client")
			d.fits(n, token, "GET", fmt.Sprintf("/admin/client/%d", outside.ID()), 200, "Client")
			d.fits(n, token, "GET", fmt.Sprintf("/admin/room/%d", room), 200, "Room")
			d.fits(n, token, "GET", "/admin/client/9999999999999999", 404, "Error")
			d.fits(n, token, "GET", "/admin/room/9999999999999999", 404, "Error")
			d.fits(n, token, "DELETE", "/admin/client/9999999999999999?ban=1h", 404, "Error")
			d.fits(n, token, "DELETE", "/admin/room/9999999999999999", 404, "Error")
			d.fits(n, token, "DELETE", "/admin/bans/9999999999999999", 404, "Error")
			d.fits(n, "", "GET", "/admin/bans", 401, "Error")
		}
		banID := ban(t, b, token, outside.ID(), "1h").Ban.ID
		d.fits(a, token, "GET", "/admin/bans", 200, "Bans")
		d.fits(a, token, "DELETE", "/admin/bans/"+banID+"?reason=mercy", 200, "Lifted")
		d.fits(b, token, "DELETE", fmt.Sprintf("/admin/room/%d?reason=over", room), 200, "Removal")
		d.fits(b, token, "DELETE", fmt.Sprintf("/admin/client/%d?ban=1h&reason=rude", alice.ID()), 200, "Removal")
		d.fits(a, token, "GET", "/admin/audit", 200, "Audit")
		d.fits(b, token, "GET", "/admin/audit", 200, "Audit")
	})
}

// TestThePublicListenerShowsNothingPrivate: what only operators may see is not there, whatever the
// path is spelled like, and their token is worth nothing on the chat's side.
func TestThePublicListenerShowsNothingPrivate(t *testing.T) {
	n := Start(t)
	token := Login(t, n)
	public := "http://" + n.Addr().String()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	for _, path := range []string{"/metrics", "/ready", "/admin", "/admin/", "/admin/servers", "/admin/login", "/admin/openapi.json",
		"/debug/pprof/", "/debug/vars", "/ws/../admin/servers", "/%61dmin/servers", "//admin/servers"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, public, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Opaque = path
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	c := Dial(t, n)
	c.Send(`{"type":"RESUME","session":%q}`, token)
	c.ExpectError("SESSION_INVALID")
}

// TestWithoutRedisOperatorsStillSeeTheirNode: logging in is closed, because nobody counts the tries
// in the cluster; a token that is there goes on, with what this node knows.
func TestWithoutRedisOperatorsStillSeeTheirNode(t *testing.T) {
	t.Parallel()
	nodes, redis := Cluster(t, 1)
	n := nodes[0]
	token := Login(t, n)
	Dial(t, n).Create("Tea")
	redis.Kill()
	if status := Call(t, n, "", http.MethodPost, "/admin/login", fmt.Sprintf(`{"username":%q,"password":%q}`, User, Password), nil); status != http.StatusServiceUnavailable {
		t.Errorf("login: %d", status)
	}
	for _, path := range []string{"/admin/clients", "/admin/rooms", "/admin/bans", "/admin/audit"} {
		if a := ask(t, n, token, http.MethodGet, path); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "127.0.0.1") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := ask(t, n, "", http.MethodGet, "/admin/clients"); a.status != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/health", "/metrics"} {
		if a := ask(t, n, "", http.MethodGet, path); a.status != http.StatusOK {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	Eventually(t, "it is not ready", func() bool { return ask(t, n, "", http.MethodGet, "/ready").status == http.StatusServiceUnavailable })
	if err := redis.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "it is ready again", func() bool { return ask(t, n, "", http.MethodGet, "/ready").status == http.StatusOK })
	begin := time.Now()
	Login(t, n)
	t.Logf("a login behind the outage took %v", time.Since(begin).Round(time.Millisecond))
}
