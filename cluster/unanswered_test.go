package cluster

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// asks makes a request and returns how it was answered.
func (n *testNode) asks(request func(tag chat.Tag)) (code chat.Code) {
	n.t.Helper()
	tag := n.tag()
	request(tag)
	until(n.t, "a request is answered", func() (ok bool) {
		n.with(func() { code, ok = n.codes[tag] })
		return ok
	})
	return code
}

// hurries is asks for a request that is given up early.
func (n *testNode) hurries(room chat.RoomID, o *op) (code chat.Code) {
	n.t.Helper()
	return n.asks(func(tag chat.Tag) {
		o.tag = tag
		o.prepare()
		o.deadline = time.Now().Add(300 * time.Millisecond)
		n.rooms.shardOf(room).post(post{kind: postOp, room: room, op: o})
	})
}

// told says whether the node's members heard of such an event of client.
func (n *testNode) told(room chat.RoomID, kind chat.EventKind, client chat.ClientID) (found bool) {
	n.with(func() {
		found = slices.ContainsFunc(n.events[room], func(e chat.UserEvent) bool { return e.Kind == kind && e.Client == client })
	})
	return found
}

// moves records that m is about to be in room as well.
func (n *testNode) moves(m person, room chat.RoomID) {
	n.t.Helper()
	entered := make(chan bool, 1)
	n.enter(m, room, false, func(ok bool) { entered <- ok })
	if !<-entered {
		n.t.Fatal("the move was refused")
	}
}

// joinsLate is a join of m that Redis executes when nobody waits for it any more.
func (n *testNode) joinsLate(m person, room chat.RoomID) {
	n.t.Helper()
	k := n.store.keys.room(room)
	args := []string{n.rooms.origin, "0", formatID(m.Client), hex16(uint64(m.Incarnation)), nonceHex(m.Nonce), n.rooms.node, "1", m.Name, "60"}
	if err := n.store.run(n.t.Context(), scriptJoin, []string{k.meta, k.members, k.tomb, k.channel}, args).Error(); err != nil {
		n.t.Fatal(err)
	}
}

// field is one field of the record of m.
func (s *server) field(m person, name string) string {
	v, _ := s.do("HGET", recordKey(m.Client), name).ToString()
	return v
}

func (s *server) member(room chat.RoomID, m person) bool {
	s.t.Helper()
	return s.has("HEXISTS", memberKey(room), formatID(m.Client))
}

func TestLeavingWorksWithoutRedis(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	room := b.create(w)
	a.join(room, m, false)
	s.signal(syscall.SIGSTOP)
	if code := a.asks(func(tag chat.Tag) { a.Leave(tag, room, m) }); code != "" {
		t.Errorf("leave: %s", code)
	}
	s.signal(syscall.SIGCONT)
	until(t, "redis has heard of it", func() bool { return !s.member(room, m) })
	until(t, "the others have heard of it", func() bool { return b.told(room, chat.EventLeft, m.Client) })
	until(t, "the record is without a room", func() bool { return s.field(m, "r") == "" })
}

func TestWhoWasToldThatItLeftIsNotTakenBack(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, patient), begin(t, s, patient)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	room := b.create(w)
	a.join(room, m, false)
	token := a.token(m)
	a.leaving(m, room) // the leave itself is still on its way
	a.dir.Detach(m, 0)
	until(t, "the record says so", func() bool { return s.has("HEXISTS", recordKey(m.Client), "d") })
	if record, _, err := b.Client(t.Context(), m.Client); err != nil || record.RoomID != 0 {
		t.Errorf("operators see %+v, %v", record, err)
	}
	if r := b.resume(token, "192.0.2.1"); r.Code != "" || r.Room != 0 {
		t.Fatalf("resumed %+v", r)
	}
	until(t, "its place is gone", func() bool { return !s.member(room, m) })
	until(t, "the record is without a room", func() bool { return s.field(m, "r") == "" })
}

// TestComingBackBeforeTheLeaveIsHeard: the leave of the former stay must not take the new one off
// the record, or nobody would end it after a crash.
func TestComingBackBeforeTheLeaveIsHeard(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	first, second := n.create(w), n.create(m)
	n.join(first, m, false)
	n.Leave(0, second, m)
	until(t, "it is in one room", func() bool { return s.field(m, "r") == formatID(first) })
	s.signal(syscall.SIGSTOP) // so that the leave is under way while it comes back
	n.Leave(0, first, m)
	tag := n.tag()
	n.Join(tag, first, m, false)
	s.signal(syscall.SIGCONT)
	n.answered(tag)
	if !s.member(first, m) || s.field(m, "r") != formatID(first) {
		t.Errorf("member: %v, the record has %q", s.member(first, m), s.field(m, "r"))
	}
	n.Leave(0, first, m)
	until(t, "the record is without a room", func() bool { return s.field(m, "r") == "" })
}

func TestAPlaceOutlivesAReturnWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, patient), begin(t, s, patient)
	m, w := a.open("192.0.2.1"), a.open("192.0.2.2")
	room := a.create(w)
	a.join(room, m, false)
	b.join(room, b.open("192.0.2.3"), false) // b has the room's channel
	token := a.token(m)
	a.dir.Detach(m, room)
	r := b.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != room {
		t.Fatalf("resumed %+v", r)
	}
	s.signal(syscall.SIGSTOP)
	code := b.hurries(room, &op{kind: opJoin, member: r.Member, resume: true})
	b.dir.Detach(r.Member, room) // as the engine does, which closes the connection
	s.signal(syscall.SIGCONT)
	if code != chat.Unavailable {
		t.Fatalf("the way back: %q", code)
	}
	until(t, "the session is detached", func() bool { return s.has("HEXISTS", recordKey(m.Client), "d") })
	r = b.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != room {
		t.Fatalf("resumed again %+v", r)
	}
	b.join(room, r.Member, true)
	if a.told(room, chat.EventLeft, m.Client) {
		t.Error("the others were told that it left")
	}
	b.dir.End(r.Member, room)
	until(t, "it has left in the end", func() bool { return a.told(room, chat.EventLeft, m.Client) })
}

func TestAFormerConnectionIsToldWhicheverTryGotThrough(t *testing.T) {
	t.Parallel()
	s := launch(t)
	rarely := func(_ *Config, tm *times) { tm.touch = time.Hour }
	a, b := begin(t, s, rarely), begin(t, s, rarely)
	m := a.open("192.0.2.1")
	s.recorded(m)
	token := a.token(m)
	// What a try leaves behind that Redis executed and whose answer never came.
	lost := &resumption{member: chat.Member{Client: m.Client, Nonce: m.Nonce, Incarnation: newIncarnation()}, answered: true}
	args := []string{string(m.Nonce[:]), formatID(lost.member.Incarnation), "60000", formatID(m.Client), b.lease.node(), "192.0.2.1", "b", "1"}
	if word, _, err := texts(b.store.run(t.Context(), scriptResume, b.sessions.recordKeys(m.Client), args)); word != "OK" || err != nil {
		t.Fatal(word, err)
	}
	w := b.sessions.writerOf(m.Client)
	w.mu.Lock()
	w.latest[m.Client] = lost
	w.mu.Unlock()
	if r := b.resume(token, "192.0.2.1"); r.Code != "" {
		t.Fatalf("resumed %+v", r)
	}
	until(t, "the former connection is told", func() bool { return a.heard(told{m.Client, m.Incarnation, chat.CauseResumedElsewhere}) })
}

// TestAJoinThatComesLateLeavesNoGhost: the connection was lost while it went into a room, and its
// join is executed when the session lives on elsewhere.
func TestAJoinThatComesLateLeavesNoGhost(t *testing.T) {
	t.Parallel()
	s := launch(t)
	rarely := func(_ *Config, tm *times) { tm.touch = time.Hour }
	a, b := begin(t, s, rarely), begin(t, s, rarely)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	in, to := a.create(m), b.create(w)
	token := a.token(m)
	a.moves(m, to)
	r := b.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != in {
		t.Fatalf("resumed %+v", r)
	}
	b.join(in, r.Member, true)
	until(t, "the record says so itself", func() bool { return s.field(m, "f") == formatID(r.Member.Incarnation)+":"+formatID(to) })
	a.joinsLate(m, to)
	b.dir.End(r.Member, in)
	until(t, "it has left both", func() bool { return !s.member(in, m) && !s.member(to, m) })
}

