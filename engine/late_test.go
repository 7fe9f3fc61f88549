package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/internal/chat"
)

// late is a log that answers from a goroutine of its own, when the test lets it: what a log behind
// a network looks like to the engine.
type late struct {
	embedded *engine.Embedded
	mu       sync.Mutex
	calls    []func()
	held     bool
	wake     chan struct{}
	stop     chan struct{}
	stopped  chan struct{}
}

func newLate(t testing.TB, e *engine.Embedded) *late {
	l := &late{embedded: e, wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	go l.run()
	t.Cleanup(func() { close(l.stop); <-l.stopped })
	return l
}

func (l *late) run() {
	defer close(l.stopped)
	for {
		select {
		case <-l.stop:
			return
		case <-l.wake:
		}
		for {
			l.mu.Lock()
			if l.held || len(l.calls) == 0 {
				l.mu.Unlock()
				break
			}
			call := l.calls[0]
			l.calls = l.calls[1:]
			l.mu.Unlock()
			call()
		}
	}
}

// hold keeps answers back until it is called with false.
func (l *late) hold(held bool) {
	l.mu.Lock()
	l.held = held
	l.mu.Unlock()
	l.poke()
}

func (l *late) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

func (l *late) later(call func()) {
	l.mu.Lock()
	l.calls = append(l.calls, call)
	l.mu.Unlock()
	l.poke()
}

func (l *late) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *late) Create(tag chat.Tag, name string, private bool, m chat.Member) {
	l.later(func() { l.embedded.Create(tag, name, private, m) })
}

func (l *late) Join(tag chat.Tag, room chat.RoomID, m chat.Member, resume bool) {
	l.later(func() { l.embedded.Join(tag, room, m, resume) })
}

func (l *late) Leave(tag chat.Tag, room chat.RoomID, m chat.Member) {
	l.later(func() { l.embedded.Leave(tag, room, m) })
}

func (l *late) Rename(tag chat.Tag, room chat.RoomID, m chat.Member, name string) {
	l.later(func() { l.embedded.Rename(tag, room, m, name) })
}

func (l *late) Append(room chat.RoomID, messages []chat.Pending) {
	messages = append([]chat.Pending(nil), messages...)
	l.later(func() { l.embedded.Append(room, messages) })
}

func (l *late) Release(room chat.RoomID) { l.later(func() { l.embedded.Release(room) }) }

func (l *late) List(tag chat.Tag, cursor string, limit int) {
	l.later(func() { l.embedded.List(tag, cursor, limit) })
}

func startLate(t testing.TB, cfg engine.Config) (*node, *late) {
	var log *late
	n := startWith(t, cfg, func(e *engine.Embedded) engine.Log {
		log = newLate(t, e)
		return log
	})
	// A test that fails while it holds answers back must not hang in its clean-up.
	t.Cleanup(func() { log.hold(false) })
	return n, log
}

// TestEventsTakeEffectInOrder sends everything at once to a log that answers late.
func TestEventsTakeEffectInOrder(t *testing.T) {
	n, log := startLate(t, engine.Config{})
	c := n.dial(t)
	log.hold(true)
	c.send(`{"type":"CREATE_ROOM","id":"1","name":"first"}`)
	c.send(`{"type":"SEND_MESSAGE","id":"2","text":"in first"}`)
	c.send(`{"type":"SEND_MESSAGE","id":"3","text":"in first too"}`)
	c.send(`{"type":"UPDATE_USERNAME","id":"4","username":"Ann"}`)
	c.send(`{"type":"SEND_MESSAGE","id":"5","text":"as Ann"}`)
	c.send(`{"type":"CREATE_ROOM","id":"6","name":"second"}`)
	c.send(`{"type":"SEND_MESSAGE","id":"7","text":"in second"}`)
	c.send(`{"type":"LEAVE_ROOM","id":"8"}`)
	c.send(`{"type":"SEND_MESSAGE","id":"9","text":"nowhere"}`)
	eventually(t, "the log was asked", func() bool { return log.waiting() > 0 })
	log.hold(false)
	var got []string
	for range 9 {
		m := c.next()
		if m.is("USER_EVENT") {
			m = c.next()
		}
		got = append(got, fmt.Sprintf("%s %s %d", m.text("id"), m.text("type"), m.number("seq")))
	}
	want := "[1 ROOM_JOINED 0 2 ACK 1 3 ACK 2 4 ACK 0 5 ACK 3 6 ROOM_JOINED 0 7 ACK 1 8 ACK 0 9 ERROR 0]"
	if fmt.Sprint(got) != want {
		t.Fatalf("got  %v\nwant %s", got, want)
	}
}

