package engine

import "chatroom/internal/chat"

// eventKind says what an event asks of the loop it is posted to.
type eventKind uint8

const (
	// To the home loop of event.room, from a session's loop.
	homePublish eventKind = iota + 1 // data *chat.Pending, frame its buffer
	homeJoin                         // data *joinWish
	homeLeave                        // data *chat.Member
	homeRename                       // data *renaming
	homeHistory                      // data *historyWish
	homeForget                       // seq: the loop that has one member less

	// To the home loop of event.room, from the Feed.
	feedCreated  // data *joinAnswer
	feedBaseline // data *baseline
	feedJoined   // data *joinAnswer
	feedMessages // data *entryBatch
	feedEvent    // data *chat.UserEvent
	feedResync   // data *baseline
	feedRefused  // data *chat.Refusal

	// To the loop of a session.
	deliverMessage // room, frame; tag, seq, epoch for the sender's ACK
	deliverEvent   // room, frame; seq: the client that is not told; last: nothing of the room follows
	answerJoined   // tag, data *joinOutcome
	answerRefused  // tag, room, data *chat.Refusal
	answerDone     // tag, code
	answerListed   // tag, data *listing
	answerHistory  // tag, frame, or nil: the room is gone
	answerResumed  // tag, data *chat.Resumption
	endSession     // session, cause
	call           // data func(*loop)
)

// event is one thing that waits in an inbox. It is a value: posting allocates nothing by itself.
type event struct {
	kind    eventKind
	last    bool
	cause   chat.Cause
	tag     chat.Tag
	room    *liveRoom
	session *session
	seq     uint64
	epoch   chat.Epoch
	arrival int64 // when the frame reached this node, see loop.now; 0 = elsewhere
	code    chat.Code

	// Frozen: shared by recipients, written by none.
	frame []byte

	data any
}

// joinWish is a JOIN_ROOM, or the way back of a RESUME, on its way to the room's home loop.
type joinWish struct {
	member chat.Member
	loop   int  // the session's
	resume bool // takes a kept place over
	again  bool // the session is in the room already: only the answer is wanted
	replay int

	position   chat.Position
	positioned bool
}

// joinAnswer is what the log said to a join or a creation.
type joinAnswer struct {
	info chat.RoomInfo
	code chat.Code
}

// joinOutcome is what a session needs to enter a room.
type joinOutcome struct {
	room      *liveRoom
	info      chat.RoomInfo
	code      chat.Code
	recovered bool
	// Frozen: shared by recipients, written by none.
	replay [][]byte
}

type renaming struct {
	member chat.Member
	name   string
}

type historyWish struct {
	loop                int
	id                  string
	before, after       uint64
	hasBefore, hasAfter bool
	limit               int
}

type baseline struct {
	info   chat.RoomInfo
	recent []chat.Entry
}

type listing struct {
	rooms []chat.RoomSummary
	next  string
	code  chat.Code
}
