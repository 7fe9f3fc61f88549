package load_test

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// script is a chat server that keeps the contract, one room log and no limits, except where a
// test tells it to break it: then the harness must notice. Any goroutine.
type script struct {
	t        *testing.T
	listener net.Listener
	done     sync.WaitGroup
	// tamper gets the events that a message causes at one member and gives those that are sent.
	tamper func(member int, seq uint64, event []byte) [][]byte
	// stall blocks the whole server once, in front of the message with this number of its room.
	stallAt  uint64
	stallFor time.Duration
	// refuse says which commands are answered UNAVAILABLE.
	refuse func(*chat.Command) bool
	// forgets makes every RESUME end with recovered:false and no message.
	forgets bool
	// skimps makes every JOIN_ROOM answer without replay.
	skimps bool
	// busy makes every handshake be answered 429.
	busy bool
	// sendsAway says which commands are not answered but end their connection by 1001, and whether
	// they take effect all the same.
	sendsAway func(*chat.Command) (away, effect bool)
	// loses makes every RESUME end in no room, misplaces in a room of its own.
	loses, misplaces bool
	// late makes a RESUME into no room name the room that was left: its node has not heard of that.
	late bool

	mu sync.Mutex
	// Guarded by mu.
	next  uint64
	rooms map[chat.RoomID]*scriptRoom
	place map[chat.ClientID]*scriptRoom // of each session; it outlives its connection
	conns map[net.Conn]bool
}

type scriptRoom struct {
	id      chat.RoomID
	seq     uint64
	bodies  [][]byte
	ids     []chat.MessageID
	seqOf   map[string]uint64 // by the id of the SEND_MESSAGE, which is unique in the load
	members []*scriptMember
}

type scriptMember struct {
	conn    net.Conn
	client  chat.ClientID
	session string
	room    *scriptRoom
	order   int
	mute    bool // hears nothing: it was sent away
}

// epoch is one of the room's own: a position of another room is none here.
func (r *scriptRoom) epoch() chat.Epoch { return 0xabc000000 + chat.Epoch(r.id) }

func startScript(t *testing.T, s *script) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.t, s.listener, s.conns, s.next = t, l, map[net.Conn]bool{}, 10_000
	s.rooms, s.place = map[chat.RoomID]*scriptRoom{}, map[chat.ClientID]*scriptRoom{}
	s.done.Add(1)
	go s.accept()
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return l.Addr().String()
}

func (s *script) accept() {
	defer s.done.Done()
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.done.Add(1)
		go s.serve(c)
	}
}

func (s *script) serve(c net.Conn) {
	m := &scriptMember{conn: c}
	defer func() {
		s.mu.Lock()
		s.leave(m)
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close()
		s.done.Done()
	}()
	var limits wsproto.Limits
	decoder := wsproto.NewDecoder(&limits)
	var buffer []byte
	open := false
	chunk := make([]byte, 16<<10)
	for {
		n, err := c.Read(chunk)
		if err != nil {
			return
		}
		buffer = append(buffer, chunk[:n]...)
		if !open {
			end, _, herr := limits.FindHead(buffer, 0)
			if herr != nil {
				return
			}
			if end == 0 {
				continue
			}
			r, herr := limits.ParseRequest(buffer[:end])
			if herr != nil {
				return
			}
			if s.busy {
				_, _ = c.Write([]byte("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"))
				return
			}
			_, _ = c.Write(wsproto.AppendUpgrade(nil, &r, "chatroom.v1"))
			buffer, open = buffer[end:], true
			s.greet(m)
		}
		for {
			ev, n, cerr := decoder.Next(buffer, 0)
			buffer = buffer[n:]
			if cerr != nil || ev.Kind == wsproto.EventClose {
				return
			}
			if ev.Kind == wsproto.EventNone {
				break
			}
			if ev.Kind == wsproto.EventText {
				s.command(m, ev.Payload)
			}
		}
	}
}

func (m *scriptMember) send(events ...[]byte) {
	if m.mute {
		return
	}
	var out []byte
	for _, e := range events {
		out = wsproto.AppendFrame(out, wsproto.OpText, e)
	}
	_ = m.conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = m.conn.Write(out)
}

func (s *script) greet(m *scriptMember) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	m.client = chat.ClientID(s.next)
	m.session = "s" + strconv.FormatUint(s.next, 10)
	m.send(s.welcome(m, false))
}

func (s *script) welcome(m *scriptMember, resumed bool) []byte {
	return chat.AppendConnect(nil, "", &chat.Welcome{
		ClientID: m.client, Username: "User", Session: []byte(m.session), Resumed: resumed, ServerID: "7b1d1b0e-0000-4000-8000-000000000000",
	})
}

func (s *script) leave(m *scriptMember) {
	if m.room == nil {
		return
	}
	for i, other := range m.room.members {
		if other == m {
			m.room.members = append(m.room.members[:i:i], m.room.members[i+1:]...)
			break
		}
	}
	m.room = nil
}

