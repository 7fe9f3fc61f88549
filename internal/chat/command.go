package chat

// CommandType is the `type` of a client event.
type CommandType uint8

// The client events of protocol 1. Zero is none of them.
const (
	CreateRoom CommandType = iota + 1
	JoinRoom
	SendMessage
	UpdateUsername
	LeaveRoom
	ListRooms
	GetHistory
	Resume
	Ping
)

// CommandTypes lists all client events.
var CommandTypes = [...]CommandType{
	CreateRoom, JoinRoom, SendMessage, UpdateUsername, LeaveRoom, ListRooms, GetHistory, Resume, Ping,
}

var commandNames = [...]string{
	"", "CREATE_ROOM", "JOIN_ROOM", "SEND_MESSAGE", "UPDATE_USERNAME", "LEAVE_ROOM", "LIST_ROOMS",
	"GET_HISTORY", "RESUME", "PING",
}

// String is the word on the wire, or "" for none.
func (t CommandType) String() string {
	if int(t) >= len(commandNames) {
		return ""
	}
	return commandNames[t]
}

func commandType(word []byte) CommandType {
	for i := 1; i < len(commandNames); i++ {
		if string(word) == commandNames[i] {
			return CommandType(i)
		}
	}
	return 0
}

// Command is one client event. A Command is meant to be used again for the next event; a field
// that does not belong to its Type is zero.
type Command struct {
	Type CommandType

	// ID, Text, Session and Cursor are views into the payload that was decoded: they end with it.
	ID      []byte // empty = not given
	Text    []byte // SEND_MESSAGE
	Session []byte // RESUME
	Cursor  []byte // LIST_ROOMS; empty = from the start

	Name    string // CREATE_ROOM, UPDATE_USERNAME: trimmed and in NFC
	Private bool   // CREATE_ROOM: not listed

	// RoomID is where JOIN_ROOM goes. In SEND_MESSAGE 0 = not given.
	RoomID RoomID
	// Replay is how many messages JOIN_ROOM asks for, the default when it says nothing.
	Replay int
	// Position is the last message that the sender of JOIN_ROOM or RESUME saw, given when
	// HasPosition. An epoch that this protocol never gives out reads as 0, which no room has: such a
	// position is not found, and that is no error.
	Position    Position
	HasPosition bool
	// Before and After bound GET_HISTORY, each given when its Has is true, never both.
	Before, After       uint64
	HasBefore, HasAfter bool
	// Limit is how much LIST_ROOMS and GET_HISTORY ask for, the default when they say nothing.
	Limit int

	scan   scanner
	fields [fieldCount]value
}

// field is a member that some client event has.
type field uint8

const (
	fieldType field = iota
	fieldID
	fieldName
	fieldPrivate
	fieldRoomID
	fieldReplay
	fieldEpoch
	fieldSeq
	fieldMessageID
	fieldText
	fieldUsername
	fieldCursor
	fieldLimit
	fieldBefore
	fieldAfter
	fieldSession
	fieldCount
)

var fieldNames = [fieldCount]string{
	"type", "id", "name", "private", "roomId", "replay", "epoch", "seq", "messageId", "text",
	"username", "cursor", "limit", "before", "after", "session",
}

// fieldOf finds a member by its exact name; fieldCount is none.
func fieldOf(name []byte) field {
	for f, known := range fieldNames {
		if string(name) == known {
			return field(f)
		}
	}
	return fieldCount
}