// TestWaitingEventsAreBounded: 32 wait for an operation, the next is UNAVAILABLE with its id.
func TestWaitingEventsAreBounded(t *testing.T) {
	n, log := startLate(t, engine.Config{})
	c := n.dial(t)
	log.hold(true)
	c.send(`{"type":"CREATE_ROOM","id":"c","name":"slow"}`)
	for i := range 33 {
		c.send(`{"type":"PING","id":"%d"}`, i)
	}
	if m := c.wantError("UNAVAILABLE"); m.text("id") != "32" {
		t.Fatalf("got %v", m)
	}
	log.hold(false)
	c.want("ROOM_JOINED")
	for i := range 32 {
		if m := c.want("ACK"); m.text("id") != fmt.Sprint(i) {
			t.Fatalf("got %v, want %d", m, i)
		}
	}
}

// TestAckStandsInPlace: others' messages that were accepted earlier come before the ACK, later ones
// behind it, also when all are written in one turn.
func TestAckStandsInPlace(t *testing.T) {
	n, log := startLate(t, engine.Config{Loops: 2})
	var all []*client
	room := int64(0)
	for i := range 4 {
		c := n.dial(t)
		if i == 0 {
			room = c.create("order")
		} else {
			c.join(room)
			for _, other := range all {
				other.want("USER_EVENT")
			}
		}
		all = append(all, c)
	}
	for range 20 {
		log.hold(true)
		for i, c := range all {
			for k := range 3 {
				c.send(`{"type":"SEND_MESSAGE","id":"%d %d %d","text":"x"}`, time.Now().UnixNano(), i, k)
			}
		}
		eventually(t, "something waits", func() bool { return log.waiting() > 0 })
		log.hold(false)
		last := int64(0)
		for _, c := range all {
			first, acks := int64(0), 0
			for k := range 12 {
				m := c.next()
				if m.is("ACK") {
					acks++
				}
				if seq := m.number("seq"); k == 0 {
					first = seq
				} else if seq != first+int64(k) {
					t.Fatalf("client %d: %v at place %d behind %d", c.id, m, k, first)
				}
			}
			if acks != 3 || last != 0 && first != last {
				t.Fatalf("client %d: %d ACKs, first seq %d, others' %d", c.id, acks, first, last)
			}
			last = first
		}
	}
}

