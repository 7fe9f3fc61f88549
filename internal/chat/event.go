package chat

// EventType is the `type` of a server event.
type EventType uint8

// The server events of protocol 1. Zero is none of them.
const (
	TypeConnect EventType = iota + 1
	TypeRoomJoined
	TypeNewMessage
	TypeUserEvent
	TypeAck
	TypeRooms
	TypeHistory
	TypeError
)

// EventTypes lists all server events.
var EventTypes = [...]EventType{
	TypeConnect, TypeRoomJoined, TypeNewMessage, TypeUserEvent, TypeAck, TypeRooms, TypeHistory, TypeError,
}

// EventKinds lists every `event` of a USER_EVENT.
var EventKinds = [...]EventKind{
	EventJoined, EventLeft, EventRenamed, EventRemoved, EventRoomDeleted, EventMembers,
}

var eventNames = [...]string{
	"", "CONNECT", "ROOM_JOINED", "NEW_MESSAGE", "USER_EVENT", "ACK", "ROOMS", "HISTORY", "ERROR",
}

// String is the word on the wire, or "" for none.
func (t EventType) String() string {
	if int(t) >= len(eventNames) {
		return ""
	}
	return eventNames[t]
}

// Event is one server event as a client reads it. Like Command it is meant to be used again, its
// byte slices are views into the payload, and what does not belong to its Type is zero.
type Event struct {
	Type EventType
	ID   []byte // of the request that this answers; empty = none

	RoomID    RoomID
	Epoch     Epoch
	Seq       uint64
	MessageID MessageID
	At        int64
	Client    ClientID // CONNECT, NEW_MESSAGE, USER_EVENT
	Username  []byte   // of Client
	Text      []byte   // NEW_MESSAGE
	Duplicate bool     // ACK
	// Placed says that an ACK tells the place of a message.
	Placed bool

	Session        []byte // CONNECT, with the next five
	Resumed        bool
	ServerID       []byte
	Protocol       int64
	HeartbeatMs    int64
	ResumeWindowMs int64
	Sizes          Sizes

	Name       []byte // ROOM_JOINED, with the next four
	CreatedAt  int64
	CreatedBy  ClientID
	Replayed   int // `messages` of ROOM_JOINED: how many NEW_MESSAGE follow
	Recovered  bool
	Positioned bool // `recovered` was given at all

	Kind     EventKind // USER_EVENT, with the next three
	Previous []byte
	Owner    bool
	Members  int // also of ROOM_JOINED

	Rooms    []RoomSummary // ROOMS
	Cursor   []byte
	Messages []Event // HISTORY
	More     bool

	Code         Code // ERROR, with the next three
	Message      []byte
	RetryAfterMs int64
	BanCode      int

	scan   scanner
	fields [eventFieldCount]value
}

// Sizes is `limits` of CONNECT.
type Sizes struct {
	Name, Username, Message, Replay, Event int
}

// eventField is a member that some server event has.
type eventField uint8

const (
	inType eventField = iota
	inID
	inRoomID
	inEpoch
	inSeq
	inMessageID
	inAt
	inFrom
	inText
	inDuplicate
	inClientID
	inUsername
	inSession
	inResumed
	inServerID
	inProtocol
	inHeartbeatMs
	inResumeWindowMs
	inLimits
	inName
	inCreatedAt
	inCreatedBy
	inMessages
	inRecovered
	inEvent
	inClient
	inPrevious
	inOwner
	inMembers
	inRooms
	inCursor
	inMore
	inCode
	inMessage
	inRetryAfterMs
	inBanCode
	inReplay
	eventFieldCount
)

var eventFieldNames = [eventFieldCount]string{
	"type", "id", "roomId", "epoch", "seq", "messageId", "at", "from", "text", "duplicate", "clientId",
	"username", "session", "resumed", "serverId", "protocol", "heartbeatMs", "resumeWindowMs", "limits",
	"name", "createdAt", "createdBy", "messages", "recovered", "event", "client", "previous", "owner",
	"members", "rooms", "cursor", "more", "code", "message", "retryAfterMs", "banCode", "replay",
}

// eventFieldOf finds a member by its exact name. Events come in the order of eventFieldNames more
// often than not, so the search goes on from the former hit.
func eventFieldOf(name []byte, from eventField) eventField {
	for n := range eventFieldCount {
		f := (from + n) % eventFieldCount
		if string(name) == eventFieldNames[f] {
			return f
		}
	}
	return eventFieldCount
}
