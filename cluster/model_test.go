package cluster

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"chatroom/internal/chat"
)

// model is what a room must be while three nodes do things to it one after the other.
type model struct {
	t       *testing.T
	nodes   []*scene
	room    chat.RoomID
	alive   bool
	members map[chat.ClientID]int // → node
	people  map[chat.ClientID]chat.Member
	sent    []chat.MessageID
	names   map[chat.ClientID]string
	step    int
}

func (m *model) someone(r *rapid.T) chat.ClientID {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.members))).Draw(r, "member")
}

func (m *model) create(r *rapid.T) {
	if m.alive {
		r.Skip()
	}
	at := rapid.IntRange(0, len(m.nodes)-1).Draw(r, "node")
	p := m.nodes[at].somebody()
	m.room, m.alive, m.sent = m.nodes[at].makes(p), true, nil
	m.members, m.names = map[chat.ClientID]int{p.Client: at}, map[chat.ClientID]string{p.Client: p.Name}
	m.people = map[chat.ClientID]chat.Member{p.Client: p}
}

func (m *model) join(r *rapid.T) {
	if !m.alive {
		r.Skip()
	}
	at := rapid.IntRange(0, len(m.nodes)-1).Draw(r, "node")
	p := m.nodes[at].somebody()
	info := m.nodes[at].joins(m.room, p)
	m.members[p.Client], m.people[p.Client], m.names[p.Client] = at, p, p.Name
	if info.Members != len(m.members) || info.Seq != uint64(len(m.sent)) {
		r.Fatalf("joined %d members at %d, want %d at %d", info.Members, info.Seq, len(m.members), len(m.sent))
	}
}

// take lets a member's place be carried by another node.
func (m *model) take(r *rapid.T) {
	if !m.alive {
		r.Skip()
	}
	client := m.someone(r)
	at := rapid.IntRange(0, len(m.nodes)-1).Draw(r, "node")
	s, was := m.nodes[at], m.nodes[m.members[client]]
	tag := s.tag()
	s.Directory().Resume(tag, string(was.Directory().Token(nil, m.people[client])), "192.0.2.2")
	var res chat.Resumption
	until(m.t, "RESUME is answered", func() (ok bool) {
		s.with(func() { res, ok = s.resumed[tag] })
		return ok
	})
	if res.Code != "" || res.Room != m.room {
		r.Fatalf("resume: %+v", res)
	}
	tag = s.tag()
	s.Join(tag, m.room, res.Member, true)
	if info, code := s.outcome(tag); code != "" || info.Members != len(m.members) {
		r.Fatalf("resumed: %q %+v", code, info)
	}
	former := m.people[client]
	m.people[client], m.members[client] = res.Member, at
	if _, refusal, ok := was.verdict(was.says(m.room, former, fmt.Sprint("zombie", m.step))); ok || refusal.Code != chat.NotInRoom {
		r.Fatalf("the former connection may still send: %+v", refusal)
	}
	if !slices.Contains(slices.Collect(maps.Values(m.members)), slices.Index(m.nodes, was)) {
		was.Release(m.room)
	}
}

func (m *model) send(r *rapid.T) {
	if !m.alive {
		r.Skip()
	}
	m.step++
	n := rapid.IntRange(1, 5).Draw(r, "messages")
	client := m.someone(r)
	s := m.nodes[m.members[client]]
	var sent []chat.Pending
	for i := range n {
		sent = append(sent, s.says(m.room, m.people[client], fmt.Sprint(m.step, "-", i)))
	}
	for _, p := range sent {
		e, refusal, ok := s.verdict(p)
		if !ok || e.Seq != uint64(len(m.sent))+1 {
			r.Fatalf("message %d: %+v %+v", len(m.sent)+1, e, refusal)
		}
		m.sent = append(m.sent, p.MessageID)
	}
	again := s.says(m.room, m.people[client], fmt.Sprint(m.step, "-", 0))
	if _, refusal, ok := s.verdict(again); ok || refusal.Code != "" || refusal.MessageID != sent[0].MessageID {
		r.Fatalf("the repetition: %+v", refusal)
	}
}

