package load

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
	for i := len(dst) - start; i < size; i++ {
		dst = append(dst, 'a'+byte((uint32(i)+number)%26))
	}
	return dst
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
	want := 'a' + byte((uint32(padAt+1)+number)%26)
	for _, got := range text[padAt+1:] {
		if got != want {
			return 0, 0, false
		}
		if want++; want > 'z' {
			want = 'a'
		}
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

func parseHex32(b []byte) (v uint32, ok bool) {
	if len(b) != 8 {
		return 0, false
	}
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | uint32(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint32(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
