package node

import (
	"net/http"
	"strings"

	"chatroom/web"
)

// dashboard serves the embedded files of the dashboard below /admin/.
type dashboard struct{ files *web.Files }

// policy lets the dashboard load its own files and ask its own API, and nothing else; no string can
// become markup in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Respond implements admin.Pages. Any goroutine.
func (d dashboard) Respond(path, acceptEncoding, ifNoneMatch string) (status int, header [][2]string, body []byte) {
	file, ok := d.files.Lookup(strings.TrimPrefix(path, "/admin/"))
	if !ok {
		return http.StatusNotFound, nil, nil
	}
	caching := "no-cache"
	if file.Immutable {
		caching = "public, max-age=31536000, immutable"
	}
	header = [][2]string{
		{"Content-Type", file.ContentType}, {"Cache-Control", caching}, {"ETag", file.ETag}, {"Vary", "Accept-Encoding"},
		{"Content-Security-Policy", policy},
	}
	body, encoding, modified := file.Choose(acceptEncoding, ifNoneMatch)
	if !modified {
		return http.StatusNotModified, header, nil
	}
	if encoding != "" {
		header = append(header, [2]string{"Content-Encoding", encoding})
	}
	return http.StatusOK, header, body
}
