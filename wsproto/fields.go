package wsproto

import "bytes"

// Offers reports whether the client offers the subprotocol, compared case-sensitively
// (RFC 6455 section 4.1), in any of its Sec-WebSocket-Protocol fields (section 11.3.4).
func (r *Request) Offers(protocol string) bool {
	for fields := r.fieldsFrom(r.Protocols); len(fields) > 0; {
		var value []byte
		value, fields = nextValue(fields, "sec-websocket-protocol")
		for len(value) > 0 {
			var token []byte
			token, value, _ = bytes.Cut(value, []byte{','})
			if string(trimOWS(token)) == protocol {
				return true
			}
		}
	}
	return false
}

// Hops yields the addresses of X-Forwarded-For from the last to the first, over all its lines (a
// proxy may add one instead of extending it): "for hop := range r.Hops". The last is what the
// nearest proxy saw: walk while the address is that of a trusted proxy; whatever lies further left
// is the client's own tale. An empty element is yielded as an empty address.
func (r *Request) Hops(yield func(addr []byte) bool) {
	// The lines are counted and then looked up one by one instead of listed: more than one is rare,
	// and a request stays free of allocations. Limits.Headers bounds the square.
	lines := 0
	for fields := r.fieldsFrom(r.ForwardedFor); len(fields) > 0; {
		var value []byte
		if value, fields = nextValue(fields, "x-forwarded-for"); value != nil {
			lines++
		}
	}
	for ; lines > 0; lines-- {
		var value []byte
		fields := r.fields
		for range lines {
			value, fields = nextValue(fields, "x-forwarded-for")
		}
		for {
			comma := bytes.LastIndexByte(value, ',')
			if !yield(trimOWS(value[comma+1:])) {
				return
			}
			if comma < 0 {
				break
			}
			value = value[:comma]
		}
	}
}

// fieldsFrom returns all header fields, or none when the first of its name was not sent.
func (r *Request) fieldsFrom(first []byte) []byte {
	if first == nil {
		return nil
	}
	return r.fields
}

// nextValue returns the value of the next field of a name, given in lower case, and the fields
// behind it; nil and nothing when there is none.
func nextValue(fields []byte, name string) (value, rest []byte) {
	for len(fields) > 0 {
		line, after, err := cutLine(fields)
		if err != nil {
			return nil, nil
		}
		fields = after
		if len(line) > len(name) && line[len(name)] == ':' && equalFold(line[:len(name)], name) {
			return trimOWS(line[len(name)+1:]), fields
		}
	}
	return nil, nil
}

// hasToken reports whether a comma-separated list holds token, given in lower case, in any case.
func hasToken(list []byte, token string) bool {
	for len(list) > 0 {
		var item []byte
		item, list, _ = bytes.Cut(list, []byte{','})
		if equalFold(trimOWS(item), token) {
			return true
		}
	}
	return false
}

// equalFold compares ASCII without regard to case; lower must be in lower case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// trimOWS cuts optional white space (RFC 9110 section 5.6.3). Never nil, so that an empty field
// differs from one that was not sent.
func trimOWS(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// tokenBits has a bit for each character of a token (RFC 9110 section 5.6.2).
var tokenBits = charSet("!#$%&'*+-.^_`|~", true)

// hostBits has a bit for each character of a host and port as DNS and URLs of http use them:
// RFC 3986 allows sub-delims too, which no name that resolves has.
var hostBits = charSet("-._~:[]%", true)

type set [4]uint64

func charSet(chars string, alnum bool) (s set) {
	for c := range byte(0x80) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if alnum && (letter || isDigit(c)) || bytes.IndexByte([]byte(chars), c) >= 0 {
			s[c>>6] |= 1 << (c & 63)
		}
	}
	return s
}

func (s *set) has(c byte) bool { return s[c>>6]&(1<<(c&63)) != 0 }

func isToken(c byte) bool { return tokenBits.has(c) }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isTokens(b []byte) bool {
	for _, c := range b {
		if !tokenBits.has(c) {
			return false
		}
	}
	return len(b) > 0
}

func validHost(b []byte) bool {
	for _, c := range b {
		if !hostBits.has(c) {
			return false
		}
	}
	return len(b) > 0
}
