package chat

func (r *reader) fail(f eventField) {
	if !r.failed {
		r.failed, r.field = true, f
	}
}

// value is the field if it is there and of this kind.
func (r *reader) value(f eventField, k kind, must bool) (v value, ok bool) {
	v = r.e.fields[f]
	if v.kind == k {
		return v, true
	}
	if must || v.kind != absent {
		r.fail(f)
	}
	return value{}, false
}

func (r *reader) text(f eventField, must bool) []byte {
	v, _ := r.value(f, stringKind, must)
	return v.raw
}

func (r *reader) integer(f eventField, must bool) uint64 {
	v, ok := r.value(f, numberKind, must)
	if !ok {
		return 0
	}
	n, ok := parseInteger(v)
	if !ok || n > MaxInteger {
		r.fail(f)
	}
	return n
}

func (r *reader) flag(f eventField, must bool) bool {
	v := r.e.fields[f]
	if v.kind != trueKind && v.kind != falseKind && (must || v.kind != absent) {
		r.fail(f)
	}
	return v.kind == trueKind
}

func (r *reader) epoch() Epoch {
	e, ok := ParseEpoch(r.text(inEpoch, true))
	if !ok {
		r.fail(inEpoch)
	}
	return e
}

// client reads {clientId, username}. It is written out, without nested, because every NEW_MESSAGE
// has one: a second Event on the stack would be cleared for it.
func (r *reader) client(f eventField, must bool) {
	v, ok := r.value(f, objectKind, must)
	if !ok {
		return
	}
	s := scanner{buf: v.raw, keys: r.e.scan.keys}
	named := false
	s.take('{')
	for !s.take('}') {
		s.take(',')
		key, _ := s.name(true)
		member, _ := s.value(1, true)
		switch string(key) {
		case "clientId":
			n, _ := parseInteger(member)
			r.e.Client = ClientID(n)
		case "username":
			r.e.Username, named = member.raw, member.kind == stringKind
		}
	}
	r.e.scan.keys = s.keys[:0]
	if !named || r.e.Client == 0 {
		r.fail(f)
	}
}

// nested reads an object that is the value of f.
func (r *reader) nested(f eventField, v value, interpret func(item *Event, in *reader)) {
	if v.kind != objectKind {
		r.fail(f)
		return
	}
	item := new(Event)
	item.scan.reset(v.raw)
	if !item.read() {
		r.fail(f)
		return
	}
	in := reader{e: item}
	interpret(item, &in)
	if in.failed {
		r.fail(f)
	}
}

// elements reads an array of objects that is the value of f.
func (r *reader) elements(f eventField, interpret func(item *Event, in *reader)) {
	v, ok := r.value(f, arrayKind, true)
	if !ok {
		return
	}
	s := scanner{buf: v.raw}
	s.take('[')
	for !s.take(']') {
		s.take(',')
		element, ok := s.value(1, false)
		if !ok {
			r.fail(f)
			return
		}
		r.nested(f, element, interpret)
	}
}
