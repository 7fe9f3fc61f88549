package wsproto

import "bytes"

// Request is a request head that passed ParseRequest. Its slices are views into the head and die
// with it; a field that was not sent is nil. Of a field that was sent more than once and is not
// refused for it, the slice shows the first.
type Request struct {
	// Borrowed until Discard.
	Method         []byte // as sent, case-sensitive: GET, HEAD …
	Path           []byte // the target up to '?', as sent: not decoded, not normalised
	Query          []byte // behind '?', nil without one
	Host           []byte
	Origin         []byte
	Upgrade        []byte
	Key            []byte // Sec-WebSocket-Key
	Version        []byte // Sec-WebSocket-Version
	Protocols      []byte // Sec-WebSocket-Protocol; ask with Offers
	ForwardedFor   []byte // X-Forwarded-For; walk it with Hops
	RealIP         []byte // X-Real-IP
	AcceptEncoding []byte
	IfNoneMatch    []byte
	fields         []byte // all header fields, without the blank line

	// ConnectionUpgrade and ConnectionClose tell whether these options stand in Connection
	// (RFC 9110 section 7.6.1).
	ConnectionUpgrade bool
	ConnectionClose   bool

	repeated repeated
}

// repeated marks the fields that came more than once.
type repeated uint8

const (
	repeatedHost repeated = 1 << iota
	repeatedUpgrade
	repeatedKey
	repeatedVersion
	repeatedOrigin
	repeatedRealIP
	hasBody
)

// WantsUpgrade reports whether the client asks to leave HTTP for WebSocket, rightly or not.
func (r *Request) WantsUpgrade() bool { return r.Upgrade != nil || r.Key != nil }

// ParseRequest reads a whole request head as FindHead delimits it: any HTTP/1.1 request of a
// listener that serves no bodies. It is stricter than RFC 9112 wherever that leaves a choice,
// because behind a proxy two readings of one head are an attack: CR LF only, no obs-fold, no space
// before the colon, no control characters, one Host, neither Content-Length nor Transfer-Encoding,
// origin-form targets (and "*") only. Method and path are for the caller to judge.
//
// It allocates nothing. Any goroutine.
func (l *Limits) ParseRequest(head []byte) (Request, *HandshakeError) {
	var r Request
	if len(head) > l.head() {
		return r, errHeadSize
	}
	line, rest, err := cutLine(head)
	if err != nil {
		return r, err
	}
	if err := r.parseRequestLine(line); err != nil {
		return r, err
	}
	fields := rest
	for count := 0; ; count++ {
		before := len(rest)
		line, rest, err = cutLine(rest)
		if err != nil {
			return r, err
		}
		if len(line) == 0 {
			r.fields = fields[:len(fields)-before]
			break
		}
		if count == l.headers() {
			return r, errHeaderCount
		}
		if err := r.parseField(line); err != nil {
			return r, err
		}
	}
	if len(rest) > 0 {
		return r, errRequestLine // the caller gave more than the head
	}
	return r, r.check()
}

// cutLine takes one line off b, which must end in CR LF; a lone CR or LF inside is left to the
// checks of the line's content.
func cutLine(b []byte) (line, rest []byte, err *HandshakeError) {
	lf := bytes.IndexByte(b, '\n')
	if lf < 1 || b[lf-1] != '\r' {
		return nil, nil, errBareLF
	}
	return b[:lf-1], b[lf+1:], nil
}

// parseRequestLine reads method SP target SP version (RFC 9112 section 3).
func (r *Request) parseRequestLine(line []byte) *HandshakeError {
	method, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || !isTokens(method) {
		return errRequestLine
	}
	target, version, ok := bytes.Cut(rest, []byte{' '})
	if !ok {
		return errRequestLine
	}
	switch {
	case string(version) == "HTTP/1.1":
	case len(version) == 8 && string(version[:5]) == "HTTP/" && isDigit(version[5]) &&
		version[6] == '.' && isDigit(version[7]):
		return errHTTPVersion
	default:
		return errRequestLine
	}
	// RFC 9112 section 3.2: origin-form, or asterisk-form so that OPTIONS * gets its 405.
	// Absolute-form would bring a second host beside Host.
	if len(target) == 0 || target[0] != '/' && string(target) != "*" {
		return errTarget
	}
	for _, c := range target {
		if c <= ' ' || c >= 0x7F || c == '#' {
			return errTarget
		}
	}
	r.Method = method
	r.Path = target
	if q := bytes.IndexByte(target, '?'); q >= 0 {
		r.Path, r.Query = target[:q], target[q+1:]
	}
	return nil
}

