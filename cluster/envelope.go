package cluster

import (
	"encoding/binary"
	"strings"
	"unsafe"

	"chatroom/internal/chat"
)

// An envelope is what a script says on a room's channel: one letter, the origin node's UUID
// (16 bytes), the epoch (16 digits), and then
//
//	m  messages: id before the first (16), seq of the first (8), records as in publish.lua
//	e  a user event: seq, version, event, client, owner, members, at, username, previous, split by NUL
//	t  a place was taken over by another connection: client
//	n  a new epoch begins: nothing more
const (
	letterMessages = 'm'
	letterEvent    = 'e'
	letterTakeover = 't'
	letterEpoch    = 'n'
	envelopeHead   = 1 + 16 + 16
	recordHead     = 4 + 8 + 16 // length, at, message id
)

// fromNode says whether the node sent the envelope: it is dropped unread then, because everything
// in it came with the script's answer.
func fromNode(text string, node *[16]byte) bool {
	return len(text) >= envelopeHead && text[1:17] == string(node[:])
}

// frozen views a string as bytes without copying. Bodies are written by none.
func frozen(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// parseMessages reads an envelope's messages; ok is false for what no script of ours has written.
func parseMessages(text string) (entries []chat.Entry, ok bool) {
	text = text[envelopeHead:]
	if len(text) < 24 {
		return nil, false
	}
	var prev chat.MessageID
	copy(prev[:], text)
	seq := binary.BigEndian.Uint64(frozen(text[16:24]))
	text = text[24:]
	entries = make([]chat.Entry, 0, 1+len(text)/512)
	for len(text) > 0 {
		e, rest, ok := parseRecord(text)
		if !ok {
			return nil, false
		}
		e.Seq, e.Prev = seq, prev
		entries = append(entries, e)
		seq, prev, text = seq+1, e.MessageID, rest
	}
	return entries, len(entries) > 0
}

// parseRecord reads one record; Seq and Prev are not in it.
func parseRecord(text string) (e chat.Entry, rest string, ok bool) {
	if len(text) < recordHead {
		return e, "", false
	}
	n := int(binary.BigEndian.Uint32(frozen(text[:4])))
	if n < recordHead-4 || n > len(text)-4 {
		return e, "", false
	}
	e.At = int64(binary.BigEndian.Uint64(frozen(text[4:12])))
	copy(e.MessageID[:], text[12:28])
	e.Body = frozen(text[recordHead : 4+n])
	return e, text[4+n:], true
}

// record is the record of a message.
func record(p *chat.Pending) string {
	b := make([]byte, recordHead+len(p.Body))
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	binary.BigEndian.PutUint64(b[4:], uint64(p.At))
	copy(b[12:], p.MessageID[:])
	copy(b[recordHead:], p.Body)
	return unsafe.String(&b[0], len(b)) // nobody else has b
}

// roomEvent is a user event with its place among the messages.
type roomEvent struct {
	seq     uint64 // it stands behind this message
	version uint64 // of the membership: its order among events
	chat.UserEvent
}

func parseEvent(text string) (e roomEvent, ok bool) {
	f := strings.SplitN(text[envelopeHead:], "\x00", 10) // behind the ninth: what a newer version may add
	if len(f) < 9 {
		return e, false
	}
	e.seq, e.version = number(f[0]), number(f[1])
	e.Kind, e.Client, e.Owner = chat.EventKind(f[2]), chat.ClientID(number(f[3])), f[4] == "1"
	e.Members, e.At, e.Username, e.Previous = int(number(f[5])), int64(number(f[6])), f[7], f[8]
	return e, true
}
