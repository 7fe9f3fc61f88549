package chat

// Position is the last message that somebody saw of a room. A zero MessageID is not compared.
type Position struct {
	Epoch     Epoch
	Seq       uint64
	MessageID MessageID
}

// Member is a session as a room knows it.
type Member struct {
	Client      ClientID
	Nonce       Nonce
	Incarnation Incarnation
	Name        string
}

// Pending is one SEND_MESSAGE on its way into the log.
type Pending struct {
	Tag         Tag
	Client      ClientID
	Nonce       Nonce
	Incarnation Incarnation
	ID          string    // the client's idempotency id; owned by the log from here on
	MessageID   MessageID // drawn by the accepting node
	At          int64     // Unix milliseconds of the accepting node
	Body        []byte    // Frozen: the JSON of NEW_MESSAGE behind its seq, see AppendMessageBody
}

// Entry is one message that has its place in a room's order.
type Entry struct {
	Seq       uint64
	MessageID MessageID
	Prev      MessageID // of the entry with Seq-1; zero for the first
	At        int64     // Unix milliseconds of the accepting node
	Body      []byte    // Frozen: the JSON of NEW_MESSAGE behind its seq
	Tag       Tag       // of the Pending, when this node sent it and nobody was answered yet; else 0
}

// RoomInfo is what ROOM_JOINED says of a room.
type RoomInfo struct {
	ID        RoomID
	Name      string
	Private   bool
	CreatedAt int64 // Unix milliseconds
	CreatedBy ClientID
	Members   int // in the whole cluster, kept places included
	Epoch     Epoch
	Seq       uint64    // of the newest message
	Last      MessageID // of the newest message
}

// Refusal answers a Pending that got no new place: Code is empty for a duplicate, which then
// carries the place that the first try got.
type Refusal struct {
	Code      Code
	Epoch     Epoch
	Seq       uint64
	MessageID MessageID
	At        int64
}

// EventKind is the `event` of a USER_EVENT.
type EventKind string

// The closed list of user events (contract, "Server events").
const (
	EventJoined      EventKind = "joined"
	EventLeft        EventKind = "left"
	EventRenamed     EventKind = "renamed"
	EventRemoved     EventKind = "removed"
	EventRoomDeleted EventKind = "room_deleted"
	EventMembers     EventKind = "members"
)

// UserEvent is a USER_EVENT before it is encoded. Members is the true count of that moment.
type UserEvent struct {
	Kind     EventKind
	Client   ClientID
	Username string
	Previous string // the old name of a renamed client
	Owner    bool   // the room's creator left
	Members  int
	At       int64 // Unix milliseconds
}

// Departure is why a member leaves.
type Departure uint8

// Why a member leaves; removed is an administrator's doing and is told as EventRemoved.
const (
	DepartureLeft Departure = iota
	DepartureRemoved
)

// RoomSummary is one line of ROOMS.
type RoomSummary struct {
	ID        RoomID
	Name      string
	Members   int
	CreatedAt int64
}

// Resumption answers a RESUME. Code is empty when the session was taken over: Member is then the
// former identity under the new incarnation and Room the room it holds a place in (0 = none).
type Resumption struct {
	Code     Code // "", SESSION_INVALID, BANNED or UNAVAILABLE
	Member   Member
	Room     RoomID
	Messages int64 // accepted of its former connections, as far as is known
	BanCode  int
}

// Activity is what a connection knows of its session, for operators.
type Activity struct {
	ConnectedAt int64 // Unix milliseconds
	LastSeenAt  int64 // Unix milliseconds
	Messages    int64 // of all connections of the session
}

// Cause is why a node has to end a connection that it holds.
type Cause uint8

// Causes of a disconnection and the close codes they lead to.
const (
	CauseRemoved          Cause = iota + 1 // ERROR BANNED, close 4500; the session has ended
	CauseBanned                            // ERROR BANNED, close 4501; the session has ended
	CauseResumedElsewhere                  // close 4502; the session lives on elsewhere
	CauseLeaseLost                         // close 1001; the place is kept, the client resumes
)
