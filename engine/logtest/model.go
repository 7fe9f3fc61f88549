package logtest

import (
	"crypto/rand"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"chatroom/internal/chat"
)

// The size of the model: small, so that its few people meet in few rooms.
const (
	modelPeople = 4
	modelRooms  = 3
)

// person is a client of the model.
type person struct {
	member chat.Member
	token  string
	room   *modelRoom // nil = in none
	away   bool
	said   []said
}

// said is a message that has its place.
type said struct {
	room    *modelRoom
	id      string
	seq     uint64
	message chat.MessageID
}

// modelRoom is a room of the model.
type modelRoom struct {
	info     chat.RoomInfo
	members  map[*person]bool
	entries  []chat.Entry
	heard    int // how much of what the feed said of it was compared
	followed bool
}

// model is what the log should be like.
type model struct {
	recorder  *recorder
	log       Log
	directory Directory
	people    []*person
	rooms     []*modelRoom
	dead      []chat.RoomID
	names     int
}

func newModel(t *rapid.T, r *recorder, log Log, directory Directory) *model {
	m := &model{recorder: r, log: log, directory: directory}
	for range modelPeople {
		m.people = append(m.people, m.person(t))
	}
	return m
}

func (m *model) person(t *rapid.T) *person {
	member, ok := m.directory.Open("192.0.2.1")
	if !ok {
		t.Fatal("no identity at hand")
	}
	if want := fmt.Sprintf("User %d", member.Client); member.Name != want {
		t.Fatalf("the first name is %q, want %q", member.Name, want)
	}
	return &person{member: member, token: string(m.directory.Token(nil, member))}
}

// name draws a name that was never used.
func (m *model) name() string {
	m.names++
	return fmt.Sprintf("name %d", m.names)
}

// await waits for an answer.
func (m *model) await(t *rapid.T, tag chat.Tag, kind string) answer {
	t.Helper()
	a, ok := m.recorder.await(tag)
	if !ok {
		t.Fatalf("no answer within %v (%s)", Patience, kind)
	}
	if a.kind != kind {
		t.Fatalf("got %+v, want %s", a, kind)
	}
	return a
}

// expect waits for the next thing that the feed says of a room.
func (m *model) expect(t *rapid.T, r *modelRoom) happening {
	t.Helper()
	id := r.info.ID
	if !m.recorder.wait(func() bool { return len(m.recorder.rooms[id]) > r.heard }) {
		t.Fatalf("nothing was said of room %d within %v", id, Patience)
	}
	m.recorder.mu.Lock()
	defer m.recorder.mu.Unlock()
	h := m.recorder.rooms[id][r.heard]
	r.heard++
	return h
}

// expectEvent waits for a user event with the count of the model.
func (m *model) expectEvent(t *rapid.T, r *modelRoom, kind chat.EventKind, p *person) chat.UserEvent {
	t.Helper()
	h := m.expect(t, r)
	e := h.event
	if h.entry.Seq != 0 || e.Kind != kind || e.Client != p.member.Client || e.Members != len(r.members) {
		t.Fatalf("room %d: got %+v, want %s of %d with %d members", r.info.ID, h, kind, p.member.Client, len(r.members))
	}
	return e
}

// present draws someone who is connected and fits.
func (m *model) present(t *rapid.T, fits func(*person) bool) *person {
	var fit []*person
	for _, p := range m.people {
		if !p.away && fits(p) {
			fit = append(fit, p)
		}
	}
	if len(fit) == 0 {
		t.Skip("nobody fits")
	}
	return rapid.SampledFrom(fit).Draw(t, "person")
}

func inRoom(p *person) bool { return p.room != nil }

// message makes a message of p on its way.
func (m *model) message(p *person, id string) chat.Pending {
	var message chat.MessageID
	rand.Read(message[:])
	message[6], message[8] = message[6]&0x0f|0x40, message[8]&0x3f|0x80
	at := time.Now().UnixMilli()
	return chat.Pending{
		Tag: m.recorder.tag(), Client: p.member.Client, Nonce: p.member.Nonce, Incarnation: p.member.Incarnation,
		ID: id, MessageID: message, At: at,
		Body: chat.AppendMessageBody(nil, message, p.member.Client, p.member.Name, "text of "+id, at),
	}
}

// takePlace compares an entry with what was appended, and puts it into the model.
func (m *model) takePlace(t *rapid.T, r *modelRoom, p *person, pending *chat.Pending) {
	t.Helper()
	a := m.await(t, pending.Tag, "entry")
	h := m.expect(t, r)
	e := h.entry
	switch {
	case e.Tag != pending.Tag || a.entry.Seq != e.Seq:
		t.Fatalf("room %d: got %+v, want the message of tag %d", r.info.ID, h, pending.Tag)
	case e.Seq != r.info.Seq+1 || h.epoch != r.info.Epoch || e.Prev != r.info.Last:
		t.Fatalf("room %d: got %+v behind %+v", r.info.ID, h, r.info)
	case e.MessageID != pending.MessageID || e.At != pending.At || string(e.Body) != string(pending.Body):
		t.Fatalf("room %d: got %+v for %+v", r.info.ID, e, pending)
	}
	r.info.Seq, r.info.Last = e.Seq, e.MessageID
	r.entries = append(r.entries, e)
	p.said = append(p.said, said{r, pending.ID, e.Seq, e.MessageID})
}

// depart takes p out of its room in the model, and compares what is heard of it.
func (m *model) depart(t *rapid.T, p *person) {
	t.Helper()
	r := p.room
	p.room = nil
	delete(r.members, p)
	if len(r.members) == 0 {
		m.bury(r)
		return
	}
	if r.followed {
		if e := m.expectEvent(t, r, chat.EventLeft, p); e.Owner != (p.member.Client == r.info.CreatedBy) {
			t.Fatalf("owner is %v of %+v", e.Owner, r.info)
		}
	}
	m.release(r)
}

func (m *model) bury(r *modelRoom) {
	m.log.Release(r.info.ID)
	m.dead = append(m.dead, r.info.ID)
	for i := range m.rooms {
		if m.rooms[i] == r {
			m.rooms = append(m.rooms[:i], m.rooms[i+1:]...)
			break
		}
	}
}

// release says that nobody of this node is in the room, when that is so.
func (m *model) release(r *modelRoom) {
	for p := range r.members {
		if !p.away {
			return
		}
	}
	if r.followed {
		r.followed = false
		m.log.Release(r.info.ID)
	}
}
