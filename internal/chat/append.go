package chat

import (
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string. Only what JSON demands is escaped; U+2028 and U+2029 stay
// as they are. What is not UTF-8 becomes U+FFFD.
func AppendString[T bytesOrString](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			end := min(i+utf8.UTFMax, len(s))
			r, n := utf8.DecodeRuneInString(string(s[i:end])) // at most four bytes: stays on the stack
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\ufffd"...)
		} else {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendEscape appends the escape of an ASCII character, the short one where there is one.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// The parts that events are made of. Each key comes with its comma in front.

func appendText[T bytesOrString](dst []byte, key string, s T) []byte {
	return AppendString(append(dst, key...), s)
}

func appendInt(dst []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(dst, key...), n, 10)
}

func appendUint(dst []byte, key string, n uint64) []byte {
	return strconv.AppendUint(append(dst, key...), n, 10)
}

func appendBool(dst []byte, key string, b bool) []byte {
	return strconv.AppendBool(append(dst, key...), b)
}

func appendEpoch(dst []byte, e Epoch) []byte {
	dst = append(dst, `,"epoch":"`...)
	return append(AppendEpoch(dst, e), '"')
}

func appendMessageID(dst []byte, id MessageID) []byte {
	dst = append(dst, `,"messageId":"`...)
	return append(AppendMessageID(dst, id), '"')
}

// appendID appends the `id` of an answer, unless the request had none.
func appendID[T bytesOrString](dst []byte, id T) []byte {
	if len(id) == 0 {
		return dst
	}
	return appendText(dst, `,"id":`, id)
}

// appendClient appends {"clientId":…,"username":…}.
func appendClient[T bytesOrString](dst []byte, client ClientID, username T) []byte {
	dst = appendUint(dst, `{"clientId":`, uint64(client))
	return append(appendText(dst, `,"username":`, username), '}')
}
