package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
)

// File is one embedded file. Frozen: shared by recipients, written by none.
type File struct {
	Body        []byte
	Gzip        []byte // nil when compressing gains nothing
	ContentType string
	ETag        string // strong, quoted; the gzip variant has the same with "-gzip" inside
	Immutable   bool   // its name contains the hash of its content
}

// Files are the files of one surface by their path, without a leading slash. Any goroutine.
type Files struct {
	// Immutable after open.
	byPath map[string]File
}

// contentTypes lists what the build can produce; nothing else is served.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// newFiles reads and compresses everything in f, but what begins with one of the excluded prefixes.
// The files are embedded, so an error can only mean that there are none.
func newFiles(f fs.FS, exclude ...string) *Files {
	files := &Files{byPath: map[string]File{}}
	_ = fs.WalkDir(f, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || hasPrefix(name, exclude) {
			return nil
		}
		body, err := fs.ReadFile(f, name)
		kind, known := contentTypes[path.Ext(name)]
		if err != nil || !known {
			return nil
		}
		sum := sha256.Sum256(body)
		files.byPath[name] = File{
			Body:        body,
			Gzip:        compress(body),
			ContentType: kind,
			ETag:        `"` + hex.EncodeToString(sum[:12]) + `"`,
			Immutable:   strings.HasPrefix(name, "assets/"),
		}
		return nil
	})
	return files
}

// Lookup returns the file at a path below the surface's root; "" is its index.html. Any goroutine.
func (f *Files) Lookup(name string) (File, bool) {
	if name == "" {
		name = "index.html"
	}
	file, ok := f.byPath[name]
	return file, ok
}

// File is Lookup in parts: the body, its gzip variant (nil if there is none), the content type and
// the strong ETag of the plain body. Any goroutine; the slices must not be written.
func (f *Files) File(name string) (body, gzipBody []byte, contentType, etag string, ok bool) {
	file, ok := f.Lookup(name)
	return file.Body, file.Gzip, file.ContentType, file.ETag, ok
}

func hasPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// compress returns body as gzip, or nil when that is not smaller.
func compress(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}
