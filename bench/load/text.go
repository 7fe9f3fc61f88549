package load

import "bytes"

// The text of a message names it: run, room and number in fixed-width hexadecimal, then padding.
// Its place in the room is the server's to say; its number is the sender's. A text that does not
// parse, or that parses to a message nobody sent, was invented on the way.
//
//	~RRRRRRRR rrrrrrrr nnnnnnnn xxxxxxxx…
const (
	runAt    = 1
	roomAt   = 10
	numberAt = 19
	padAt    = 27
)

// appendText appends the text of message number of a room, size bytes long.
func appendText(dst []byte, run, room, number uint32, size int) []byte {
	start := len(dst)
	dst = append(dst, '~')
	dst = appendHex32(dst, run)
	dst = append(dst, ' ')
	dst = appendHex32(dst, room)
	dst = append(dst, ' ')
	dst = appendHex32(dst, number)
	dst = append(dst, ' ')
	return append(dst, padding(number, size-(len(dst)-start))...)
}

// alphabets is a to z over and over: every padding is a part of it, so that writing and checking
// one is a single copy or comparison. Byte by byte both took longer than the decoder of the frame.
var alphabets = bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz"), (MaxTextBytes+25)/26+1)

// padding is what fills the text of message number with n bytes; its first letter moves on with
// the number.
func padding(number uint32, n int) []byte {
	return alphabets[number%26:][:n]
}

// parseText reads the room and the number back. It is strict: every byte of the text is compared
// with what appendText writes.
func parseText(text []byte, run uint32, size int) (room, number uint32, ok bool) {
	if len(text) != size || text[0] != '~' || text[roomAt-1] != ' ' || text[numberAt-1] != ' ' || text[padAt] != ' ' {
		return 0, 0, false
	}
	r, ok1 := parseHex32(text[runAt : runAt+8])
	room, ok2 := parseHex32(text[roomAt : roomAt+8])
	number, ok3 := parseHex32(text[numberAt : numberAt+8])
	if !ok1 || !ok2 || !ok3 || r != run {
		return 0, 0, false
	}
	if !bytes.Equal(text[padAt+1:], padding(number, size-padAt-1)) {
		return 0, 0, false
	}
	return room, number, true
}

const hexDigits = "0123456789abcdef"

func appendHex32(dst []byte, v uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[v>>shift&15])
	}
	return dst
}

// hexValues is what each byte stands for; noHex for what is no digit.
var hexValues = func() (values [256]uint8) {
	for i := range values {
		values[i] = noHex
	}
	for i, c := range []byte(hexDigits) {
		values[c] = uint8(i)
	}
	return values
}()

const noHex = 0x10

func parseHex32(b []byte) (v uint32, ok bool) {
	if len(b) != 8 {
		return 0, false
	}
	var all uint8
	for _, c := range b {
		d := hexValues[c]
		all |= d
		v = v<<4 | uint32(d&15)
	}
	return v, all&noHex == 0
}
