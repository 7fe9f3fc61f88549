package admin

import (
	"net/http"
	"strings"
)

// handler answers a request. It returns nil when it has answered, an *Error, or what the Node said.
type handler func(*Server, *exchange) error

// route is one entry of the closed list of what the listener answers.
type route struct {
	name    string             // the path with :id, for metrics and logs
	methods map[string]handler // by method; every other one is 405
	admin   bool               // needs the API to be switched on; 503 while draining
	limited bool               // rate limits apply
	token   bool               // needs a valid token
}

func (r *route) allow() string {
	methods := make([]string, 0, len(r.methods))
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if _, ok := r.methods[m]; ok {
			methods = append(methods, m)
		}
	}
	return strings.Join(methods, ", ")
}

// routes are the paths without a parameter and the prefixes of those with one. A path with a
// parameter has exactly one segment behind its prefix.
type routes struct {
	exact  map[string]*route
	prefix map[string]*route
	pages  *route // every other path below /admin/
	list   []*route
}

func newRoutes() *routes {
	rs := &routes{exact: make(map[string]*route), prefix: make(map[string]*route)}
	add := func(path string, r route, methods map[string]handler) {
		r.name, r.methods = path, methods
		rs.list = append(rs.list, &r)
		if p, ok := strings.CutSuffix(path, ":id"); ok {
			rs.prefix[p] = &r
		} else {
			rs.exact[path] = &r
		}
	}
	get := func(h handler) map[string]handler { return map[string]handler{http.MethodGet: h} }
	api := route{admin: true, limited: true, token: true}
	file := route{admin: true}

	add("/health", route{}, get((*Server).getHealth))
	add("/ready", route{}, get((*Server).getReady))
	add("/metrics", route{}, get((*Server).getMetrics))
	add("/admin", file, get((*Server).getAdmin))
	add("/admin/openapi.json", file, get((*Server).getOpenAPI))
	add("/admin/login", route{admin: true, limited: true}, map[string]handler{http.MethodPost: (*Server).postLogin})
	add("/admin/servers", api, get((*Server).getServers))
	for _, path := range []string{"/admin/client", "/admin/clients"} {
		add(path, api, get((*Server).getClients))
	}
	for _, path := range []string{"/admin/room", "/admin/rooms"} {
		add(path, api, get((*Server).getRooms))
	}
	add("/admin/client/:id", api, map[string]handler{http.MethodGet: (*Server).getClient, http.MethodDelete: (*Server).deleteClient})
	add("/admin/room/:id", api, map[string]handler{http.MethodGet: (*Server).getRoom, http.MethodDelete: (*Server).deleteRoom})
	add("/admin/bans", api, get((*Server).getBans))
	add("/admin/bans/:id", api, map[string]handler{http.MethodDelete: (*Server).deleteBan})
	add("/admin/events", api, get((*Server).getEvents))
	add("/admin/audit", api, get((*Server).getAudit))

	file.name, file.methods = "/admin/*", get((*Server).getPage)
	rs.pages = &file
	rs.list = append(rs.list, rs.pages)
	return rs
}

// find matches the raw path of a request target, as it came over the wire: no decoding, no
// normalisation, so that two programs in a row can't read it differently. nil means 404.
func (rs *routes) find(path string) (r *route, param string) {
	if !plain(path) {
		return nil, ""
	}
	if r, ok := rs.exact[path]; ok {
		return r, ""
	}
	if i := strings.LastIndexByte(path, '/'); i > 0 && i+1 < len(path) {
		if r, ok := rs.prefix[path[:i+1]]; ok {
			return r, path[i+1:]
		}
	}
	if strings.HasPrefix(path, "/admin/") {
		return rs.pages, ""
	}
	return nil, ""
}

// plain says whether a path has one reading only: it begins with a slash, has no empty, "." or
// ".." segment (but for the end), no escape, no parameter, no backslash and nothing outside
// printable ASCII.
func plain(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	for i := 0; i < len(path); i++ {
		if c := path[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("%;\\#\"<>^`{|}", c) >= 0 {
			return false
		}
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i+1 < len(segments) {
			return false
		}
	}
	return true
}
