package logtest

import (
	"fmt"

	"pgregory.net/rapid"

	"chatroom/internal/chat"
)

func (m *model) create(t *rapid.T) {
	if len(m.rooms) == modelRooms {
		t.Skip("rooms enough")
	}
	p := m.present(t, func(p *person) bool { return p.room == nil })
	name, private, tag := m.name(), rapid.Bool().Draw(t, "private"), m.recorder.tag()
	m.log.Create(tag, name, private, p.member)
	a := m.await(t, tag, "created")
	if a.code != "" || a.room.Name != name || a.room.Private != private || a.room.CreatedBy != p.member.Client ||
		a.room.Members != 1 || a.room.Seq != 0 || a.room.Epoch == 0 {
		t.Fatalf("created %+v", a)
	}
	for _, r := range m.rooms {
		if r.info.ID == a.room.ID {
			t.Fatalf("room %d was made twice", r.info.ID)
		}
	}
	for _, id := range m.dead {
		if id == a.room.ID {
			t.Fatalf("the id of dead room %d was handed out again", id)
		}
	}
	r := &modelRoom{info: a.room, members: map[*person]bool{p: true}, followed: true}
	m.recorder.mu.Lock()
	r.heard = len(m.recorder.rooms[r.info.ID])
	m.recorder.mu.Unlock()
	m.rooms = append(m.rooms, r)
	p.room = r
}

// join enters a room; who is in another leaves that one afterwards, as the engine does.
func (m *model) join(t *rapid.T) {
	p := m.present(t, func(*person) bool { return true })
	if len(m.rooms) == 0 || rapid.IntRange(0, 9).Draw(t, "nowhere") == 0 {
		tag := m.recorder.tag()
		m.log.Join(tag, 1, p.member, false)
		if a := m.await(t, tag, "joined"); a.code != chat.RoomNotFound {
			t.Fatalf("joined no room: %+v", a)
		}
		return
	}
	r := rapid.SampledFrom(m.rooms).Draw(t, "room")
	if p.room == r {
		t.Skip("already there")
	}
	former := p.room
	r.members[p] = true
	m.enter(t, p, r, false)
	if former != nil {
		p.room = former
		tag := m.recorder.tag()
		m.log.Leave(tag, former.info.ID, p.member)
		if a := m.await(t, tag, "done"); a.code != "" {
			t.Fatalf("leaving for another room: %+v", a)
		}
		m.depart(t, p)
	}
	p.room = r
}

// enter joins and compares all that a join tells.
func (m *model) enter(t *rapid.T, p *person, r *modelRoom, resume bool) {
	t.Helper()
	tag := m.recorder.tag()
	m.recorder.mu.Lock()
	if !r.followed {
		r.heard = len(m.recorder.rooms[r.info.ID]) // what was said while nobody followed is nobody's
	}
	m.recorder.mu.Unlock()
	m.log.Join(tag, r.info.ID, p.member, resume)
	a := m.await(t, tag, "joined")
	if a.code != "" || a.room.ID != r.info.ID || a.room.Name != r.info.Name || a.room.Epoch != r.info.Epoch ||
		a.room.Seq != r.info.Seq || a.room.Last != r.info.Last || a.room.Members != len(r.members) ||
		a.room.CreatedBy != r.info.CreatedBy {
		t.Fatalf("joined %+v, want %+v with %d members", a, r.info, len(r.members))
	}
	if !r.followed {
		r.followed = true
		m.baseline(t, r)
	}
	if !resume {
		m.expectEvent(t, r, chat.EventJoined, p)
	}
	p.room = r
}

// baseline compares the retained messages; a log may say things of a room it was about to let go
// before them.
func (m *model) baseline(t *rapid.T, r *modelRoom) {
	t.Helper()
	h := m.expect(t, r)
	for h.base == nil {
		h = m.expect(t, r)
	}
	if h.base.Seq != r.info.Seq || h.base.Epoch != r.info.Epoch || len(h.recent) != len(r.entries) {
		t.Fatalf("baseline %+v with %d entries, want %+v with %d", h.base, len(h.recent), r.info, len(r.entries))
	}
	for i, e := range h.recent {
		want := r.entries[i]
		if e.Seq != want.Seq || e.MessageID != want.MessageID || string(e.Body) != string(want.Body) {
			t.Fatalf("baseline entry %+v, want %+v", e, want)
		}
	}
}

