package cluster

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// stand says in which room operators see m.
func (n *testNode) stand(m person) chat.RoomID {
	n.t.Helper()
	r, found, err := n.Client(n.t.Context(), m.Client)
	if err != nil || !found {
		n.t.Fatalf("client: %v, %v", found, err)
	}
	return r.RoomID
}

// TestARoomLeftByAFormerConnectionIsLeft: a connection is lost right after a move, while the leave of
// the former room is under way. Who goes back there later and leaves again is in no room.
func TestARoomLeftByAFormerConnectionIsLeft(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, tm *times) { c.ResumeWindow, tm.touch = time.Minute, time.Hour })
	m, w, x := n.open("192.0.2.1"), n.open("192.0.2.2"), n.open("192.0.2.3")
	from, to := n.create(w), n.create(x)
	token := n.token(m)
	n.join(from, m, false)
	n.join(to, m, false)
	n.dir.Detach(m, to)
	n.Leave(0, from, m)
	until(t, "it has left the former room", func() bool { return !s.member(from, m) })
	r := n.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != to {
		t.Fatalf("resumed %+v", r)
	}
	m = r.Member
	n.join(to, m, true)
	n.join(from, m, false)
	for _, room := range []chat.RoomID{to, from} {
		if code := n.asks(func(tag chat.Tag) { n.Leave(tag, room, m) }); code != "" {
			t.Fatalf("leave: %s", code)
		}
	}
	until(t, "it is in no room", func() bool { return n.stand(m) == 0 })
	n.dir.Detach(m, 0)
	if r := n.resume(token, "192.0.2.1"); r.Code != "" || r.Room != 0 {
		t.Errorf("resumed again %+v", r)
	}
}

func TestStraysAreForgotten(t *testing.T) {
	t.Parallel()
	began := time.Now()
	n := &session{connectedAt: began.UnixMilli(), stays: []stay{{room: 1, over: true, stray: true}, {room: 2, over: true}, {room: 3}}}
	n.forgetStrays(began.Add(strayMemory - time.Second))
	if got := n.places(); !slices.Equal(got, []chat.RoomID{1, 2, 3}) {
		t.Errorf("at first %v", got)
	}
	n.forgetStrays(began.Add(strayMemory + time.Second))
	if got := n.places(); !slices.Equal(got, []chat.RoomID{2, 3}) {
		t.Errorf("later %v", got)
	}
}

// TestWhoDidNotComeBackHasLeft: somebody was told that they have left, and that they can't come back
// now, before Redis heard of either. They are out.
func TestWhoDidNotComeBackHasLeft(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, tm *times) { c.ResumeWindow, tm.touch = time.Minute, time.Hour })
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(w)
	token := n.token(m)
	n.join(room, m, false)
	s.signal(syscall.SIGSTOP)
	left := n.hurries(room, &op{kind: opLeave, member: m, gone: func() { n.left(m, room) },
		out: departure{client: m.Client, nonce: m.Nonce, incarnation: m.Incarnation}})
	n.enter(m, room, false, func(bool) {})
	back := n.hurries(room, &op{kind: opJoin, member: m})
	n.dir.Detach(m, 0)
	s.signal(syscall.SIGCONT)
	if left != "" || back != chat.Unavailable {
		t.Fatalf("leave: %q, back: %q", left, back)
	}
	until(t, "the session is detached", func() bool { return s.has("HEXISTS", recordKey(m.Client), "d") })
	if r := n.resume(token, "192.0.2.1"); r.Code != "" || r.Room != 0 {
		t.Errorf("resumed %+v", r)
	}
	until(t, "its place is gone", func() bool { return !s.member(room, m) })
}

// TestWhatAnOlderVersionLeftBehindEndsNoStay: a node that knows nothing of the field for rooms that were
// left has carried the session since, back into such a room.
func TestWhatAnOlderVersionLeftBehindEndsNoStay(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, tm *times) { c.ResumeWindow, tm.touch = time.Minute, time.Hour })
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(w)
	token := n.token(m)
	n.join(room, m, false)
	n.leaving(m, room)
	until(t, "the record says that it has left", func() bool { return s.field(m, "f") != "" })
	s.do("HSET", recordKey(m.Client), "i", "77", "pi", formatID(m.Incarnation), "pd", "", "r", formatID(room))
	r := n.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != room {
		t.Fatalf("resumed %+v", r)
	}
	n.join(room, r.Member, true)
	if !s.member(room, m) {
		t.Error("it was taken out of its room")
	}
}

// TestAReturnThatIsRepeatedIsNoNews: the way back to a place is tried again, because Redis went down
// meanwhile.
func TestAReturnThatIsRepeatedIsNoNews(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, tm *times) { c.ResumeWindow, tm.touch = time.Hour, time.Hour })
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(w)
	token := n.token(m)
	n.join(room, m, false)
	n.dir.Detach(m, room)
	r := n.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != room {
		t.Fatalf("resumed %+v", r)
	}
	n.with(func() { clear(n.events) })
	until(t, "the place is marked as kept", func() bool { return len(n.queued(room)) == 0 })
	s.signal(syscall.SIGSTOP)
	tag := n.tag()
	o := &op{kind: opJoin, tag: tag, member: r.Member, resume: true}
	o.prepare()
	o.deadline = time.Now().Add(patience)
	n.rooms.shardOf(room).post(post{kind: postOp, room: room, op: o})
	until(t, "it is under way", func() bool { return len(n.queued(room)) > 0 })
	s.kill()
	until(t, "it has failed", func() bool {
		return slices.ContainsFunc(n.queued(room), func(o op) bool { return o.kind == opJoin && o.attempts > 0 })
	})
	s.run()
	n.answered(tag)
	if n.told(room, chat.EventJoined, m.Client) {
		t.Error("the room heard of a return")
	}
}
