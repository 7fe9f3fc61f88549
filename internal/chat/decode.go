package chat

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// fault is why an event was refused; the zero value says that it was not.
type fault struct {
	code     Code
	sentence string
}

func badJSON(sentence string) fault    { return fault{BadJSON, sentence} }
func badRequest(sentence string) fault { return fault{BadRequest, sentence} }

// DecodeCommand reads one client event into into, which then borrows payload. The payload is
// changed: escapes are resolved in place. The code is empty when all is well; otherwise it is
// BAD_JSON, BAD_REQUEST, UNKNOWN_TYPE, NAME_INVALID or TEXT_INVALID with a sentence for a person,
// and into.ID still holds the `id` when that could be read. The payload's size is the framing's
// affair. Any goroutine; into belongs to one at a time. Nothing is allocated for SEND_MESSAGE.
func DecodeCommand(payload []byte, into *Command, limits Limits) (Code, string) {
	scan := into.scan
	*into = Command{}
	into.scan = scan
	into.scan.reset(payload)

	found := into.read()
	id := into.identify()
	if found.code == "" {
		found = id
	}
	if found.code == "" {
		found = into.interpret(limits)
	}
	return found.code, found.sentence
}

// read fills in the fields from the text.
func (c *Command) read() fault {
	s := &c.scan
	if !utf8.Valid(s.buf) {
		return badJSON("The event is not valid UTF-8.")
	}
	const notOne = "The event must be one JSON object."
	if !s.take('{') {
		return badJSON(notOne)
	}
	if s.take('}') {
		if !s.end() {
			return badJSON(notOne)
		}
		return fault{}
	}
	for {
		key, ok := s.name(true)
		if !ok {
			return badJSON("The event is not valid JSON.")
		}
		f := fieldOf(key)
		if f == fieldCount {
			if meant, miscased := miscasedField(key); miscased {
				return badJSON("The field " + strconv.Quote(fieldNames[meant]) + " is written in the wrong case.")
			}
		}
		v, ok := s.value(1, true)
		if !ok {
			return badJSON("The event is not valid JSON, or nested too deeply.")
		}
		if f < fieldCount {
			if c.fields[f].kind != absent {
				c.fields[f] = value{} // neither of the two is to be believed, least of all an id
				return badJSON("The field " + strconv.Quote(fieldNames[f]) + " stands twice.")
			}
			c.fields[f] = v
			s.keys = s.keys[:len(s.keys)-1] // compared with its kind above
		}
		if s.take('}') {
			break
		}
		if !s.take(',') {
			return badJSON("The event is not valid JSON.")
		}
	}
	if !s.unique(0) {
		return badJSON("A field stands twice.")
	}
	if !s.end() {
		return badJSON(notOne)
	}
	return fault{}
}

// miscasedField finds the field that name would be in another case. Unicode folding counts:
// it is what encoding/json does, and so what a lenient reader behind this one might do.
func miscasedField(name []byte) (field, bool) {
	for f, known := range fieldNames {
		if len(name) < len(known) || len(name) > 3*len(known) { // U+212A is K in three bytes
			continue
		}
		if bytes.EqualFold(name, []byte(known)) {
			return field(f), true
		}
	}
	return fieldCount, false
}

// identify takes the `id`, also from an event that is refused for something else.
func (c *Command) identify() fault {
	v := c.fields[fieldID]
	switch {
	case v.kind == absent:
		return fault{}
	case v.kind != stringKind, len(v.raw) == 0, len(v.raw) > MaxRequestID:
		return badRequest("The id must be a string of 1 to 64 characters.")
	}
	for _, b := range v.raw {
		if b < ' ' || b > '~' {
			return badRequest("The id must be printable ASCII.")
		}
	}
	c.ID = v.raw
	return fault{}
}

// interpret gives the fields the meaning that the type gives them.
func (c *Command) interpret(limits Limits) fault {
	v := c.fields[fieldType]
	switch {
	case v.kind == absent:
		return badRequest("The event has no type.")
	case v.kind != stringKind:
		return badRequest("The type must be a string.")
	}
	c.Type = commandType(v.raw)
	switch c.Type {
	case CreateRoom:
		return first(c.flag(fieldPrivate, &c.Private), c.name(fieldName))
	case JoinRoom:
		return c.interpretJoin()
	case SendMessage:
		return c.interpretMessage(limits)
	case UpdateUsername:
		return c.name(fieldUsername)
	case ListRooms:
		return c.interpretList()
	case GetHistory:
		return c.interpretHistory()
	case Resume:
		return c.interpretResume()
	case LeaveRoom, Ping:
		return fault{}
	}
	return fault{UnknownType, "There is no event of this type."}
}

// first is the first fault of several checks that do not depend on each other.
func first(faults ...fault) fault {
	for _, f := range faults {
		if f.code != "" {
			return f
		}
	}
	return fault{}
}
