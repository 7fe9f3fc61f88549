package load

// The dialects: one is the contract of the chat server, the others are what the limit and the
// peers speak. All carry the same rooms, the same texts and the same schedule.
const (
	Chatroom   = "chatroom"
	Raw        = "raw"        // the built-in limit, gws and ws: the text itself is the message
	Centrifuge = "centrifuge" // its JSON protocol
	SocketIO   = "socketio"   // Engine.IO 4 over WebSocket
)

var dialects = map[string]dialect{Chatroom: chatroomDialect{}, Raw: rawDialect{}, Centrifuge: centrifugeDialect{}, SocketIO: socketIODialect{}}

// dialect writes what a member says and reads what it hears. Stateless; any goroutine.
type dialect interface {
	// path of the handshake's request.
	path() string
	// protocol is the subprotocol to offer; may be empty.
	protocol() string
	// sequenced says whether the server numbers the messages of a room: only then order is checked
	// and a gap is seen at once.
	sequenced() bool
	// greeting says whether the server speaks first (or at least before rooms can be joined).
	greeting() bool
	appendHello(dst []byte) []byte
	appendCreate(dst []byte, r *room) []byte
	appendJoin(dst []byte, r *room) []byte
	appendSend(dst []byte, r *room, number uint32, text []byte) []byte
	// decode reads the first event of a text message into e and returns what is left of it.
	decode(payload []byte, e *event) (rest []byte)
}

// eventKind is what a server said.
type eventKind uint8

const (
	evOther   eventKind = iota // nothing the load cares for
	evBad                      // not understood
	evWelcome                  // rooms may be joined
	evJoined
	evMessage
	evAck
	evUser
	evRooms
	evHistory
	evError
	evReply // the peer's own heartbeat: reply is to be sent back
)

// event is one thing a server said. Byte slices are views into the read buffer.
type event struct {
	kind      eventKind
	id        []byte // echo of the request's id
	room      uint64
	epoch     []byte
	seq       uint64
	messageID []byte
	text      []byte
	messages  uint64 // ROOM_JOINED: how many follow as replay
	recovered bool
	resumed   bool
	duplicate bool
	client    uint64
	session   []byte
	code      []byte
	list      []byte // the array of ROOMS or HISTORY
	reply     string
}
