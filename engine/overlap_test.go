package engine_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/internal/chat"
)

// These tests let things happen to a room in the orders that are rare: while somebody is on the way
// into it, or before its home loop has heard of them.

// TestJoinOfARoomThatIsBeingMade: somebody who knows a room's id before its creator does gets in,
// and both hear each other.
func TestJoinOfARoomThatIsBeingMade(t *testing.T) {
	n, log := startLate(t, engine.Config{ClientIDs: engine.IDRange{First: 10000, Last: 10001}})
	creator, guests := n.dial(t), []*client{n.dial(t), n.dial(t)}
	log.hold(true)
	creator.send(`{"type":"CREATE_ROOM","id":"c","name":"young"}`)
	eventually(t, "the log was asked", func() bool { return log.waiting() == 1 })
	for i, c := range guests {
		c.send(`{"type":"JOIN_ROOM","id":"j","roomId":%d}`, 10000+i)
	}
	eventually(t, "all wait", func() bool { return log.waiting() == 3 })
	log.hold(false)
	room := creator.want("ROOM_JOINED").number("roomId")
	guest, stranger := guests[room-10000], guests[10001-room]
	stranger.wantError("ROOM_NOT_FOUND")
	if joined, _ := guest.entered(); joined.number("members") != 2 {
		t.Fatalf("got %v", joined)
	}
	if m := creator.want("USER_EVENT"); m.text("event") != "joined" {
		t.Fatalf("got %v", m)
	}
	creator.say("1", "hello")
	guest.want("NEW_MESSAGE")
	guest.say("2", "hello")
	creator.want("NEW_MESSAGE")
}

// TestDeletionAnswersWhoWasOnTheWay, even when somebody else asks for the same id before the log
// has refused the first.
func TestDeletionAnswersWhoWasOnTheWay(t *testing.T) {
	n, log := startLate(t, engine.Config{})
	host, first, second := n.dial(t), n.dial(t), n.dial(t)
	room := host.create("doomed")
	log.hold(true)
	first.send(`{"type":"JOIN_ROOM","id":"1","roomId":%d}`, room)
	eventually(t, "the first is on its way", func() bool { return log.waiting() == 1 })
	if _, found, err := n.embedded.DeleteRoom(t.Context(), chat.RoomID(room)); err != nil || !found {
		t.Fatal(found, err)
	}
	host.want("USER_EVENT")
	second.send(`{"type":"JOIN_ROOM","id":"2","roomId":%d}`, room)
	eventually(t, "the second is on its way", func() bool { return log.waiting() == 2 })
	log.hold(false)
	first.wantError("ROOM_NOT_FOUND")
	second.wantError("ROOM_NOT_FOUND")
	first.quiet()
	second.quiet()
}

// apart makes a room and a member of it whose loop is not the room's home.
func apart(t *testing.T, n *node) (host, member *client, room int64) {
	host = n.dial(t)
	room = host.create("apart")
	for member == nil {
		if c := n.dial(t); n.LoopOf(uint64(c.id)) != n.LoopOf(uint64(host.id)) {
			member = c
		}
	}
	member.join(room)
	host.want("USER_EVENT")
	return host, member, room
}

// TestJoinOfTheOwnRoomThatIsBeingDeleted finds none.
func TestJoinOfTheOwnRoomThatIsBeingDeleted(t *testing.T) {
	n := start(t, engine.Config{Loops: 2}, nil)
	host, member, room := apart(t, n)
	release := n.BlockLoop(n.LoopOf(uint64(host.id)))
	if _, found, err := n.embedded.DeleteRoom(t.Context(), chat.RoomID(room)); err != nil || !found {
		t.Fatal(found, err)
	}
	heard := n.Counters().BytesIn
	member.send(`{"type":"JOIN_ROOM","id":"j","roomId":%d}`, room)
	eventually(t, "the other loop has asked", func() bool { return n.Counters().BytesIn > heard })
	release()
	if m := member.want("USER_EVENT"); m.text("event") != "room_deleted" {
		t.Fatalf("got %v", m)
	}
	member.wantError("ROOM_NOT_FOUND")
	member.send(`{"type":"LEAVE_ROOM","id":"l"}`)
	member.wantError("NOT_IN_ROOM")
}

// TestResumeIntoABusyRoom: a place that was taken over is never refused for want of room in an
// inbox, or the session would be stuck outside it.
func TestResumeIntoABusyRoom(t *testing.T) {
	n := start(t, engine.Config{Loops: 2}, nil)
	host, member, room := apart(t, n)
	home := n.LoopOf(uint64(host.id))
	var back *client
	for back == nil {
		if c := n.dial(t); n.LoopOf(uint64(c.id)) != home {
			back = c
		}
	}
	stranger := n.dial(t)
	for n.LoopOf(uint64(stranger.id)) == home {
		stranger = n.dial(t)
	}
	open := n.Counters().Connections
	member.lose()
	eventually(t, "the connection is gone", func() bool { return n.Counters().Connections < open && n.Departing() == 0 })
	release := n.BlockLoop(home)
	n.FillInbox(home)
	stranger.send(`{"type":"JOIN_ROOM","id":"j","roomId":%d}`, room)
	stranger.wantError("UNAVAILABLE")
	back.send(`{"type":"RESUME","id":"r","session":%q}`, member.session)
	back.want("CONNECT")
	release()
	if joined, _ := back.entered(); joined.number("roomId") != room {
		t.Fatalf("got %v", joined)
	}
	back.say("1", "here again")
	host.want("NEW_MESSAGE")
}