// TestAFirstJoinThatComesLateLeavesNoGhost: the same for a session that was in no room before. Where it
// went is where it is taken back to, and there it has no place yet.
func TestAFirstJoinThatComesLateLeavesNoGhost(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	to := b.create(w)
	token := a.token(m)
	a.moves(m, to)
	r := b.resume(token, "192.0.2.1")
	if r.Code != "" || r.Room != to {
		t.Fatalf("resumed %+v", r)
	}
	if code := b.asks(func(tag chat.Tag) { b.Join(tag, to, r.Member, true) }); code != chat.RoomNotFound {
		t.Fatalf("the way back: %q", code)
	}
	until(t, "operators see it in no room", func() bool {
		record, found, err := a.Client(t.Context(), m.Client)
		return err == nil && found && record.RoomID == 0
	})
	a.joinsLate(m, to)
	b.dir.End(r.Member, 0)
	until(t, "it has left", func() bool { return !s.member(to, m) })
}

// TestAJoinOfALostSessionIsTakenBack by the node that asked for it, when it hears that the session
// lives on elsewhere before the answer comes.
func TestAJoinOfALostSessionIsTakenBack(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(_ *Config, tm *times) { tm.touch = time.Hour })
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(w)
	s.recorded(m)
	n.moves(m, room)
	s.do("HSET", recordKey(m.Client), "i", "77") // carried elsewhere
	s.signal(syscall.SIGSTOP)
	tag := n.tag()
	o := &op{kind: opJoin, tag: tag, member: m}
	o.prepare()
	n.rooms.shardOf(room).post(post{kind: postOp, room: room, op: o})
	n.sessions.lose(m.Client, m.Incarnation, chat.CauseResumedElsewhere)
	s.signal(syscall.SIGCONT)
	until(t, "the join is answered", func() (ok bool) {
		var code chat.Code
		n.with(func() { code, ok = n.codes[tag] })
		return ok && code == chat.Unavailable
	})
	until(t, "its place is gone", func() bool { return !s.member(room, m) })
}

// TestAJoinOfALostSessionTakesNoPlace from the connection that has the session now.
func TestAJoinOfALostSessionTakesNoPlace(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	room := b.create(w)
	s.recorded(m)
	r := b.resume(a.token(m), "192.0.2.1")
	if r.Code != "" {
		t.Fatalf("resumed %+v", r)
	}
	b.join(room, r.Member, false)
	until(t, "the former node knows", func() bool { return a.strayed(m) })
	for _, unknown := range []bool{false, true} { // the second: an earlier try may have been executed
		o := &op{kind: opJoin, member: m, unknown: unknown}
		code := a.asks(func(tag chat.Tag) {
			o.tag = tag
			o.prepare()
			a.rooms.shardOf(room).post(post{kind: postOp, room: room, op: o})
		})
		if code != chat.Unavailable {
			t.Errorf("join: %q", code)
		}
		until(t, "nothing of the room is under way", func() bool { return len(a.queued(room)) == 0 })
		value, _ := s.do("HGET", memberKey(room), formatID(m.Client)).ToString()
		if now, ok := memberOf(m.Client, value); !ok || now.Incarnation != r.Member.Incarnation {
			t.Errorf("the place has %+v", now)
		}
	}
}

// TestCountsGoOnOnAnotherNode: what operators see of a client is of all its connections, and stands
// while there is none.
func TestCountsGoOnOnAnotherNode(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, patient), begin(t, s, patient)
	m := a.open("192.0.2.1")
	token := a.token(m)
	a.dir.Observe(m, chat.Activity{LastSeenAt: 1234, Messages: 5})
	a.dir.Detach(m, 0)
	until(t, "the session is detached", func() bool { return s.has("HEXISTS", recordKey(m.Client), "d") })
	for _, n := range []*testNode{a, b} {
		r, found, err := n.Client(t.Context(), m.Client)
		if err != nil || !found || r.Messages != 5 || r.LastSeenAt != 1234 {
			t.Errorf("kept: %+v, %v, %v", r, found, err)
		}
	}
	r := b.resume(token, "192.0.2.1")
	if r.Code != "" || r.Messages != 5 {
		t.Fatalf("resumed %+v", r)
	}
	if got := s.field(m, "q"); got != "5" {
		t.Errorf("the record counts %s messages", got)
	}
	if f := strings.Fields(s.field(m, "r") + s.field(m, "f")); len(f) != 0 {
		t.Errorf("rooms %v", f)
	}
}

