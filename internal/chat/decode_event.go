package chat

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// errEvent is what DecodeEvent's errors wrap.
var errEvent = errors.New("chat: not an event of protocol 1")

// DecodeEvent reads one server event as strictly as DecodeCommand reads a client's: JSON by the
// same scanner, every field of the event's type present and of its type. Unknown fields are
// ignored. into borrows payload, which is changed. For NEW_MESSAGE and ACK nothing is allocated.
func DecodeEvent(payload []byte, into *Event) error {
	scan, rooms, messages := into.scan, into.Rooms[:0], into.Messages[:0]
	*into = Event{scan: scan, Rooms: rooms, Messages: messages}
	into.scan.reset(payload)
	if !utf8.Valid(payload) || !into.read() || !into.scan.end() {
		return fmt.Errorf("%w: not strict JSON", errEvent)
	}
	r := reader{e: into}
	word := r.text(inType, true)
	for i := 1; i < len(eventNames); i++ {
		if string(word) == eventNames[i] {
			into.Type = EventType(i)
		}
	}
	if into.ID = r.text(inID, false); into.Type == 0 {
		return fmt.Errorf("%w: type %q", errEvent, word)
	}
	r.interpret()
	if r.failed {
		return fmt.Errorf("%w: %s: field %q", errEvent, into.Type, eventFieldNames[r.field])
	}
	return nil
}

// read scans one object into the fields.
func (e *Event) read() bool {
	s := &e.scan
	if !s.take('{') {
		return false
	}
	if s.take('}') {
		return true
	}
	f := eventField(0)
	for {
		key, ok := s.name(true)
		if !ok {
			return false
		}
		v, ok := s.value(1, true)
		if !ok {
			return false
		}
		if found := eventFieldOf(key, f); found < eventFieldCount {
			if e.fields[found].kind != absent {
				return false
			}
			e.fields[found] = v
			s.keys = s.keys[:len(s.keys)-1]
			f = found
		}
		if s.take('}') {
			return s.unique(0)
		}
		if !s.take(',') {
			return false
		}
	}
}

// reader takes fields out of an event and remembers the first one that is not as it should be.
type reader struct {
	e      *Event
	failed bool
	field  eventField
}

func (r *reader) interpret() {
	e := r.e
	switch e.Type {
	case TypeConnect:
		r.connect()
	case TypeRoomJoined:
		r.roomJoined()
	case TypeNewMessage:
		r.place()
		r.client(inFrom, true)
		e.Text = r.text(inText, true)
	case TypeUserEvent:
		r.userEvent()
	case TypeAck:
		if e.Placed = e.fields[inSeq].kind != absent; e.Placed {
			r.place()
			e.Duplicate = r.flag(inDuplicate, false)
		}
	case TypeRooms:
		e.Cursor = r.text(inCursor, false)
		r.elements(inRooms, func(item *Event, in *reader) {
			e.Rooms = append(e.Rooms, RoomSummary{
				ID: RoomID(in.integer(inRoomID, true)), Name: string(in.text(inName, true)),
				Members: int(in.integer(inMembers, true)), CreatedAt: int64(in.integer(inCreatedAt, true)),
			})
		})
	case TypeHistory:
		e.RoomID, e.Epoch = RoomID(r.integer(inRoomID, true)), r.epoch()
		e.More = r.flag(inMore, true)
		r.elements(inMessages, func(item *Event, in *reader) {
			item.Type = TypeNewMessage
			in.interpret()
			e.Messages = append(e.Messages, *item)
		})
	case TypeError:
		e.Code, e.Message = Code(r.text(inCode, true)), r.text(inMessage, true)
		e.RetryAfterMs, e.BanCode = int64(r.integer(inRetryAfterMs, false)), int(r.integer(inBanCode, false))
	}
}

func (r *reader) connect() {
	e := r.e
	e.Client, e.Username = ClientID(r.integer(inClientID, true)), r.text(inUsername, true)
	e.Session, e.Resumed, e.ServerID = r.text(inSession, true), r.flag(inResumed, true), r.text(inServerID, true)
	e.Protocol = int64(r.integer(inProtocol, true))
	e.HeartbeatMs = int64(r.integer(inHeartbeatMs, true))
	e.ResumeWindowMs = int64(r.integer(inResumeWindowMs, true))
	r.nested(inLimits, e.fields[inLimits], func(_ *Event, in *reader) {
		e.Sizes = Sizes{
			Name: int(in.integer(inName, true)), Username: int(in.integer(inUsername, true)),
			Message: int(in.integer(inMessage, true)), Replay: int(in.integer(inReplay, true)),
			Event: int(in.integer(inEvent, true)),
		}
	})
}

func (r *reader) roomJoined() {
	e := r.e
	e.RoomID, e.Epoch, e.Seq = RoomID(r.integer(inRoomID, true)), r.epoch(), r.integer(inSeq, true)
	e.Name, e.Members = r.text(inName, true), int(r.integer(inMembers, true))
	e.CreatedAt, e.CreatedBy = int64(r.integer(inCreatedAt, true)), ClientID(r.integer(inCreatedBy, true))
	e.Replayed = int(r.integer(inMessages, true))
	e.Positioned, e.Recovered = e.fields[inRecovered].kind != absent, r.flag(inRecovered, false)
}

func (r *reader) userEvent() {
	e := r.e
	word := r.text(inEvent, true)
	for _, k := range EventKinds {
		if string(word) == string(k) {
			e.Kind = k
		}
	}
	if e.Kind == "" {
		r.fail(inEvent)
	}
	e.RoomID, e.Members, e.At = RoomID(r.integer(inRoomID, true)), int(r.integer(inMembers, true)), int64(r.integer(inAt, true))
	r.client(inClient, e.Kind != EventMembers && e.Kind != EventRoomDeleted)
	e.Previous, e.Owner = r.text(inPrevious, e.Kind == EventRenamed), r.flag(inOwner, false)
}

// place reads what a message has once it has its place.
func (r *reader) place() {
	e := r.e
	e.RoomID, e.Epoch, e.Seq = RoomID(r.integer(inRoomID, true)), r.epoch(), r.integer(inSeq, true)
	e.At = int64(r.integer(inAt, true))
	id, ok := ParseMessageID(r.text(inMessageID, true))
	if e.MessageID = id; !ok {
		r.fail(inMessageID)
	}
}
