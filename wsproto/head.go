package wsproto

import "bytes"

// FindHead looks for the end of the HTTP head at the start of buf, a growing buffer. It returns
// end, the size of the head with its blank line, or 0 when that is not there yet; then next is
// what the following call must be given as from (0 at first), so that no byte is looked at twice,
// however slowly they come.
//
// What can never become a head is refused before it ends: a first byte that begins no method (a TLS
// ClientHello, random bytes), a bare LF (RFC 9112 section 2.2 permits to accept it; two parsers
// that differ in it can be played against each other), more than Limits.Head bytes. Any goroutine.
func (l *Limits) FindHead(buf []byte, from int) (end, next int, err *HandshakeError) {
	if from == 0 && len(buf) > 0 && !isToken(buf[0]) {
		return 0, 0, errRequestLine
	}
	limit := min(len(buf), l.head())
	for i := from; i < limit; i++ {
		lf := bytes.IndexByte(buf[i:limit], '\n')
		if lf < 0 {
			break
		}
		i += lf
		if i == 0 || buf[i-1] != '\r' {
			return 0, 0, errBareLF
		}
		if i >= 3 && buf[i-2] == '\n' {
			return i + 1, i + 1, nil
		}
	}
	if len(buf) >= l.head() {
		return 0, 0, errHeadSize
	}
	return 0, len(buf), nil
}
