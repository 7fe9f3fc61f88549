package engine_test

import (
	"fmt"
	"testing"

	"chatroom/engine"
	"chatroom/internal/chat"
)

// founder is nobody that remembers the room made last.
type founder struct {
	nobody
	room chat.RoomID
}

func (f *founder) Created(_ chat.Tag, info chat.RoomInfo, _ chat.Code) { f.room = info.ID }

// BenchmarkAppend gives the log one message after another for 500 rooms in turn: what the log costs
// a message in small rooms, with the memory of all rooms moving through the cache.
func BenchmarkAppend(b *testing.B) {
	feed := &founder{}
	e := engine.NewEmbedded(engine.Config{}, feed)
	defer e.Close()
	const rooms = 500
	var ids [rooms]chat.RoomID
	var members [rooms]chat.Member
	for i := range rooms {
		m, ok := e.Directory().Open("203.0.113.1")
		if !ok {
			b.Fatal("no id")
		}
		e.Create(1, "room", false, m)
		ids[i], members[i] = feed.room, m
	}
	names := make([]string, 1<<16)
	for i := range names {
		names[i] = fmt.Sprint("message-", i)
	}
	b.ReportAllocs()
	at, n := int64(0), 0
	for b.Loop() {
		i := n % rooms
		m := &members[i]
		at++
		e.Append(ids[i], []chat.Pending{{
			Tag: 2, Client: m.Client, Nonce: m.Nonce, Incarnation: m.Incarnation,
			ID: names[n/rooms%len(names)], At: at, Body: make([]byte, 200),
			MessageID: chat.MessageID{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 1},
		}})
		n++
	}
}
