package wsproto

import "encoding/binary"

// header is a frame header that passed every rule.
type header struct {
	op     Opcode
	fin    bool
	size   int // bytes of the header with its mask, 0 while it is incomplete
	length int // bytes of payload
}

// header judges the header at the start of buf, each byte as soon as it is there. While bytes are
// missing size is 0 and length is the number of bytes the next step needs.
func (d *Decoder) header(buf []byte) (h header, err *CloseError) {
	if len(buf) == 0 {
		h.length = 1
		return h, nil
	}
	h.op = Opcode(buf[0] & opcodeBits)
	h.fin = buf[0]&finBit != 0
	if err := d.checkFirst(h, buf[0]); err != nil {
		return h, err
	}
	if len(buf) == 1 {
		h.length = 2
		return h, nil
	}
	// RFC 6455 section 5.1: a server must refuse unmasked frames, a client masked ones.
	if buf[1]&maskBit != d.mask {
		if d.mask == 0 {
			return h, errMasked
		}
		return h, errUnmasked
	}
	size, length, err := parseLength(h.op, buf)
	if err != nil {
		return h, err
	}
	if size > len(buf) {
		h.length = size
		return h, nil
	}
	if !h.op.IsControl() {
		have := 0
		if d.msg != nil {
			have = len(d.msg.payload)
		}
		// The sum over fragments counts: judged here, before a byte of the payload is awaited.
		if length > uint64(d.limits.message(d.mask)-have) {
			return h, errTooBig
		}
	}
	if d.mask != 0 {
		size += 4
	}
	// With the length known the whole frame can be awaited at once, mask included.
	h.size, h.length = size, int(length)
	return h, nil
}

// checkFirst applies the rules that the first byte alone can break.
func (d *Decoder) checkFirst(h header, first byte) *CloseError {
	// RFC 6455 section 5.2: RSV1–3 must be 0 unless an extension was negotiated, and none ever is.
	if first&rsvBits != 0 {
		return errReserved
	}
	switch h.op {
	case OpContinuation:
		// Section 5.4: only inside a fragmented message.
		if d.msg == nil {
			return errContinuation
		}
		if d.msg.fragments >= d.limits.fragments() {
			return errFragments
		}
	case OpText, OpBinary:
		// Section 5.4: fragments of one message must not be interleaved with another.
		if d.msg != nil {
			return errInterleaved
		}
		// Section 7.4.1, code 1003.
		if h.op == OpBinary && !d.binary {
			return errBinary
		}
	case OpClose, OpPing, OpPong:
		// Section 5.5: control frames must not be fragmented.
		if !h.fin {
			return errControlFin
		}
	default:
		// Section 5.2: an unknown opcode fails the connection.
		return errOpcode
	}
	return nil
}

// parseLength reads the length and tells where it ends (RFC 6455 section 5.2). Without all its
// bytes only size counts.
func parseLength(op Opcode, buf []byte) (size int, length uint64, err *CloseError) {
	short := buf[1] & lengthBits
	// Section 5.5: at most 125 bytes of payload in a control frame.
	if op.IsControl() && short > maxControl {
		return 0, 0, errControlSize
	}
	switch short {
	case length16:
		if len(buf) < 4 {
			return 4, 0, nil
		}
		length = uint64(binary.BigEndian.Uint16(buf[2:]))
		if length < length16 {
			return 0, 0, errLengthForm
		}
		return 4, length, nil
	case length64:
		// Section 5.2: the most significant bit must be 0. It is in the first of the eight bytes, so
		// that one is asked for by itself: Need must never wait beyond what can be judged.
		if len(buf) < 3 {
			return 3, 0, nil
		}
		if buf[2]&0x80 != 0 {
			return 0, 0, errLengthSign
		}
		if len(buf) < 10 {
			return 10, 0, nil
		}
		length = binary.BigEndian.Uint64(buf[2:])
		if length <= 0xFFFF {
			return 0, 0, errLengthForm
		}
		return 10, length, nil
	default:
		return 2, uint64(short), nil
	}
}
