package chat

import (
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string and returns its content: unescaped in place, or as it stands. The text as a
// whole was found to be UTF-8 before.
func (s *scanner) text(inPlace bool) (content []byte, ok bool) {
	if s.pos == len(s.buf) || s.buf[s.pos] != '"' {
		return nil, false
	}
	s.pos++
	start, escaped := s.pos, false
	for s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; {
		case c == '"':
			content = s.buf[start:s.pos]
			s.pos++
			if escaped && inPlace {
				content = appendUnescaped(content[:0], content)
			}
			return content, true
		case c == '\\':
			escaped = true
			_, n, ok := unescape(s.buf[s.pos:])
			if !ok {
				return nil, false
			}
			s.pos += n
		case c < ' ':
			return nil, false
		default:
			s.pos++
		}
	}
	return nil, false
}

// appendUnescaped appends text, whose escapes are known to be good, without them. dst may be the
// start of text itself.
func appendUnescaped(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			i++
			continue
		}
		r, n, _ := unescape(text[i:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}

// unescape reads the escape at the start of text and says how long it is. A surrogate is good only
// as one of a pair (RFC 8259, section 8.2: what a lone one means is unpredictable).
func unescape(text []byte) (r rune, length int, ok bool) {
	if len(text) < 2 {
		return 0, 0, false
	}
	switch text[1] {
	case '"', '\\', '/':
		return rune(text[1]), 2, true
	case 'b':
		return '\b', 2, true
	case 'f':
		return '\f', 2, true
	case 'n':
		return '\n', 2, true
	case 'r':
		return '\r', 2, true
	case 't':
		return '\t', 2, true
	}
	r, ok = codeUnit(text)
	if !ok || !utf16.IsSurrogate(r) {
		return r, 6, ok
	}
	second, ok := codeUnit(text[6:])
	if !ok {
		return 0, 0, false
	}
	r = utf16.DecodeRune(r, second)
	return r, 12, r != utf8.RuneError
}

// codeUnit reads \uXXXX.
func codeUnit(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, c := range text[2:6] {
		digit := nibble(c)
		if digit > 0xf {
			return 0, false
		}
		unit = unit<<4 | rune(digit)
	}
	return unit, true
}
