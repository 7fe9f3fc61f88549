package web

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
)

// Policy is the Content-Security-Policy of the chat page: scripts and styles from this host only,
// no frame, no form, no plugin, and no way for a string to become markup. connect-src names the
// WebSocket schemes because Safari before 15.4 does not count them to 'self'.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; " +
	"img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// Site answers requests for a surface with complete HTTP/1.1 responses that were put together once.
type Site struct {
	// Immutable after open.
	byPath map[string]page
}

// page is every answer that there is for one path. Frozen: shared by recipients, written by none.
type page struct {
	etag, gzipETag         string
	plain, gzip            []byte // gzip is nil when there is no smaller variant
	unchanged, unchangedGz []byte
}

func newSite(f fs.FS, exclude ...string) *Site {
	site := &Site{byPath: map[string]page{}}
	for name, file := range newFiles(f, exclude...).byPath {
		p := page{etag: file.ETag, gzipETag: strings.TrimSuffix(file.ETag, `"`) + `-gzip"`}
		p.plain = response(file, p.etag, "", file.Body)
		p.unchanged = notModified(file, p.etag)
		if file.Gzip != nil {
			p.gzip = response(file, p.gzipETag, "Content-Encoding: gzip\r\n", file.Gzip)
			p.unchangedGz = notModified(file, p.gzipETag)
		}
		site.byPath["/"+name] = p
	}
	if index, ok := site.byPath["/index.html"]; ok {
		site.byPath["/"] = index
	}
	return site
}

// Respond returns the whole response to a GET of path (without its query), or ok = false when there
// is nothing: 200 or 304, plain or gzip as acceptEncoding allows. It allocates nothing and keeps the
// connection open; the slice must not be written. Any goroutine.
func (s *Site) Respond(path, acceptEncoding, ifNoneMatch string) (response []byte, ok bool) {
	p, ok := s.byPath[path]
	if !ok {
		return nil, false
	}
	zipped := p.gzip != nil && acceptsGzip(acceptEncoding)
	switch {
	case zipped && matches(ifNoneMatch, p.gzipETag):
		return p.unchangedGz, true
	case zipped:
		return p.gzip, true
	case matches(ifNoneMatch, p.etag):
		return p.unchanged, true
	default:
		return p.plain, true
	}
}

// Head returns the part of a response that answers HEAD: everything up to the body, the same
// Content-Length included (RFC 9110, 9.3.2).
func Head(response []byte) []byte {
	if i := bytes.Index(response, []byte("\r\n\r\n")); i >= 0 {
		return response[: i+4 : i+4]
	}
	return response
}

func response(file File, etag, encoding string, body []byte) []byte {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s", file.ContentType, len(body), encoding)
	return append([]byte(head+common(file, etag)), body...)
}

func notModified(file File, etag string) []byte {
	return []byte("HTTP/1.1 304 Not Modified\r\n" + common(file, etag))
}

func common(file File, etag string) string {
	cache := "no-cache" // kept, but asked for each time: the names in it change with every build
	if file.Immutable {
		cache = "public, max-age=31536000, immutable"
	}
	return "Cache-Control: " + cache + "\r\nETag: " + etag + "\r\nVary: Accept-Encoding\r\n" +
		"Content-Security-Policy: " + Policy + "\r\n" +
		"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n" +
		"Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n\r\n"
}