func (m *model) rename(r *rapid.T) {
	if !m.alive {
		r.Skip()
	}
	m.step++
	client := m.someone(r)
	s, p := m.nodes[m.members[client]], m.people[client]
	tag := s.tag()
	name := fmt.Sprint("name", m.step)
	s.Rename(tag, m.room, p, name)
	if _, code := s.outcome(tag); code != "" {
		r.Fatalf("rename: %s", code)
	}
	s.look(func() {
		ev := s.of(m.room).events
		if e := ev[len(ev)-1]; e.Kind != chat.EventRenamed || e.Username != name || e.Previous != m.names[client] || e.Members != len(m.members) {
			r.Fatalf("renamed: %+v, formerly %q, %d members", e, m.names[client], len(m.members))
		}
	})
	p.Name = name
	s.Directory().Rename(p, name)
	m.people[client], m.names[client] = p, name
}

func (m *model) leave(r *rapid.T) {
	if !m.alive {
		r.Skip()
	}
	client := m.someone(r)
	at := m.members[client]
	m.nodes[at].leaves(m.room, m.people[client])
	delete(m.members, client)
	if !slices.Contains(slices.Collect(maps.Values(m.members)), at) {
		m.nodes[at].Release(m.room)
	}
	m.alive = len(m.members) > 0
}

func (m *model) delete(r *rapid.T) {
	if !m.alive || rapid.IntRange(0, 4).Draw(r, "rarely") > 0 {
		r.Skip()
	}
	at := rapid.IntRange(0, len(m.nodes)-1).Draw(r, "node")
	n, found, err := m.nodes[at].DeleteRoom(m.t.Context(), m.room)
	if err != nil || !found || int(n) != len(m.members) {
		r.Fatalf("deleted %d %v %v, want %d", n, found, err, len(m.members))
	}
	m.alive, m.members = false, nil
}

// check compares every node with members, and Redis, with the model.
func (m *model) check(r *rapid.T) {
	if m.room == 0 {
		return
	}
	record, found, err := m.nodes[0].Room(m.t.Context(), m.room)
	if err != nil || found != m.alive {
		r.Fatalf("the room is there: %v (%v), want %v", found, err, m.alive)
	}
	if !m.alive {
		return
	}
	if record.ActiveUsers != len(m.members) || record.MessageCount != int64(len(m.sent)) {
		r.Fatalf("%d members and %d messages, want %d and %d", record.ActiveUsers, record.MessageCount, len(m.members), len(m.sent))
	}
	for _, at := range m.members {
		s := m.nodes[at]
		s.reaches(m.room, uint64(len(m.sent)))
		ids := s.ids(m.room)
		if !slices.Equal(ids, m.sent[len(m.sent)-len(ids):]) {
			r.Fatalf("node %d knows other messages", at)
		}
	}
}

func TestRoomStormMatchesTheModel(t *testing.T) {
	t.Parallel()
	redis := launch(t)
	var nodes []*scene
	for range 3 {
		nodes = append(nodes, enact(t, "redis://"+redis.addr(), nil))
	}
	rapid.Check(t, func(r *rapid.T) {
		m := &model{t: t, nodes: nodes}
		r.Repeat(map[string]func(*rapid.T){
			"create": m.create, "join": m.join, "take": m.take, "send": m.send,
			"rename": m.rename, "leave": m.leave, "delete": m.delete, "": m.check,
		})
		if m.alive {
			if _, _, err := nodes[0].DeleteRoom(t.Context(), m.room); err != nil {
				r.Fatal(err)
			}
		}
		for client, at := range m.members {
			nodes[at].Directory().End(m.people[client], m.room)
		}
	})
}
