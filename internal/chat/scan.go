package chat

import (
	"bytes"
	"slices"
)

// kind is what a JSON value is.
type kind uint8

const (
	absent kind = iota
	stringKind
	numberKind
	trueKind
	falseKind
	nullKind
	objectKind
	arrayKind
)

// value is one JSON value: the content of a string, or the text of anything else.
type value struct {
	kind kind
	raw  []byte
}

// scanner reads JSON (RFC 8259) strictly and without building a tree. encoding/json was rejected:
// it takes names in the wrong case, keeps the last of two equal names, turns lone surrogates
// into U+FFFD, and allocates.
//
// Strings of the outermost object are unescaped in place: an escape is never shorter than what it
// stands for. What is nested stays untouched, so that it can be scanned again.
type scanner struct {
	buf  []byte
	pos  int
	keys [][]byte // names of the objects that are open, to find one used twice
	aux  []byte   // unescaped names of nested objects
}

// keptKeys is how many names a scanner keeps room for between two events.
const keptKeys = 64

// reset begins a new text. The former one is let go.
func (s *scanner) reset(text []byte) {
	clear(s.keys)
	if cap(s.keys) > keptKeys {
		s.keys = nil
	}
	s.buf, s.pos, s.keys, s.aux = text, 0, s.keys[:0], s.aux[:0]
}

func (s *scanner) space() {
	for s.pos < len(s.buf) {
		switch s.buf[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// take consumes c if it comes next, behind white space.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.pos < len(s.buf) && s.buf[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// end says whether nothing but white space is left.
func (s *scanner) end() bool {
	s.space()
	return s.pos == len(s.buf)
}

// name reads the name of a member and its colon. The first member has no comma in front.
func (s *scanner) name(inPlace bool) (key []byte, ok bool) {
	s.space()
	key, ok = s.text(inPlace)
	if !ok || !s.take(':') {
		return nil, false
	}
	if !inPlace && bytes.IndexByte(key, '\\') >= 0 {
		start := len(s.aux)
		s.aux = appendUnescaped(s.aux, key)
		key = s.aux[start:]
	}
	s.keys = append(s.keys, key)
	return key, true
}

// unique says whether no name of the object whose first name is keys[from] stands twice, and
// forgets the names.
func (s *scanner) unique(from int) bool {
	keys := s.keys[from:]
	s.keys = s.keys[:from]
	const few = 12 // up to here comparing all pairs is faster than sorting
	if len(keys) > few {
		slices.SortFunc(keys, bytes.Compare)
		for i := 1; i < len(keys); i++ {
			if bytes.Equal(keys[i-1], keys[i]) {
				return false
			}
		}
		return true
	}
	for i := 1; i < len(keys); i++ {
		for j := range i {
			if bytes.Equal(keys[i], keys[j]) {
				return false
			}
		}
	}
	return true
}

// value reads one value that is the member of depth open objects and arrays.
func (s *scanner) value(depth int, inPlace bool) (v value, ok bool) {
	s.space()
	if s.pos == len(s.buf) {
		return value{}, false
	}
	start := s.pos
	switch s.buf[s.pos] {
	case '"':
		v.kind = stringKind
		v.raw, ok = s.text(inPlace)
		return v, ok
	case '{':
		v.kind, ok = objectKind, s.object(depth+1)
	case '[':
		v.kind, ok = arrayKind, s.array(depth+1)
	case 't':
		v.kind, ok = trueKind, s.literal("true")
	case 'f':
		v.kind, ok = falseKind, s.literal("false")
	case 'n':
		v.kind, ok = nullKind, s.literal("null")
	default:
		v.kind, ok = numberKind, s.number()
	}
	v.raw = s.buf[start:s.pos]
	return v, ok
}

// object checks a nested object.
func (s *scanner) object(depth int) bool {
	if depth > MaxDepth || !s.take('{') {
		return false
	}
	if s.take('}') {
		return true
	}
	from := len(s.keys)
	for {
		if _, ok := s.name(false); !ok {
			return false
		}
		if _, ok := s.value(depth, false); !ok {
			return false
		}
		if s.take('}') {
			return s.unique(from)
		}
		if !s.take(',') {
			return false
		}
	}
}

// array checks a nested array.
func (s *scanner) array(depth int) bool {
	if depth > MaxDepth || !s.take('[') {
		return false
	}
	if s.take(']') {
		return true
	}
	for {
		if _, ok := s.value(depth, false); !ok {
			return false
		}
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

func (s *scanner) literal(word string) bool {
	if len(s.buf)-s.pos < len(word) || string(s.buf[s.pos:s.pos+len(word)]) != word {
		return false
	}
	s.pos += len(word)
	return true
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? (RFC 8259, section 6).
func (s *scanner) number() bool {
	s.optional('-', '-')
	if !s.optional('0', '0') && s.digits() == 0 {
		return false
	}
	if s.optional('.', '.') && s.digits() == 0 {
		return false
	}
	if s.optional('e', 'E') {
		s.optional('+', '-')
		return s.digits() > 0
	}
	return true
}

func (s *scanner) optional(a, b byte) bool {
	if s.pos < len(s.buf) && (s.buf[s.pos] == a || s.buf[s.pos] == b) {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) digits() (n int) {
	for s.pos < len(s.buf) && s.buf[s.pos]-'0' <= 9 {
		s.pos++
		n++
	}
	return n
}
