package cluster

import (
	"strconv"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// text is the string in m; nil, which Redis gives for a missing field, is empty.
func text(m rueidis.RedisMessage) string {
	s, _ := m.ToString()
	return s
}

// integer is the integer in m, given as one or as text; 0 when there is none.
func integer(m rueidis.RedisMessage) int64 {
	if n, err := m.AsInt64(); err == nil {
		return n
	}
	return 0
}

// texts is the answer of a script whose first element is a word; an error becomes "" and err.
func texts(r rueidis.RedisResult) (word string, rest []rueidis.RedisMessage, err error) {
	reply, err := r.ToArray()
	if err != nil {
		return "", nil, err
	}
	if len(reply) == 0 {
		return "", nil, nil
	}
	return text(reply[0]), reply[1:], nil
}

func formatID[T ~uint64](id T) string { return strconv.FormatUint(uint64(id), 10) }

func parseID[T ~uint64](s string) T {
	n, _ := strconv.ParseUint(s, 10, 64)
	return T(n)
}

// formatRooms and parseRooms are the field r of a session's record: ids with a blank between. In
// their place may stand a room that was deleted around the session, see formatLost.
func formatRooms(rooms []chat.RoomID) string {
	var b []byte
	for i, r := range rooms {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendUint(b, uint64(r), 10)
	}
	return string(b)
}

func parseRooms(s string) []chat.RoomID {
	var rooms []chat.RoomID
	for len(s) > 0 {
		word := s
		for i := range s {
			if s[i] == ' ' {
				word = s[:i]
				break
			}
		}
		s = s[min(len(s), len(word)+1):]
		if id := parseID[chat.RoomID](word); id != 0 {
			rooms = append(rooms, id)
		}
	}
	return rooms
}

// lostMark stands before the id of a deleted room, so that parseRooms passes over it.
const lostMark = '!'

// formatLost and parseLost are the field r of a session whose room was deleted and that is in no
// other since. Its connection may have been half open and have heard nothing of it: whoever resumes
// it, on whichever node, tries to enter that room and says what has become of it.
func formatLost(room chat.RoomID) string {
	return string(strconv.AppendUint([]byte{lostMark}, uint64(room), 10))
}

func parseLost(s string) chat.RoomID {
	if s == "" || s[0] != lostMark {
		return 0
	}
	return parseID[chat.RoomID](s[1:])
}
