package load

import "bytes"

// fields walks over the members of one JSON object without building anything. It assumes valid
// JSON: what a server sends is proven elsewhere to be that, and whatever is misread here fails the
// checks. A string's value comes without its quotes and with its escapes.
type fields struct {
	b   []byte
	pos int
	bad bool
}

// scanFields starts at the opening brace of an object.
func scanFields(object []byte) fields {
	f := fields{b: object}
	f.space()
	if f.pos >= len(f.b) || f.b[f.pos] != '{' {
		f.bad = true
		return f
	}
	f.pos++
	return f
}

// next gives the next member; ok is false behind the last one and at the first fault.
func (f *fields) next() (key, value []byte, ok bool) {
	if f.bad {
		return nil, nil, false
	}
	f.space()
	if f.pos < len(f.b) && f.b[f.pos] == ',' {
		f.pos++
		f.space()
	}
	if f.pos >= len(f.b) || f.b[f.pos] != '"' {
		f.bad = f.pos >= len(f.b) || f.b[f.pos] != '}'
		return nil, nil, false
	}
	key = f.value()
	f.space()
	if f.pos >= len(f.b) || f.b[f.pos] != ':' {
		f.bad = true
		return nil, nil, false
	}
	f.pos++
	f.space()
	value = f.value()
	return key, value, !f.bad
}

// element gives the next element of an array that scanElements began.
func (f *fields) element() (value []byte, ok bool) {
	f.space()
	if f.pos < len(f.b) && f.b[f.pos] == ',' {
		f.pos++
		f.space()
	}
	if f.bad || f.pos >= len(f.b) || f.b[f.pos] == ']' {
		return nil, false
	}
	value = f.value()
	return value, !f.bad
}

// scanElements starts at the opening bracket of an array.
func scanElements(array []byte) fields {
	f := fields{b: array}
	if len(array) == 0 || array[0] != '[' {
		f.bad = true
		return f
	}
	f.pos = 1
	return f
}

func (f *fields) space() {
	for f.pos < len(f.b) && f.b[f.pos] <= ' ' {
		f.pos++
	}
}

func (f *fields) value() []byte {
	if f.pos >= len(f.b) {
		f.bad = true
		return nil
	}
	start := f.pos
	switch f.b[f.pos] {
	case '"':
		f.text()
		return f.b[start+1 : max(start+1, f.pos-1)]
	case '{', '[':
		f.nested()
	default:
		for f.pos < len(f.b) {
			if c := f.b[f.pos]; c == ',' || c == '}' || c == ']' || c <= ' ' {
				break
			}
			f.pos++
		}
		f.bad = f.bad || f.pos == start
	}
	return f.b[start:f.pos]
}

// text moves behind the closing quote. A text without escapes, as nearly all are, is two vectorised
// searches.
func (f *fields) text() {
	f.pos++
	if end := bytes.IndexByte(f.b[f.pos:], '"'); end >= 0 && bytes.IndexByte(f.b[f.pos:f.pos+end], '\\') < 0 {
		f.pos += end + 1
		return
	}
	for ; f.pos < len(f.b); f.pos++ {
		switch f.b[f.pos] {
		case '\\':
			f.pos++
		case '"':
			f.pos++
			return
		}
	}
	f.pos, f.bad = len(f.b), true
}

// nested moves behind the bracket that closes the one at pos.
func (f *fields) nested() {
	depth := 0
	for f.pos < len(f.b) {
		switch f.b[f.pos] {
		case '"':
			f.text()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		f.pos++
		if depth == 0 {
			return
		}
	}
	f.bad = true
}

// parseUint reads a whole decimal number.
func parseUint(b []byte) (v uint64, ok bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	return v, true
}
