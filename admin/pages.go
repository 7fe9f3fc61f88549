package admin

import (
	_ "embed"
	"net/http"

	"github.com/valyala/fasthttp"
)

//go:embed openapi.json
var openAPI []byte

// getOpenAPI serves the description of this API.
func (s *Server) getOpenAPI(x *exchange) error {
	x.ctx.SetContentType("application/json; charset=utf-8")
	x.ctx.SetBody(openAPI)
	return nil
}

// getAdmin leads to the dashboard. The location is relative to the host that the browser used.
func (s *Server) getAdmin(x *exchange) error {
	x.ctx.Response.Header.Set(fasthttp.HeaderLocation, "/admin/")
	x.ctx.SetStatusCode(http.StatusPermanentRedirect)
	return nil
}

// getPage serves a file of the dashboard.
func (s *Server) getPage(x *exchange) error {
	if s.pages == nil {
		return errNotFound
	}
	h := &x.ctx.Request.Header
	status, header, body := s.pages.Respond(string(x.ctx.URI().PathOriginal()),
		string(h.Peek(fasthttp.HeaderAcceptEncoding)), string(h.Peek(fasthttp.HeaderIfNoneMatch)))
	if status == http.StatusNotFound {
		return errNotFound
	}
	x.ctx.SetStatusCode(status)
	for _, pair := range header {
		x.ctx.Response.Header.Set(pair[0], pair[1])
	}
	x.ctx.SetBody(body)
	return nil
}