func (m *model) leave(t *rapid.T) {
	p := m.present(t, inRoom)
	tag := m.recorder.tag()
	m.log.Leave(tag, p.room.info.ID, p.member)
	if a := m.await(t, tag, "done"); a.code != "" {
		t.Fatalf("leaving: %+v", a)
	}
	m.depart(t, p)
}

func (m *model) rename(t *rapid.T) {
	p := m.present(t, func(*person) bool { return true })
	former, name := p.member.Name, m.name()
	if p.room != nil {
		tag := m.recorder.tag()
		m.log.Rename(tag, p.room.info.ID, p.member, name)
		if a := m.await(t, tag, "done"); a.code != "" {
			t.Fatalf("renaming: %+v", a)
		}
		if e := m.expectEvent(t, p.room, chat.EventRenamed, p); e.Username != name || e.Previous != former {
			t.Fatalf("got %+v, want %q for %q", e, name, former)
		}
	}
	p.member.Name = name
	m.directory.Rename(p.member, name)
}

// say appends a batch of one to five messages of up to all members.
func (m *model) say(t *rapid.T) {
	r := m.present(t, inRoom).room
	var batch []chat.Pending
	var speakers []*person
	for range rapid.IntRange(1, 5).Draw(t, "messages") {
		p := m.present(t, func(p *person) bool { return p.room == r })
		m.names++
		batch = append(batch, m.message(p, fmt.Sprintf("m%d", m.names)))
		speakers = append(speakers, p)
	}
	m.log.Append(r.info.ID, append([]chat.Pending(nil), batch...))
	for i := range batch {
		m.takePlace(t, r, speakers[i], &batch[i])
	}
}

// repeat sends a message again under its id.
func (m *model) repeat(t *rapid.T) {
	spoke := func(p *person) bool {
		for _, s := range p.said {
			if s.room == p.room {
				return true
			}
		}
		return false
	}
	p := m.present(t, func(p *person) bool { return p.room != nil && spoke(p) })
	var here []said
	for _, s := range p.said {
		if s.room == p.room {
			here = append(here, s)
		}
	}
	former := rapid.SampledFrom(here).Draw(t, "message")
	again := m.message(p, former.id)
	m.log.Append(p.room.info.ID, []chat.Pending{again})
	a := m.await(t, again.Tag, "refused")
	if a.code != "" || a.refusal.Seq != former.seq || a.refusal.MessageID != former.message || a.refusal.Epoch != p.room.info.Epoch {
		t.Fatalf("the second try got %+v, want the place of %+v", a, former)
	}
}

// zombie appends as someone who is not in the room, or no longer under this incarnation.
func (m *model) zombie(t *rapid.T) {
	if len(m.rooms) == 0 {
		t.Skip("no room")
	}
	r := rapid.SampledFrom(m.rooms).Draw(t, "room")
	p := rapid.SampledFrom(m.people).Draw(t, "person")
	m.names++
	message := m.message(p, fmt.Sprintf("z%d", m.names))
	if p.room == r {
		message.Incarnation ^= 2
	}
	m.log.Append(r.info.ID, []chat.Pending{message})
	if a := m.await(t, message.Tag, "refused"); a.code == "" {
		t.Fatalf("a zombie got %+v", a)
	}
}

// away loses a connection: its place is kept.
func (m *model) away(t *rapid.T) {
	p := m.present(t, func(*person) bool { return true })
	var room chat.RoomID
	if p.room != nil {
		room = p.room.info.ID
	}
	m.directory.Detach(p.member, room)
	p.away = true
	if p.room != nil {
		m.release(p.room)
	}
}

// resume takes a session over, from a lost connection or from one that still stands.
func (m *model) resume(t *rapid.T) {
	p := rapid.SampledFrom(m.people).Draw(t, "person")
	tag := m.recorder.tag()
	former := p.member.Incarnation
	m.directory.Resume(tag, p.token, "192.0.2.2")
	a := m.await(t, tag, "resumed")
	got := a.resumed
	if a.code != "" || got.Member.Client != p.member.Client || got.Member.Nonce != p.member.Nonce ||
		got.Member.Name != p.member.Name || got.Member.Incarnation == former {
		t.Fatalf("resumed %+v, want %+v", got, p.member)
	}
	if p.room == nil && got.Room != 0 || p.room != nil && got.Room != p.room.info.ID {
		t.Fatalf("resumed into room %d, want %+v", got.Room, p.room)
	}
	if !p.away && !m.recorder.wait(func() bool {
		for _, i := range m.recorder.parted[p.member.Client] {
			if i == former {
				return true
			}
		}
		return false
	}) {
		t.Fatal("the former connection was not ended")
	}
	p.member, p.away = got.Member, false
	if token := string(m.directory.Token(nil, p.member)); token != p.token {
		t.Fatalf("the token changed from %s to %s", p.token, token)
	}
	if p.room != nil {
		m.enter(t, p, p.room, true)
	}
}

