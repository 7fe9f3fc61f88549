package engine_test

import (
	"context"
	"fmt"
	"testing"

	"chatroom/engine"
)

// FuzzSession plays operations, one byte each, on three sessions and two rooms, and lets the rest
// of the input come in as raw bytes of a fourth connection. What must hold:
//
//   - every message that was acknowledged reaches each other member of its room, once, in order;
//   - ROOM_JOINED is followed by the messages it announces, and by none of the former room;
//   - whatever the fourth connection sends, nobody else notices.
func FuzzSession(f *testing.F) {
	f.Add([]byte{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}, []byte("\x81\x82\x00\x00\x00\x00{}"))
	f.Add([]byte{0, 11, 22, 10, 20, 10, 50, 20, 51, 10, 40, 41, 42}, []byte("\x88\x80\x00\x00\x00\x00"))
	f.Add([]byte{1, 10, 60, 61, 10, 11, 62, 21, 12, 70, 10}, []byte("\xff\xff\xff\xff"))
	f.Add([]byte("a\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96\x96"), []byte("0"))
	n := start(f, engine.Config{Loops: 2}, nil)
	f.Fuzz(func(t *testing.T, operations, hostile []byte) {
		stranger := n.dialRaw(t)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := stranger.conn.WriteRaw(ctx, hostile); err != nil {
			t.Fatal(err)
		}
		p := play3{t: t, node: n, rooms: map[int64]*told{}}
		for i := range p.people {
			p.people[i] = &player{client: n.dial(t)}
		}
		for i, operation := range operations[:min(len(operations), 60)] {
			p.step(i, operation)
		}
		for _, who := range p.people {
			who.leave()
			who.lose()
		}
		stranger.lose()
	})
}

// told is what was acknowledged in a room.
type told struct{ ids []string }

type player struct {
	*client
	room int64 // 0 = none
	last int64 // the seq it has seen of its room
	pos  string
}

type play3 struct {
	t      *testing.T
	node   *node
	people [3]*player
	rooms  map[int64]*told
	order  []int64 // rooms in the order of their creation
}

// step plays one operation: the tens say what, the ones who and where.
func (p *play3) step(i int, operation byte) {
	who := p.people[int(operation%10)%len(p.people)]
	switch operation / 10 % 8 {
	case 0:
		who.send(`{"type":"CREATE_ROOM","name":"room %d"}`, i)
		p.enter(who, "ROOM_JOINED")
		p.order = append(p.order, who.room)
	case 1:
		if len(p.order) > 0 {
			who.send(`{"type":"JOIN_ROOM","roomId":%d,"replay":%d}`, p.order[len(p.order)-1-i%min(2, len(p.order))], i%5)
			p.enter(who, "ROOM_JOINED", "ERROR")
		}
	case 2, 3:
		if who.room != 0 {
			who.send(`{"type":"SEND_MESSAGE","id":"%d","text":"message %d"}`, i, i)
			p.until(who, "ACK")
		}
	case 4:
		if who.room != 0 {
			who.send(`{"type":"LEAVE_ROOM","id":"leave"}`)
			p.until(who, "ACK")
			who.room = 0
		}
	case 5:
		p.lose(who)
	case 6:
		who.send(`{"type":"UPDATE_USERNAME","id":"name","username":"name %d"}`, i)
		p.until(who, "ACK")
	default:
		who.send(`{"type":"JUNK"}`)
		p.until(who, "ERROR")
		who.send(`{"type":"PING"}`) // a good event: twenty bad ones in a row would end the connection
		p.until(who, "ACK")
	}
}

// until reads up to an event of one of these types, and checks every message on the way.
func (p *play3) until(who *player, kinds ...string) message {
	for {
		m := who.next()
		if m == nil {
			p.t.Fatalf("client %d was closed: %v", who.id, who.closed)
		}
		p.see(who, m)
		for _, kind := range kinds {
			if m.is(kind) {
				return m
			}
		}
	}
}

// see checks a message, or the ACK that stands in the place of one.
func (p *play3) see(who *player, m message) {
	seq := m.number("seq")
	if !m.is("NEW_MESSAGE") && (!m.is("ACK") || seq == 0) {
		return
	}
	room := m.number("roomId")
	if room != who.room || seq != who.last+1 {
		p.t.Fatalf("client %d in room %d behind %d: got %v", who.id, who.room, who.last, m)
	}
	who.last = seq
	who.pos = fmt.Sprintf(`"epoch":%q,"seq":%d,"messageId":%q`, m.text("epoch"), seq, m.text("messageId"))
	said := p.rooms[room]
	switch {
	case int(seq) <= len(said.ids):
		if said.ids[seq-1] != m.text("messageId") {
			p.t.Fatalf("client %d: %v, but %d was %s", who.id, m, seq, said.ids[seq-1])
		}
	case int(seq) == len(said.ids)+1:
		said.ids = append(said.ids, m.text("messageId"))
	default:
		p.t.Fatalf("client %d: %v behind %d messages", who.id, m, len(said.ids))
	}
}

// enter reads ROOM_JOINED and its replay.
func (p *play3) enter(who *player, kinds ...string) {
	m := p.until(who, kinds...)
	if !m.is("ROOM_JOINED") {
		return
	}
	if id := m.number("roomId"); id != who.room || who.last != m.number("seq") {
		who.room, who.pos = id, ""
	}
	if p.rooms[who.room] == nil {
		p.rooms[who.room] = &told{}
	}
	who.last = m.number("seq") - m.number("messages")
	for range m.number("messages") {
		p.until(who, "NEW_MESSAGE")
	}
	if who.last != m.number("seq") {
		p.t.Fatalf("client %d has %d of %v", who.id, who.last, m)
	}
}

// lose drops a connection and resumes on another: what was said meanwhile comes, once.
func (p *play3) lose(who *player) {
	who.lose()
	fresh := p.node.dial(p.t)
	position := ""
	if who.pos != "" {
		position = "," + who.pos
	}
	fresh.send(`{"type":"RESUME","session":%q%s}`, who.session, position)
	m := fresh.want("CONNECT")
	if m["resumed"] != true || m.number("clientId") != who.id {
		p.t.Fatalf("resumed %v", m)
	}
	who.client = fresh
	fresh.identify(m)
	if who.room == 0 {
		return
	}
	last := who.last
	joined := p.until(who, "ROOM_JOINED", "ERROR")
	if joined.is("ERROR") {
		p.t.Fatalf("the place was not kept: %v", joined)
	}
	who.last = joined.number("seq") - joined.number("messages")
	if position != "" && (joined["recovered"] != true || who.last != last) {
		p.t.Fatalf("client %d had %d, got %v", who.id, last, joined)
	}
	for range joined.number("messages") {
		p.until(who, "NEW_MESSAGE")
	}
}