// TestANameOutlivesARenameWithoutAnswer: whoever was told that it may not have its new name goes on
// under the old one, in everybody's eyes.
func TestANameOutlivesARenameWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	room := b.create(w)
	a.join(room, m, false)
	names := func() (names []string) {
		b.with(func() {
			for _, e := range b.events[room] {
				if e.Kind == chat.EventRenamed {
					names = append(names, e.Username)
				}
			}
		})
		return names
	}
	s.signal(syscall.SIGSTOP)
	code := a.hurries(room, &op{kind: opRename, member: m, name: "late"})
	s.signal(syscall.SIGCONT)
	if code != chat.Unavailable {
		t.Fatalf("rename: %q", code)
	}
	until(t, "it has its old name again", func() bool {
		all := names()
		return len(all) > 1 && all[len(all)-1] == m.Name
	})
	if all := names(); all[0] != "late" {
		t.Errorf("the names were %q", all)
	}
}

// TestAJoinTriedAgainIsNotUndone: the first try is executed late and taken back, before the second.
func TestAJoinTriedAgainIsNotUndone(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(w)
	n.moves(m, room)
	n.moves(m, room)
	tag := n.tag()
	first := &op{kind: opJoin, member: m, answered: true} // it was answered UNAVAILABLE
	second := &op{kind: opJoin, tag: tag, member: m}
	second.prepare()
	s.signal(syscall.SIGSTOP) // so that the first is under way when the second comes
	n.rooms.shardOf(room).post(post{kind: postOp, room: room, op: first})
	n.rooms.shardOf(room).post(post{kind: postOp, room: room, op: second})
	s.signal(syscall.SIGCONT)
	n.answered(tag)
	until(t, "nothing of the room is under way", func() bool { return len(n.queued(room)) == 0 })
	if !s.member(room, m) {
		t.Error("who was let in is not in the room")
	}
	until(t, "the record has the room", func() bool { return s.field(m, "r") == formatID(room) })
}

// TestTriesWithoutAnswerDoNotPileUp while Redis is away: one of each session waits for it.
func TestTriesWithoutAnswerDoNotPileUp(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	m := n.open("192.0.2.1")
	s.recorded(m)
	token := n.token(m)
	s.signal(syscall.SIGSTOP)
	w := n.sessions.writerOf(m.Client)
	for range 100 {
		n.dir.Resume(n.tag(), token, "192.0.2.1")
		w.expire(time.Now().Add(answerDeadline + time.Second))
	}
	w.expire(time.Now())
	w.mu.Lock()
	waiting, tries := len(w.resumes), len(w.latest[m.Client].tries)
	w.mu.Unlock()
	s.signal(syscall.SIGCONT)
	if waiting > 2 || tries > maxTries {
		t.Errorf("%d resumptions wait, with %d tries before", waiting, tries)
	}
	until(t, "the session can be resumed", func() bool { return n.resume(token, "192.0.2.1").Code == "" })
}

// TestNobodyHearsOfWhatDidNotHappen: requests are given up while Redis is down. That they are taken
// back is no news.
func TestNobodyHearsOfWhatDidNotHappen(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(_ *Config, tm *times) { tm.touch = time.Hour })
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	own, room := n.create(m), n.create(w)
	n.join(room, n.open("192.0.2.3"), false)
	n.moves(m, room)
	s.signal(syscall.SIGSTOP) // the join goes out and is not executed
	if code := n.hurries(room, &op{kind: opJoin, member: m}); code != chat.Unavailable {
		t.Errorf("join: %q", code)
	}
	s.kill()
	if code := n.hurries(own, &op{kind: opRename, member: m, name: "late"}); code != chat.Unavailable {
		t.Errorf("rename: %q", code)
	}
	for _, id := range []chat.RoomID{room, own} {
		until(t, "it could not be taken back", func() bool {
			queue := n.queued(id)
			return len(queue) > 0 && queue[0].back && queue[0].unknown
		})
	}
	s.run()
	until(t, "both are taken back", func() bool { return len(n.queued(room))+len(n.queued(own)) == 0 })
	for _, id := range []chat.RoomID{room, own} {
		n.with(func() {
			for _, e := range n.events[id] {
				if e.Kind == chat.EventLeft || e.Kind == chat.EventRenamed {
					t.Errorf("room %d heard %+v", id, e)
				}
			}
		})
	}
}

// queued are the requests of a room that are under way.
func (n *testNode) queued(id chat.RoomID) (queue []op) {
	done := make(chan struct{})
	n.rooms.shardOf(id).post(post{kind: postCall, call: func(s *shard) {
		defer close(done)
		for _, o := range s.room(id).queue {
			queue = append(queue, *o)
		}
	}})
	<-done
	return queue
}