// end ends a session; another person takes its seat in the model.
func (m *model) end(t *rapid.T) {
	at := rapid.IntRange(0, len(m.people)-1).Draw(t, "person")
	p := m.people[at]
	if p.away {
		t.Skip("away")
	}
	m.quit(t, p)
	tag := m.recorder.tag()
	m.directory.Resume(tag, p.token, "192.0.2.1")
	if a := m.await(t, tag, "resumed"); a.code != chat.SessionInvalid {
		t.Fatalf("an ended session resumed: %+v", a)
	}
	m.people[at] = m.person(t)
}

func (m *model) quit(t *rapid.T, p *person) {
	t.Helper()
	var room chat.RoomID
	if p.room != nil {
		room = p.room.info.ID
	}
	m.directory.End(p.member, room)
	if p.room != nil {
		m.depart(t, p)
	}
}

// list walks the pages: each public living room stands there once. An End or a last Leave may still
// be on its way in the log, so a room that has just died is waited for.
func (m *model) list(t *rapid.T) {
	for _, r := range m.rooms {
		found := 0
		cursor := ""
		for page := 0; ; page++ {
			tag := m.recorder.tag()
			m.log.List(tag, cursor, 2)
			a := m.await(t, tag, "listed")
			if a.code != "" || len(a.rooms) > 2 || page > 1000 {
				t.Fatalf("listed %+v", a)
			}
			for _, s := range a.rooms {
				if s.ID == r.info.ID {
					found++
					if s.Name != r.info.Name || s.Members != len(r.members) || s.CreatedAt != r.info.CreatedAt {
						t.Fatalf("listed %+v, want %+v with %d members", s, r.info, len(r.members))
					}
				}
			}
			if cursor = a.next; cursor == "" {
				break
			}
		}
		if want := map[bool]int{false: 1, true: 0}[r.info.Private]; found != want {
			t.Fatalf("room %+v is listed %d times", r.info, found)
		}
	}
}

// check runs after every operation: nothing was said that nobody asked for.
func (m *model) check(t *rapid.T) {
	m.recorder.mu.Lock()
	defer m.recorder.mu.Unlock()
	if len(m.recorder.surprise) > 0 {
		t.Fatalf("%v", m.recorder.surprise)
	}
	for _, r := range m.rooms {
		if said := m.recorder.rooms[r.info.ID]; r.followed && len(said) > r.heard {
			t.Fatalf("room %d: %+v was said unasked", r.info.ID, said[r.heard:])
		}
	}
}

// finish ends everybody: every room must die.
func (m *model) finish(t *rapid.T) {
	for _, p := range m.people {
		if p.away {
			p.away = false
			tag := m.recorder.tag()
			m.directory.Resume(tag, p.token, "192.0.2.1")
			a := m.await(t, tag, "resumed")
			if a.code != "" {
				t.Fatalf("resumed %+v", a)
			}
			p.member = a.resumed.Member
			if p.room != nil {
				m.enter(t, p, p.room, true)
			}
		}
		m.quit(t, p)
	}
	guest := m.person(t)
	for _, id := range m.dead {
		ok := false
		for range 100 {
			tag := m.recorder.tag()
			m.log.Join(tag, id, guest.member, false)
			a := m.await(t, tag, "joined")
			if ok = a.code == chat.RoomNotFound; ok {
				break
			}
			if a.code != "" {
				t.Fatalf("dead room %d: %+v", id, a)
			}
			// The End of its last member is still on its way.
			tag = m.recorder.tag()
			m.log.Leave(tag, id, guest.member)
			m.await(t, tag, "done")
			m.log.Release(id)
		}
		if !ok {
			t.Fatalf("dead room %d can be joined for ever", id)
		}
	}
	m.directory.Discard(guest.member)
}