func (s *script) command(m *scriptMember, payload []byte) {
	var c chat.Command
	if code, why := chat.DecodeCommand(payload, &c, chat.Limits{}); code != "" {
		s.t.Errorf("the load sent what the contract refuses: %s %s in %q", code, why, payload)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil && s.refuse(&c) {
		m.send(chat.AppendError(nil, c.ID, chat.Failure{Code: chat.Unavailable, Message: "Try again."}))
		return
	}
	if m.mute {
		return // it has gone
	}
	if s.sendsAway == nil {
		s.act(m, &c)
		return
	}
	away, effect := s.sendsAway(&c)
	m.mute = away
	if !away || effect {
		s.act(m, &c)
	}
	if away {
		s.leave(m)
		_, _ = m.conn.Write(wsproto.AppendClose(nil, 1001, "scripted"))
		_ = m.conn.Close()
	}
}

// act lets a command take effect.
func (s *script) act(m *scriptMember, c *chat.Command) {
	switch c.Type {
	case chat.CreateRoom:
		s.next++
		r := &scriptRoom{id: chat.RoomID(s.next), seqOf: map[string]uint64{}}
		s.rooms[r.id] = r
		s.join(m, r, 0)
	case chat.JoinRoom:
		s.join(m, s.rooms[c.RoomID], min(uint64(c.Replay), s.rooms[c.RoomID].seq))
	case chat.SendMessage:
		s.publish(m, string(c.ID), string(c.Text))
	case chat.LeaveRoom:
		s.leave(m)
		delete(s.place, m.client)
		m.send(chat.AppendAck(nil, c.ID))
	case chat.Resume:
		m.session = string(c.Session)
		number, _ := strconv.ParseUint(m.session[1:], 10, 64)
		m.client = chat.ClientID(number)
		m.send(s.welcome(m, true))
		s.comeBack(m, c)
	case chat.GetHistory:
		m.send(chat.AppendHistory(nil, c.ID, m.room.id, m.room.epoch(), nil, false))
	case chat.ListRooms:
		m.send(chat.AppendRooms(nil, c.ID, nil, ""))
	default:
		m.send(chat.AppendAck(nil, c.ID))
	}
}

// comeBack brings a session that was taken over to its place.
func (s *script) comeBack(m *scriptMember, c *chat.Command) {
	r := s.place[m.client]
	if s.misplaces {
		s.next++
		r = &scriptRoom{id: chat.RoomID(s.next), seqOf: map[string]uint64{}}
	}
	if r == nil || s.loses {
		if s.late {
			m.send(chat.AppendError(nil, "", chat.Failure{Code: chat.RoomNotFound, Message: "There is no such room."}))
		}
		return
	}
	p := &c.Position
	known := c.HasPosition && p.Epoch == r.epoch() && p.Seq <= r.seq &&
		(p.Seq == 0 || p.MessageID == chat.MessageID{} || p.MessageID == r.ids[p.Seq-1])
	replay := min(r.seq, chat.DefaultReplay)
	if known {
		replay = r.seq - p.Seq
	}
	if s.forgets {
		known, replay = false, 0
	}
	s.enter(m, r, replay, true, known)
}

func (s *script) join(m *scriptMember, r *scriptRoom, replay uint64) {
	if s.skimps {
		replay = 0
	}
	s.enter(m, r, replay, false, false)
}

func (s *script) enter(m *scriptMember, r *scriptRoom, replay uint64, positioned, recovered bool) {
	s.leave(m)
	s.place[m.client] = r
	m.room, m.order = r, len(r.members)
	r.members = append(r.members, m)
	events := [][]byte{chat.AppendRoomJoined(nil, "", &chat.RoomInfo{ID: r.id, Name: "room", Members: len(r.members), Epoch: r.epoch(), Seq: r.seq}, int(replay), positioned, recovered)}
	for seq := r.seq - replay + 1; seq <= r.seq; seq++ {
		events = append(events, s.message(r, seq))
	}
	m.send(events...)
}

func (s *script) message(r *scriptRoom, seq uint64) []byte {
	return append(chat.AppendMessageHead(nil, r.id, r.epoch(), seq), r.bodies[seq-1]...)
}

func (s *script) publish(m *scriptMember, id, text string) {
	r := m.room
	if seq, again := r.seqOf[id]; again {
		m.send(chat.AppendMessageAck(nil, id, r.id, r.epoch(), seq, r.ids[seq-1], 1, true))
		return
	}
	r.seq++
	r.seqOf[id] = r.seq
	if r.seq == s.stallAt {
		time.Sleep(s.stallFor)
	}
	s.next++
	message := chat.MessageID{15: byte(s.next), 14: byte(s.next >> 8), 13: byte(s.next >> 16), 6: 0x40, 8: 0x80}
	r.ids = append(r.ids, message)
	r.bodies = append(r.bodies, chat.AppendMessageBody(nil, message, m.client, "User", text, 1))
	event := s.message(r, r.seq)
	ack := chat.AppendMessageAck(nil, id, r.id, r.epoch(), r.seq, message, 1, false)
	for _, other := range r.members {
		mine := event
		if other == m {
			mine = ack
		}
		if s.tamper == nil {
			other.send(mine)
			continue
		}
		other.send(s.tamper(other.order, r.seq, mine)...)
	}
}
