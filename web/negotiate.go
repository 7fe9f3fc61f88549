package web

import "strings"

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip or * without a quality of zero. An
// explicit gzip wins over *.
func acceptsGzip(header string) bool {
	any := false
	for header != "" {
		var item string
		item, header, _ = strings.Cut(header, ",")
		coding, parameters, _ := strings.Cut(item, ";")
		switch coding = strings.TrimSpace(coding); {
		case strings.EqualFold(coding, "gzip"), strings.EqualFold(coding, "x-gzip"):
			return !refused(parameters)
		case coding == "*":
			any = !refused(parameters)
		}
	}
	return any
}

// refused says whether the parameters hold q=0, in any of its spellings (0, 0.0, 0.00, 0.000).
func refused(parameters string) bool {
	name, value, _ := strings.Cut(parameters, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return false
	}
	return strings.Trim(strings.TrimSpace(value), "0.") == ""
}

// matches reads If-None-Match (RFC 9110, 13.1.2) with weak comparison.
func matches(header, etag string) bool {
	for header != "" {
		var item string
		item, header, _ = strings.Cut(header, ",")
		item = strings.TrimSpace(item)
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}

// Choose picks what a request with these headers gets: the body with its Content-Encoding ("" = as
// it is), or modified false when the client has it already. Any goroutine.
func (f File) Choose(acceptEncoding, ifNoneMatch string) (body []byte, encoding string, modified bool) {
	switch {
	case matches(ifNoneMatch, f.ETag):
		return nil, "", false
	case f.Gzip != nil && acceptsGzip(acceptEncoding):
		return f.Gzip, "gzip", true
	}
	return f.Body, "", true
}
