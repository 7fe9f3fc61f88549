package wsproto

import (
	"net/http"
	"strconv"
)

// HandshakeError is the answer to a request head that is refused. Values that this package returns
// are shared and never change. Any goroutine.
type HandshakeError struct {
	// Status is the HTTP status code.
	Status int
	// Reason is a sentence for a person; it becomes the body.
	Reason string
	// Headers are further header fields, each "Name: value".
	Headers []string
}

// Error implements error.
func (e *HandshakeError) Error() string {
	return "wsproto: handshake refused with " + strconv.Itoa(e.Status) + ": " + e.Reason
}

// Append appends the whole HTTP answer. Any goroutine.
func (e *HandshakeError) Append(dst []byte) []byte {
	return AppendError(dst, e.Status, e.Reason, e.Headers...)
}

// The refusals of a request head, one per rule.
//
// Frozen: shared by recipients, written by none.
var (
	errRequestLine = refuse(400, "malformed request line")
	errTarget      = refuse(400, "malformed request target")
	errBareLF      = refuse(400, "line does not end with CR LF")
	errFolded      = refuse(400, "folded header field")
	errHeaderName  = refuse(400, "malformed header field name")
	errHeaderValue = refuse(400, "control character in a header field")
	errHeadSize    = refuse(431, "request head too big")
	errHeaderCount = refuse(431, "too many header fields")
	errHost        = refuse(400, "exactly one valid Host is required")
	errBody        = refuse(400, "a request body is not accepted")
	errBodyMethod  = refuse(405, "method not allowed", "Allow: GET, HEAD")
	errHTTPVersion = refuse(505, "HTTP/1.1 is required")

	errMethod     = refuse(405, "method not allowed", "Allow: GET")
	errUpgrade    = refuse(426, "a WebSocket upgrade is required", "Upgrade: websocket", versionHeader)
	errVersion    = refuse(426, "WebSocket version 13 is required", "Upgrade: websocket", versionHeader)
	errDuplicate  = refuse(400, "duplicate header field")
	errKey        = refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64")
	versionHeader = "Sec-WebSocket-Version: 13"
)

func refuse(status int, reason string, headers ...string) *HandshakeError {
	return &HandshakeError{Status: status, Reason: reason, Headers: headers}
}

// AppendError appends a whole HTTP/1.1 answer that ends the connection: status line, the headers
// (each "Name: value", without CR or LF), Content-Length, Connection: close, and reason as plain
// text. A 426 names upgrade in Connection as RFC 9110 section 7.8 wants. Any goroutine.
func AppendError(dst []byte, status int, reason string, headers ...string) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	dst = append(dst, http.StatusText(status)...)
	dst = append(dst, "\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"...)
	for _, h := range headers {
		dst = append(dst, h...)
		dst = append(dst, '\r', '\n')
	}
	if status == http.StatusUpgradeRequired {
		dst = append(dst, "Connection: upgrade, close\r\n"...)
	} else {
		dst = append(dst, "Connection: close\r\n"...)
	}
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(reason)+1), 10)
	dst = append(dst, "\r\n\r\n"...)
	dst = append(dst, reason...)
	return append(dst, '\n')
}
