package wsproto

import (
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Decoder turns the bytes of one peer into events. It keeps no bytes of an incomplete frame (the
// caller's buffer does), and a buffer of its own only while a fragmented message is under way:
// an idle connection costs the size of this struct. What a header declares is judged before any
// byte behind it arrives, and nothing is ever allocated because a header says so.
//
// Where the bytes are cut has no influence on the events or on the error.
//
// Make one with NewDecoder or NewClientDecoder; it may be copied only before its first use.
type Decoder struct {
	// Immutable after open.
	limits *Limits
	mask   byte // the mask bit every frame of this peer must have
	binary bool

	// Owned by the session's loop.
	done  bool     // after a Close frame or an error: what follows is ignored
	need  uint32   // see Need
	began int64    // when the first byte of an incomplete message was seen, 0 = nothing pending
	msg   *message // the fragmented message under way, nil = none
}

// message is a fragmented message under way.
type message struct {
	op        Opcode
	finished  bool // handed out as an event, freed by the next call of Next
	fragments int
	valid     int // bytes of payload known to be whole code points
	payload   []byte
}

var defaultLimits = &Limits{}

// NewDecoder returns the decoder of a server: frames must be masked, binary messages are refused
// (1003). The limits are borrowed for the life of the decoder; nil means the defaults. Any
// goroutine.
func NewDecoder(l *Limits) Decoder {
	if l == nil {
		l = defaultLimits
	}
	return Decoder{limits: l, mask: maskBit}
}

// NewClientDecoder returns the decoder of a client: frames must not be masked, binary messages are
// refused too. The limits are as for NewDecoder, with DefaultClientMessage. Any goroutine.
func NewClientDecoder(l *Limits) Decoder {
	if l == nil {
		l = defaultLimits
	}
	return Decoder{limits: l}
}

// AcceptBinary makes the decoder deliver binary messages instead of refusing them. Call it before
// the first Next.
func (d *Decoder) AcceptBinary() { d.binary = true }

// Need returns how many bytes the next call of Next must at least be given to find something new,
// at least 1. While fewer are buffered there is no reason to look, which keeps the cost of a frame
// that arrives byte by byte linear. Loop only.
func (d *Decoder) Need() int { return max(1, int(d.need)) }

// Fragmented reports whether a fragmented message is under way. Loop only.
func (d *Decoder) Fragmented() bool { return d.msg != nil && !d.msg.finished }

// Overdue returns the reason to close a peer that began a message and did not finish it within
// Limits.MessageTime, else nil. Next asks by itself, but is not called while no byte arrives. Loop
// only.
func (d *Decoder) Overdue(now int64) *CloseError {
	if d.began != 0 && now-d.began > d.limits.messageMillis() {
		return errSlow
	}
	return nil
}

// Next decodes the beginning of buf, which must start where the last call left off, and unmasks
// whole frames in place. It returns the first event and how many bytes it used; the caller
// advances by n and calls again until the kind is EventNone (n may be above 0 even then: fragments
// went by). Bytes of an incomplete frame are not used and not changed.
//
// An error is final: send its code in a Close frame and close. After an error or an EventClose
// every further byte is used up and ignored (RFC 6455 section 5.5.1).
//
// now is the time in milliseconds of a clock that does not jump; it may be coarse. 0 turns
// Limits.MessageTime off. Whole unfragmented messages and control frames cost no allocation.
// Loop only.
func (d *Decoder) Next(buf []byte, now int64) (ev Event, n int, err *CloseError) {
	if d.done {
		return Event{}, len(buf), nil
	}
	if d.msg != nil && d.msg.finished {
		d.msg = nil
	}
	if err := d.Overdue(now); err != nil {
		return d.fail(err)
	}
	for {
		h, err := d.header(buf[n:])
		if err != nil {
			return d.fail(err)
		}
		if end := h.size + h.length; h.size == 0 || len(buf)-n < end {
			d.need = uint32(end)
			if len(buf) > n && d.began == 0 {
				d.began = now
			}
			return Event{}, n, nil
		}
		payload := buf[n+h.size : n+h.size+h.length : n+h.size+h.length]
		if d.mask != 0 {
			// RFC 6455 section 5.3.
			ws.Cipher(payload, [4]byte(buf[n+h.size-4:]), 0)
		}
		n += h.size + h.length
		ev, err := d.frame(h, payload)
		if err != nil {
			return d.fail(err)
		}
		d.need = 0
		switch {
		case !d.Fragmented():
			d.began = 0
		case d.began == 0:
			d.began = now
		}
		if ev.Kind != EventNone {
			return ev, n, nil
		}
	}
}

func (d *Decoder) fail(err *CloseError) (Event, int, *CloseError) {
	d.done, d.msg, d.began, d.need = true, nil, 0, 0
	return Event{}, 0, err
}

// frame takes one whole, unmasked frame.
func (d *Decoder) frame(h header, payload []byte) (Event, *CloseError) {
	switch h.op {
	case OpPing:
		return Event{Kind: EventPing, Payload: payload}, nil
	case OpPong:
		return Event{Kind: EventPong, Payload: payload}, nil
	case OpClose:
		ev, err := parseClose(payload)
		if err == nil {
			d.done, d.msg = true, nil
		}
		return ev, err
	}
	if d.msg != nil || !h.fin {
		return d.fragment(h, payload)
	}
	// RFC 6455 section 8.1.
	if h.op == OpText && !utf8.Valid(payload) {
		return Event{}, errText
	}
	return Event{Kind: messageKind(h.op), Payload: payload}, nil
}

// fragment adds a frame to the message under way (RFC 6455 section 5.4).
func (d *Decoder) fragment(h header, payload []byte) (Event, *CloseError) {
	if d.msg == nil {
		d.msg = &message{op: h.op}
	}
	m := d.msg
	m.fragments++
	m.payload = append(m.payload, payload...)
	if m.op == OpText {
		n, ok := validPrefix(m.payload[m.valid:])
		m.valid += n
		if !ok || h.fin && m.valid < len(m.payload) {
			return Event{}, errText
		}
	}
	if !h.fin {
		return Event{}, nil
	}
	m.finished = true
	return Event{Kind: messageKind(m.op), Payload: m.payload}, nil
}

func messageKind(op Opcode) EventKind {
	if op == OpBinary {
		return EventBinary
	}
	return EventText
}
