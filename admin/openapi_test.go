package admin

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// described checks answers against openapi.json.
type described struct {
	*jsonschema.Compiler
	t   *testing.T
	doc any
}

func describe(t *testing.T) described {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return described{compiler, t, doc}
}

// at follows a JSON pointer, through one level of references.
func (d described) at(path ...string) any {
	v := d.doc
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
		if m, ok := v.(map[string]any); ok {
			if ref, ok := m["$ref"].(string); ok && strings.HasPrefix(ref, "#/components/responses/") {
				v = d.at("components", "responses", strings.TrimPrefix(ref, "#/components/responses/"))
			}
		}
	}
	return v
}

// fits checks one answer of an operation: its status is described, its body and headers fit.
func (d described) fits(method, path string, status string, a answer) {
	d.t.Helper()
	where := method + " " + path + " " + status
	response, ok := d.at("paths", path, strings.ToLower(method), "responses", status).(map[string]any)
	if !ok {
		d.t.Errorf("%s is not described", where)
		return
	}
	for name, h := range object(response["headers"]) {
		if h.(map[string]any)["required"] == true && a.header.Get(name) == "" {
			d.t.Errorf("%s lacks %s", where, name)
		}
	}
	media := object(object(response["content"])["application/json"])
	schema, ok := object(media["schema"])["$ref"].(string)
	if !ok {
		return
	}
	if ct := a.header.Get("Content-Type"); ct != "application/json; charset=utf-8" {
		d.t.Errorf("%s is %q", where, ct)
	}
	d.valid(where, schema, a.body)
}

// valid checks bytes against a schema of the file.
func (d described) valid(where, ref string, body []byte) {
	d.t.Helper()
	schema, err := d.Compile("openapi.json" + ref)
	if err != nil {
		d.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		d.t.Fatalf("%s: %v: %s", where, err, body)
	}
	if err := schema.Validate(value); err != nil {
		d.t.Errorf("%s: %v: %s", where, err, body)
	}
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func TestOpenAPIIsValid(t *testing.T) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context); err != nil {
		t.Error(err)
	}
	f := start(t, nil)
	if a := f.do(call{path: "/admin/openapi.json"}); !bytes.Equal(a.body, openAPI) {
		t.Error("another file is served")
	}
}

// Every route is described and nothing else is.
func TestOpenAPINamesEveryRoute(t *testing.T) {
	d := describe(t)
	paths := object(d.at("paths"))
	described := map[string]bool{}
	for path, item := range paths {
		for method := range object(item) {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, r := range newRoutes().list {
		if r.name == "/admin" || r.name == "/admin/*" {
			continue // for people, not programs
		}
		for method := range r.methods {
			operation := method + " " + strings.Replace(r.name, ":id", "{id}", 1)
			if !described[operation] {
				t.Errorf("%s is not described", operation)
			}
			delete(described, operation)
		}
	}
	for operation := range described {
		t.Errorf("%s is described but not there", operation)
	}
}

func TestAnswersFitTheDescription(t *testing.T) {
	f, d := start(t, nil), describe(t)
	f.node.set(func(m *memory) { m.bans = append(m.bans, banOf("b-1")) })
	token := f.login()
	good := []struct{ method, path, described string }{
		{"GET", "/health", ""}, {"GET", "/ready", ""}, {"GET", "/metrics", ""}, {"GET", "/admin/openapi.json", ""},
		{"GET", "/admin/servers", ""}, {"GET", "/admin/client?limit=2", "/admin/client"}, {"GET", "/admin/clients", ""},
		{"GET", "/admin/room", ""}, {"GET", "/admin/rooms?q=x", "/admin/rooms"},
		{"GET", "/admin/client/10000", "/admin/client/{id}"}, {"GET", "/admin/client/10001", "/admin/client/{id}"},
		{"GET", "/admin/room/20000", "/admin/room/{id}"}, {"GET", "/admin/bans", ""},
		{"DELETE", "/admin/client/10000", "/admin/client/{id}"}, {"DELETE", "/admin/client/10001?ban=1h&reason=x", "/admin/client/{id}"},
		{"DELETE", "/admin/room/20000?reason=x", "/admin/room/{id}"}, {"DELETE", "/admin/bans/b-1", "/admin/bans/{id}"}, {"GET", "/admin/audit", ""},
	}
	for _, g := range good {
		if g.described == "" {
			g.described = g.path
		}
		a := f.do(call{method: g.method, path: g.path, token: token})
		if a.status != http.StatusOK {
			t.Errorf("%s %s: %d %s", g.method, g.path, a.status, a.body)
			continue
		}
		d.fits(g.method, g.described, "200", a)
	}
	d.fits("POST", "/admin/login", "401", f.do(call{method: "POST", path: "/admin/login", body: `{"username":"x","password":"y"}`, from: "198.51.100.1"}))
	d.fits("POST", "/admin/login", "400", f.do(call{method: "POST", path: "/admin/login", body: `{}`, from: "198.51.100.1"}))
	d.fits("POST", "/admin/login", "415", f.do(call{method: "POST", path: "/admin/login", body: `{}`, contentType: "text/plain", from: "198.51.100.1"}))
	d.fits("POST", "/admin/login", "413", f.do(call{method: "POST", path: "/admin/login", body: strings.Repeat(" ", 5000), from: "198.51.100.1"}))
	d.fits("GET", "/admin/servers", "401", f.do(call{path: "/admin/servers", from: "198.51.100.2"}))
	d.fits("GET", "/admin/client/{id}", "400", f.do(call{path: "/admin/client/0", token: token}))
	d.fits("GET", "/admin/client/{id}", "404", f.do(call{path: "/admin/client/1", token: token}))
	d.fits("GET", "/admin/servers", "405", f.do(call{method: "PUT", path: "/admin/servers", token: token}))
	f.node.set(func(m *memory) { m.reason = "Redis can't be reached." })
	d.fits("GET", "/ready", "503", f.do(call{path: "/ready"}))
	f.node.set(func(m *memory) { m.down = true })
	d.fits("GET", "/admin/bans", "503", f.do(call{path: "/admin/bans", token: token}))
	f.server.limits.allow = refuseAll
	d.fits("GET", "/admin/bans", "429", f.do(call{path: "/admin/bans", token: token}))
}
