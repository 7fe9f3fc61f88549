package chat

// Protocol is the version that CONNECT carries; Subprotocol is its name in the handshake.
const (
	Protocol    = 1
	Subprotocol = "chatroom.v1"
)

// Limits that the contract fixes; each is also told to clients, in CONNECT or in docs/protocol.md.
const (
	MaxName           = 16        // code points of a room name and of a username
	DefaultMaxMessage = 2000      // code points of a text, see Limits
	MaxReplay         = 200       // messages that JOIN_ROOM may ask for
	DefaultReplay     = 50        // messages that follow when none were asked for
	MaxHistory        = 200       // messages in one HISTORY
	DefaultHistory    = 50        // messages in one HISTORY when no limit was asked for
	MaxHistoryBytes   = 256 << 10 // bytes of one HISTORY
	MaxRooms          = 100       // rooms in one ROOMS
	DefaultRooms      = 50        // rooms in one ROOMS when no limit was asked for
	MaxRequestID      = 64        // printable ASCII characters of an `id`
	MaxDepth          = 16        // nested objects and arrays in one event
	MaxInteger        = 1<<53 - 1 // the largest integer that every JSON reader keeps exactly
)

// Limits are the sizes that an operator may set. The zero value holds the defaults.
type Limits struct {
	// Message is the most code points of a chat text; 0 = DefaultMaxMessage.
	Message int
}

// MessageLimit is the most code points of a chat text.
func (l Limits) MessageLimit() int {
	if l.Message <= 0 {
		return DefaultMaxMessage
	}
	return l.Message
}

// EventLimit is the most bytes of one client event, summed over its fragments: twelve bytes are the
// longest escape of one code point, the rest of a SEND_MESSAGE fits into 1 KiB.
func (l Limits) EventLimit() int {
	return max(16<<10, 12*l.MessageLimit()+1<<10)
}
