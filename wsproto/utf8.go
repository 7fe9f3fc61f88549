package wsproto

import "unicode/utf8"

// validPrefix reports how many bytes of p are whole, valid code points. ok is false as soon as no
// continuation of p could be valid UTF-8 (RFC 3629: overlong forms, surrogates and values over
// U+10FFFF are invalid), so a bad fragment is refused when it arrives and not with the last one.
// The bytes behind n, three at most, begin a code point that the next fragment may complete.
func validPrefix(p []byte) (n int, ok bool) {
	n = len(p)
	for back := 1; back < utf8.UTFMax && back <= len(p); back++ {
		i := len(p) - back
		if !utf8.RuneStart(p[i]) {
			continue
		}
		// FullRune counts an impossible sequence as full, so that one stays in the checked part.
		if !utf8.FullRune(p[i:]) {
			n = i
		}
		break
	}
	return n, utf8.Valid(p[:n])
}
