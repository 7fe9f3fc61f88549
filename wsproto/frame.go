package wsproto

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/gobwas/ws"
)

// Opcode says what a frame is (RFC 6455 section 5.2).
type Opcode byte

// The opcodes of RFC 6455; 3–7 and 11–15 are reserved.
const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xA
)

// IsControl reports whether frames of this opcode are control frames (RFC 6455 section 5.5).
func (op Opcode) IsControl() bool { return op&0x8 != 0 }

// The bits of the first two bytes of a frame (RFC 6455 section 5.2).
const (
	finBit     = 0x80
	rsvBits    = 0x70
	opcodeBits = 0x0F
	maskBit    = 0x80
	lengthBits = 0x7F

	length16 = 126 // the next 2 bytes are the length
	length64 = 127 // the next 8 bytes are the length

	maxControl = 125 // RFC 6455 section 5.5
)

// MaxServerHeader is the greatest size of an unmasked frame header in bytes.
const MaxServerHeader = 10

// Complete frames of a server without payload.
//
// Frozen: shared by recipients, written by none.
var (
	PingFrame  = ws.CompiledPing
	PongFrame  = ws.CompiledPong
	CloseFrame = ws.CompiledClose
)

// HeaderSize returns the size in bytes of an unmasked frame header for a payload of n bytes. Any
// goroutine.
func HeaderSize(n int) int {
	switch {
	case n < length16:
		return 2
	case n <= 0xFFFF:
		return 4
	default:
		return MaxServerHeader
	}
}

// AppendHeader appends the header of an unmasked frame with a payload of n bytes. Any goroutine.
func AppendHeader(dst []byte, op Opcode, fin bool, n int) []byte {
	return appendHeader(dst, op, fin, n, 0)
}

// AppendTextHeader appends the header of a server's whole text message of n bytes. Any goroutine.
func AppendTextHeader(dst []byte, n int) []byte {
	return appendHeader(dst, OpText, true, n, 0)
}

// AppendFrame appends a server's whole, unfragmented frame. The payload of a control frame must
// have at most 125 bytes. It allocates only to grow dst. Any goroutine.
func AppendFrame(dst []byte, op Opcode, payload []byte) []byte {
	dst = appendHeader(dst, op, true, len(payload), 0)
	return append(dst, payload...)
}

// AppendMaskedFrame appends a frame of a client (RFC 6455 section 5.3). The key comes from the
// runtime's ChaCha8 generator of the current thread: unpredictable to the one who chose the
// payload, as the section asks, without a system call or a lock. It allocates only to grow dst.
// Any goroutine.
func AppendMaskedFrame(dst []byte, op Opcode, fin bool, payload []byte) []byte {
	var mask [4]byte
	binary.LittleEndian.PutUint32(mask[:], rand.Uint32())
	return AppendMaskedFrameKey(dst, op, fin, payload, mask)
}

// AppendMaskedFrameKey is AppendMaskedFrame with a key of the caller's choice. Any goroutine.
func AppendMaskedFrameKey(dst []byte, op Opcode, fin bool, payload []byte, mask [4]byte) []byte {
	dst = appendHeader(dst, op, fin, len(payload), maskBit)
	dst = append(dst, mask[:]...)
	start := len(dst)
	dst = append(dst, payload...)
	ws.Cipher(dst[start:], mask, 0)
	return dst
}

// appendHeader writes the minimal form of the length, the only one allowed (RFC 6455 section 5.2).
func appendHeader(dst []byte, op Opcode, fin bool, n int, mask byte) []byte {
	first := byte(op)
	if fin {
		first |= finBit
	}
	switch {
	case n < length16:
		return append(dst, first, mask|byte(n))
	case n <= 0xFFFF:
		return append(dst, first, mask|length16, byte(n>>8), byte(n))
	default:
		dst = append(dst, first, mask|length64)
		return binary.BigEndian.AppendUint64(dst, uint64(n))
	}
}
