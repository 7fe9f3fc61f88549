package chat

import "encoding/hex"

// bytesOrString is what a piece of text may come as.
type bytesOrString interface{ ~string | ~[]byte }

const hexDigits = "0123456789abcdef"

// AppendEpoch appends the text form: sixteen lower-case hexadecimal digits.
func AppendEpoch(dst []byte, e Epoch) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[e>>shift&0xf])
	}
	return dst
}

// String is the text form.
func (e Epoch) String() string { return string(AppendEpoch(nil, e)) }

// ParseEpoch reads the text form; ok is false for anything else.
func ParseEpoch[T bytesOrString](text T) (e Epoch, ok bool) {
	if len(text) != 16 {
		return 0, false
	}
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			e = e<<4 | Epoch(c-'0')
		case c >= 'a' && c <= 'f':
			e = e<<4 | Epoch(c-'a'+10)
		default:
			return 0, false
		}
	}
	return e, true
}

// AppendMessageID appends the text form of a UUID (RFC 9562, section 4), lower case.
func AppendMessageID(dst []byte, id MessageID) []byte {
	for i, part := range [...][]byte{id[0:4], id[4:6], id[6:8], id[8:10], id[10:16]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

// String is the text form.
func (id MessageID) String() string { return string(AppendMessageID(nil, id)) }

// ParseMessageID reads the text form of a UUID in either case; ok is false for anything else.
func ParseMessageID[T bytesOrString](text T) (id MessageID, ok bool) {
	if len(text) != 36 {
		return MessageID{}, false
	}
	n := 0
	for i := 0; i < len(text); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if text[i] != '-' {
				return MessageID{}, false
			}
			continue
		}
		high, low := nibble(text[i]), nibble(text[i+1])
		if high > 0xf || low > 0xf {
			return MessageID{}, false
		}
		id[n] = high<<4 | low
		n++
		i++
	}
	return id, true
}

// nibble is the value of a hexadecimal digit, or 0xff.
func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
