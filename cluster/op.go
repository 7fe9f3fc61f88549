package cluster

import (
	"time"

	"chatroom/internal/chat"
)

type opKind uint8

const (
	opPublish opKind = iota
	opCreate
	opJoin
	opLeave
	opRename
	opDetach
	opDelete
	opRebuild
)

// op is one request in a room's queue. A publish gathers messages until it is sent.
type op struct {
	// Owned by the room's shard. (An op is made by the caller and handed over.)
	kind     opKind
	tag      chat.Tag
	deadline time.Time // zero: repeated until Redis answers
	attempts int       // tries that ended without a usable answer
	unknown  bool      // one of them may have been executed
	answered bool      // the engine has its answer; what comes later is only bookkeeping

	member  chat.Member
	epoch   chat.Epoch // opCreate
	name    string     // opCreate, opRename
	private bool       // opCreate
	resume  bool       // opJoin
	back    bool       // opLeave, opRename: takes back what may not have been executed
	out     departure  // opLeave
	window  int64      // opDetach, ms
	at      int64      // ms, of the request

	messages []waiting // opPublish
	bytes    int       // of their bodies
	replay   bool      // opPublish: offered again, no fence
	resync   bool      // opRebuild: the members must be told
	clients  []chat.ClientID
	offset   int // opRebuild: clients already sent

	gone    func()                                 // opLeave
	deleted func(members int64, found, known bool) // opDelete
}

// waiting is a message that has no answer yet.
type waiting struct {
	chat.Pending
	deadline time.Time
	answered bool
}
