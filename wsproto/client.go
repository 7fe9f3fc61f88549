package wsproto

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
)

// RequestOptions is what a client's handshake may carry besides host and path.
type RequestOptions struct {
	// Key is the Sec-WebSocket-Key; empty means the sample key of RFC 6455 section 1.3, which is
	// enough where no cache stands between (load tests). NewKey makes a proper one.
	Key string
	// Origin is the Origin field, left out when empty.
	Origin string
	// Protocols are the subprotocols offered, in order of preference.
	Protocols []string
	// Headers are further fields, each "Name: value".
	Headers []string
}

// sampleKey is the key of the example in RFC 6455 section 1.3.
const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

func (o *RequestOptions) key() string {
	if o.Key == "" {
		return sampleKey
	}
	return o.Key
}

// NewKey returns a random Sec-WebSocket-Key (RFC 6455 section 4.1, 7). Any goroutine.
func NewKey() string {
	var nonce [16]byte
	rand.Read(nonce[:])
	return base64.StdEncoding.EncodeToString(nonce[:])
}

// AppendRequest appends a client's handshake (RFC 6455 section 4.1) for path with its query.
// Nothing is escaped or checked, so that tests can ask for what is not allowed. It allocates only
// to grow dst. Any goroutine.
func AppendRequest(dst []byte, host, path string, o *RequestOptions) []byte {
	dst = append(append(append(dst, "GET "...), path...), " HTTP/1.1\r\nHost: "...)
	dst = append(dst, host...)
	dst = append(dst, "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "...)
	dst = append(dst, o.key()...)
	if o.Origin != "" {
		dst = append(append(dst, "\r\nOrigin: "...), o.Origin...)
	}
	for i, p := range o.Protocols {
		sep := ", "
		if i == 0 {
			sep = "\r\nSec-WebSocket-Protocol: "
		}
		dst = append(append(dst, sep...), p...)
	}
	for _, h := range o.Headers {
		dst = append(append(dst, "\r\n"...), h...)
	}
	return append(dst, "\r\n\r\n"...)
}

// ResponseError is an answer to a handshake other than 101.
type ResponseError struct {
	// Status is the HTTP status code.
	Status int
	// Head is the head of the answer, a copy.
	Head string
}

// Error implements error.
func (e *ResponseError) Error() string {
	return "wsproto: handshake answered with status " + strconv.Itoa(e.Status)
}

// The faults of a 101 answer (RFC 6455 section 4.1, "the client MUST validate").
var (
	errResponse          = errors.New("wsproto: malformed handshake answer")
	errResponseUpgrade   = errors.New("wsproto: answer without Upgrade: websocket")
	errResponseConn      = errors.New("wsproto: answer without Connection: upgrade")
	errResponseAccept    = errors.New("wsproto: answer with a wrong Sec-WebSocket-Accept")
	errResponseProtocol  = errors.New("wsproto: answer with a subprotocol that was not offered")
	errResponseExtension = errors.New("wsproto: answer with an extension that was not offered")
)

// CheckResponse judges a whole answer head, delimited by FindHead, to the request that o made, and
// returns the chosen subprotocol, a view into head, or nil. Any status but 101 is a *ResponseError.
// It allocates only for an error. Any goroutine.
func CheckResponse(head []byte, o *RequestOptions) (protocol []byte, err error) {
	line, rest, herr := cutLine(head)
	if herr != nil {
		return nil, errResponse
	}
	status, err := parseStatus(line)
	if err != nil {
		return nil, err
	}
	if status != 101 {
		return nil, &ResponseError{Status: status, Head: string(head)}
	}
	var upgrade, connection, accept bool
	for {
		line, rest, herr = cutLine(rest)
		if herr != nil {
			return nil, errResponse
		}
		if len(line) == 0 {
			break
		}
		name, value, herr := cutField(line)
		if herr != nil {
			return nil, errResponse
		}
		switch {
		case equalFold(name, "upgrade"):
			upgrade = equalFold(value, "websocket")
		case equalFold(name, "connection"):
			connection = connection || hasToken(value, "upgrade")
		case equalFold(name, "sec-websocket-accept"):
			accept = acceptMatches(value, o.key())
		case equalFold(name, "sec-websocket-extensions"):
			return nil, errResponseExtension
		case equalFold(name, "sec-websocket-protocol"):
			if protocol = value; !offered(value, o.Protocols) {
				return nil, errResponseProtocol
			}
		}
	}
	switch {
	case !upgrade:
		return nil, errResponseUpgrade
	case !connection:
		return nil, errResponseConn
	case !accept:
		return nil, errResponseAccept
	}
	return protocol, nil
}

func parseStatus(line []byte) (int, error) {
	const prefix = "HTTP/1.1 "
	if len(line) < len(prefix)+3 || !bytes.HasPrefix(line, []byte(prefix)) {
		return 0, errResponse
	}
	status := 0
	for _, c := range line[len(prefix) : len(prefix)+3] {
		if !isDigit(c) {
			return 0, fmt.Errorf("%w: status %q", errResponse, line)
		}
		status = status*10 + int(c-'0')
	}
	return status, nil
}

func acceptMatches(value []byte, key string) bool {
	var want [acceptSize]byte
	return string(appendAccept(want[:0], []byte(key))) == string(value)
}

func offered(value []byte, protocols []string) bool {
	for _, p := range protocols {
		if p == string(value) {
			return true
		}
	}
	return false
}
