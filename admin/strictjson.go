package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

var errJSON = errors.New("admin: the body is not one JSON object with these fields")

// decodeStrings reads one JSON object and returns the named string fields; other fields are
// ignored. encoding/json alone would take a duplicate field (the last wins), a field in another
// case, a lone surrogate (as U+FFFD) and data behind the object; each of them lets two readers
// see different things in the same bytes, so each is refused (RFC 8259, 4 and 8.2).
func decodeStrings(body []byte, names ...string) (map[string]string, error) {
	if !utf8.Valid(body) || loneSurrogate(body) {
		return nil, errJSON
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errJSON
	}
	seen := make(map[string]struct{})
	values := make(map[string]string, len(names))
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errJSON
		}
		if _, twice := seen[name]; twice {
			return nil, errJSON
		}
		seen[name] = struct{}{}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, errJSON
		}
		for _, want := range names {
			if name != want {
				if strings.EqualFold(name, want) {
					return nil, errJSON
				}
				continue
			}
			var s string
			if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
				return nil, errJSON
			}
			values[name] = s
		}
	}
	if t, err := dec.Token(); err != nil || t != json.Delim('}') {
		return nil, errJSON
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errJSON
	}
	if len(values) != len(names) {
		return nil, errJSON
	}
	return values, nil
}

// loneSurrogate says whether an escape of the text names half a surrogate pair.
func loneSurrogate(b []byte) bool {
	high := false // the escape before this place was a high surrogate
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			if high {
				return true
			}
			continue
		}
		i++
		if i >= len(b) || b[i] != 'u' || i+4 >= len(b) {
			if high {
				return true
			}
			continue
		}
		unit := hex4(b[i+1 : i+5])
		switch {
		case unit >= 0xDC00 && unit <= 0xDFFF:
			if !high {
				return true
			}
			high = false
		case high:
			return true
		default:
			high = unit >= 0xD800 && unit <= 0xDBFF
		}
		i += 4
	}
	return high
}

// hex4 reads four hexadecimal digits; anything else is 0, which the JSON decoder refuses itself.
func hex4(b []byte) (v uint32) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | uint32(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | uint32(c|0x20-'a'+10)
		default:
			return 0
		}
	}
	return v
}