// parseField reads one header field (RFC 9112 section 5).
func (r *Request) parseField(line []byte) *HandshakeError {
	if line[0] == ' ' || line[0] == '\t' {
		return errFolded // RFC 9112 section 5.2
	}
	name, value, err := cutField(line)
	if err != nil {
		return err
	}
	r.keep(name, value)
	return nil
}

func cutField(line []byte) (name, value []byte, err *HandshakeError) {
	colon := bytes.IndexByte(line, ':')
	// RFC 9112 section 5.1: no white space between name and colon; a name is a token.
	if colon < 1 || !isTokens(line[:colon]) {
		return nil, nil, errHeaderName
	}
	value = trimOWS(line[colon+1:])
	for _, c := range value {
		// RFC 9110 section 5.5: CR, LF and NUL are dangerous, other CTL invalid.
		if c < ' ' && c != '\t' || c == 0x7F {
			return nil, nil, errHeaderValue
		}
	}
	return line[:colon], value, nil
}

// keep stores the fields somebody asks for. The switch on the length spares the comparison for
// nearly all others.
func (r *Request) keep(name, value []byte) {
	switch len(name) {
	case 4:
		if equalFold(name, "host") {
			r.once(&r.Host, value, repeatedHost)
		}
	case 6:
		if equalFold(name, "origin") {
			r.once(&r.Origin, value, repeatedOrigin)
		}
	case 7:
		if equalFold(name, "upgrade") {
			r.once(&r.Upgrade, value, repeatedUpgrade)
		}
	case 9:
		if equalFold(name, "x-real-ip") {
			r.once(&r.RealIP, value, repeatedRealIP)
		}
	case 10:
		if equalFold(name, "connection") {
			r.ConnectionUpgrade = r.ConnectionUpgrade || hasToken(value, "upgrade")
			r.ConnectionClose = r.ConnectionClose || hasToken(value, "close")
		}
	case 13:
		if equalFold(name, "if-none-match") {
			r.once(&r.IfNoneMatch, value, 0)
		}
	case 14:
		if equalFold(name, "content-length") {
			r.repeated |= hasBody
		}
	case 15:
		switch {
		case equalFold(name, "x-forwarded-for"):
			r.once(&r.ForwardedFor, value, 0)
		case equalFold(name, "accept-encoding"):
			r.once(&r.AcceptEncoding, value, 0)
		}
	case 17:
		switch {
		case equalFold(name, "sec-websocket-key"):
			r.once(&r.Key, value, repeatedKey)
		case equalFold(name, "transfer-encoding"):
			r.repeated |= hasBody
		}
	case 21:
		if equalFold(name, "sec-websocket-version") {
			r.once(&r.Version, value, repeatedVersion)
		}
	case 22:
		if equalFold(name, "sec-websocket-protocol") {
			r.once(&r.Protocols, value, 0)
		}
	}
}

func (r *Request) once(field *[]byte, value []byte, mark repeated) {
	if *field != nil {
		r.repeated |= mark
		return
	}
	*field = value
}

// check applies the rules that need the whole head.
func (r *Request) check() *HandshakeError {
	// RFC 9112 section 3.2: exactly one Host. An empty one is legal there and useless here.
	if r.repeated&repeatedHost != 0 || !validHost(r.Host) {
		return errHost
	}
	// RFC 6454 section 7.3 allows one Origin; the second of two could be the one a proxy checked.
	if r.repeated&(repeatedOrigin|repeatedRealIP) != 0 {
		return errDuplicate
	}
	if r.repeated&hasBody != 0 {
		if m := string(r.Method); m != "GET" && m != "HEAD" {
			return errBodyMethod
		}
		return errBody
	}
	return nil
}