// TestHistoryStandsBehindOwnMessages: a GET_HISTORY that is sent behind messages without waiting
// holds them, and comes before the ROOM_JOINED of another room.
func TestHistoryStandsBehindOwnMessages(t *testing.T) {
	n, log := startLate(t, engine.Config{})
	c, other := n.dial(t), n.dial(t)
	elsewhere := other.create("elsewhere")
	c.create("here")
	for round := range 3 {
		log.hold(true)
		c.send(`{"type":"SEND_MESSAGE","id":"%d","text":"x"}`, round)
		c.send(`{"type":"GET_HISTORY","id":"h","limit":1}`)
		c.send(`{"type":"GET_HISTORY","id":"h","limit":2}`)
		c.send(`{"type":"JOIN_ROOM","id":"j","roomId":%d}`, elsewhere)
		eventually(t, "the message is on its way", func() bool { return log.waiting() > 0 })
		log.hold(false)
		ack := c.want("ACK")
		for i := range 2 {
			history, _ := c.want("HISTORY")["messages"].([]any)
			newest, _ := history[len(history)-1].(map[string]any)
			if len(history) > i+1 || fmt.Sprint(newest["messageId"]) != ack.text("messageId") {
				t.Fatalf("history %v behind %v", history, ack)
			}
		}
		c.entered()
		other.want("USER_EVENT")
		c.create("here")
		other.want("USER_EVENT")
	}
}

// TestWaitingIsChargedOnce: an event that waits for a message costs one token, as any other.
func TestWaitingIsChargedOnce(t *testing.T) {
	n, log := startLate(t, engine.Config{MessageRate: engine.Rate{PerSecond: 0.001, Burst: 6}})
	c := n.dial(t)
	c.create("frugal")
	log.hold(true)
	c.send(`{"type":"SEND_MESSAGE","id":"1","text":"x"}`)
	c.send(`{"type":"UPDATE_USERNAME","id":"2","username":"Ann"}`)
	eventually(t, "the message is on its way", func() bool { return log.waiting() > 0 })
	log.hold(false)
	c.until("ACK")
	c.until("ACK")
	for i := range 3 {
		c.send(`{"type":"GET_HISTORY","id":"%d"}`, i)
		c.until("HISTORY")
	}
	c.send(`{"type":"GET_HISTORY","id":"beyond"}`)
	c.wantError("RATE_LIMITED")
}

// hasty is a directory in which an operator removes a client between its RESUME and the answer.
type hasty struct {
	*engine.EmbeddedDirectory
	remove func()
}

func (h hasty) Resume(tag chat.Tag, token, ip string) {
	h.EmbeddedDirectory.Resume(tag, token, ip)
	h.remove()
}

// TestRemovedWhileItResumes: nobody could tell the connection, which was not known to carry the
// client yet. It must not live on without a session.
func TestRemovedWhileItResumes(t *testing.T) {
	var victim atomic.Uint64
	n := start(t, engine.Config{}, nil, func(e *engine.Engine) {
		log := engine.NewEmbedded(engine.Config{}, e)
		t.Cleanup(log.Close)
		e.Use(log, hasty{log.Directory(), func() {
			if _, err := log.RemoveClient(t.Context(), chat.Removal{Client: chat.ClientID(victim.Load())}); err != nil {
				t.Error(err)
			}
		}})
	})
	c := n.dial(t)
	victim.Store(uint64(c.id))
	c.lose()
	eventually(t, "the session waits", func() bool { return n.Counters().Connections == 0 && n.Departing() == 0 })
	back := n.dial(t)
	back.send(`{"type":"RESUME","session":%q}`, c.session)
	back.wantClose(1001)
	again := n.dial(t)
	again.send(`{"type":"RESUME","session":%q}`, c.session)
	again.wantError("SESSION_INVALID")
	again.quiet()
}

// TestLoopThatIsNeverIdle: a loop whose inbox never runs empty still comes to its sockets, and back.
func TestLoopThatIsNeverIdle(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	c := n.dial(t)
	handled := make(chan struct{})
	n.Chain(n.LoopOf(uint64(c.id)), 1000, func() { close(handled) })
	c.quiet()
	select {
	case <-handled:
	case <-time.After(patience):
		t.Fatal("the loop sleeps on what it was posted")
	}
	c.quiet()
}