// TestConnectionEndsMeanwhile: whatever waits for the log when a connection goes, its place ends up
// where the log put it, and comes back with RESUME.
func TestConnectionEndsMeanwhile(t *testing.T) {
	n, log := startLate(t, engine.Config{})
	host := n.dial(t)
	first := host.create("first")
	for _, kind := range []string{"join", "send", "leave", "create"} {
		c := n.dial(t)
		c.join(first)
		host.want("USER_EVENT")
		log.hold(true)
		wantRoom := first
		switch kind {
		case "join":
			c.send(`{"type":"JOIN_ROOM","id":"1","roomId":%d}`, first)
		case "send":
			c.send(`{"type":"SEND_MESSAGE","id":"1","text":"on its way"}`)
		case "leave":
			c.send(`{"type":"LEAVE_ROOM","id":"1"}`)
			wantRoom = 0
		case "create":
			c.send(`{"type":"CREATE_ROOM","id":"1","name":"mine"}`)
			wantRoom = -1
		}
		if kind == "join" {
			c.want("ROOM_JOINED") // one's own room needs no log
		} else {
			eventually(t, "the log was asked", func() bool { return log.waiting() > 0 })
		}
		c.lose()
		eventually(t, "the connection is gone", func() bool { return n.Counters().Connections == 1 })
		log.hold(false)
		if kind == "send" {
			host.want("NEW_MESSAGE")
		}
		if kind == "leave" || kind == "create" {
			if m := host.want("USER_EVENT"); m.text("event") != "left" {
				t.Fatalf("%s: got %v", kind, m)
			}
		}
		eventually(t, "its session waits", func() bool { return n.Departing() == 0 })
		again := n.dial(t)
		again.send(`{"type":"RESUME","session":%q}`, c.session)
		if m := again.want("CONNECT"); m["resumed"] != true {
			t.Fatalf("%s: got %v", kind, m)
		}
		if wantRoom != 0 {
			joined, _ := again.entered()
			if room := joined.number("roomId"); wantRoom > 0 && room != wantRoom || wantRoom < 0 && room == first {
				t.Fatalf("%s: back in %d", kind, room)
			}
		}
		again.quiet()
		again.leave()
		if kind == "join" || kind == "send" {
			host.want("USER_EVENT")
		}
	}
	host.quiet()
}

// TestDrainLetsOperationsEnd: who waits for the answer to a move or to RESUME is told where the session
// is before it is sent away, and finds it there.
func TestDrainLetsOperationsEnd(t *testing.T) {
	n, log := startLate(t, engine.Config{Loops: 1, Drain: time.Millisecond}) // all in one slice
	lost := n.dial(t)
	first := lost.create("first")
	second := n.dial(t).create("second")
	lost.lose()
	eventually(t, "the place waits", func() bool { return n.Counters().Connections == 1 && n.Departing() == 0 })
	mover, back := n.dial(t), n.dial(t)
	mover.create("third")
	log.hold(true)
	mover.send(`{"type":"JOIN_ROOM","id":"1","roomId":%d}`, second)
	back.send(`{"type":"RESUME","session":%q}`, lost.session)
	back.want("CONNECT")
	eventually(t, "the log was asked", func() bool { return log.waiting() == 2 })
	drained := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		drained <- n.Drain(ctx)
	}()
	eventually(t, "everybody else was sent away", func() bool { return n.Counters().Closes[1001] == 1 })
	log.hold(false)
	if joined := mover.want("ROOM_JOINED"); joined.number("roomId") != second {
		t.Errorf("the mover got %v", joined)
	}
	if joined := back.want("ROOM_JOINED"); joined.number("roomId") != first {
		t.Errorf("who came back got %v", joined)
	}
	mover.wantClose(1001)
	back.wantClose(1001)
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

// TestSendsInFlightWhenRoomIsDeleted are answered ROOM_DELETED, later ones NOT_IN_ROOM.
func TestSendsInFlightWhenRoomIsDeleted(t *testing.T) {
	n, log := startLate(t, engine.Config{})
	c := n.dial(t)
	room := c.create("doomed")
	log.hold(true)
	c.send(`{"type":"SEND_MESSAGE","id":"1","text":"too late"}`)
	eventually(t, "it is on its way", func() bool { return log.waiting() > 0 })
	if _, found, err := n.embedded.DeleteRoom(t.Context(), chat.RoomID(room)); err != nil || !found {
		t.Fatal(found, err)
	}
	if m := c.want("USER_EVENT"); m.text("event") != "room_deleted" {
		t.Fatalf("got %v", m)
	}
	log.hold(false)
	c.wantError("ROOM_DELETED")
	c.send(`{"type":"SEND_MESSAGE","id":"2","text":"even later"}`)
	c.wantError("NOT_IN_ROOM")
}
