// Package logtest holds a room log to its contract: a model of rooms, members and messages is
// played against a real log with random operations, and every answer and everything that the feed
// says is compared. It is one suite for every implementation of engine.Log.
//
// What is checked, by the promises of docs/protocol.md:
//
//   - messages of a room have consecutive seqs in one epoch, with the bodies, ids and predecessors
//     that were appended, each once, in the order of Append per sender;
//   - the same id of the same session and room gets the place of its first try, also after RESUME;
//   - who is no member, or comes under an old incarnation, gets no place;
//   - a join tells the position, the member count and, for a room that was not followed, the
//     retained messages; user events carry the count of their moment, and none tells of resuming;
//   - a session that is taken over keeps its place, its name and its idempotency;
//   - a room dies with its last member, and the list holds each public living room once.
//
// The interfaces are those of package engine, declared again: the suite knows no implementation and
// imports none.
package logtest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"chatroom/internal/chat"
)

// Patience is how long the suite waits for an answer; a log answers within 5 s.
const Patience = 15 * time.Second

// Log is engine.Log.
type Log interface {
	Create(tag chat.Tag, name string, private bool, creator chat.Member)
	Join(tag chat.Tag, room chat.RoomID, m chat.Member, resume bool)
	Leave(tag chat.Tag, room chat.RoomID, m chat.Member)
	Rename(tag chat.Tag, room chat.RoomID, m chat.Member, name string)
	Append(room chat.RoomID, messages []chat.Pending)
	Release(room chat.RoomID)
	List(tag chat.Tag, cursor string, limit int)
}

// Directory is engine.Directory.
type Directory interface {
	Open(ip string) (m chat.Member, ok bool)
	Discard(m chat.Member)
	Token(dst []byte, m chat.Member) []byte
	Resume(tag chat.Tag, token string, ip string)
	Rename(m chat.Member, name string)
	Detach(m chat.Member, room chat.RoomID)
	End(m chat.Member, room chat.RoomID)
	Banned(ip string) bool
}

// Feed is engine.Feed.
type Feed interface {
	Created(tag chat.Tag, room chat.RoomInfo, code chat.Code)
	Baseline(room chat.RoomInfo, recent []chat.Entry)
	Joined(tag chat.Tag, room chat.RoomInfo, code chat.Code)
	Messages(room chat.RoomID, epoch chat.Epoch, entries []chat.Entry)
	Event(room chat.RoomID, event chat.UserEvent)
	Resync(room chat.RoomInfo, recent []chat.Entry)
	Refused(room chat.RoomID, tag chat.Tag, refusal chat.Refusal)
	Done(tag chat.Tag, code chat.Code)
	Listed(tag chat.Tag, rooms []chat.RoomSummary, next string, code chat.Code)
	Resumed(tag chat.Tag, r chat.Resumption)
	Disconnect(client chat.ClientID, incarnation chat.Incarnation, cause chat.Cause)
	DisconnectAll()
}

// Run plays the suite. open makes the log and the directory under test, told to speak to feed, and
// sees to their end by t.Cleanup. The resume window must be longer than the test.
func Run(t *testing.T, open func(t *testing.T, feed Feed) (Log, Directory)) {
	r := newRecorder()
	log, directory := open(t, r)
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, r, log, directory)
		t.Repeat(map[string]func(*rapid.T){
			"create": m.create,
			"join":   m.join,
			"leave":  m.leave,
			"rename": m.rename,
			"say":    m.say,
			"repeat": m.repeat,
			"zombie": m.zombie,
			"resume": m.resume,
			"away":   m.away,
			"end":    m.end,
			"list":   m.list,
			"":       m.check,
		})
		m.finish(t)
	})
}
