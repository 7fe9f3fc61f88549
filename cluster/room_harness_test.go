package cluster

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// witness is a feed that writes down what it is told of rooms and notes every breach of the order
// that the Feed promises.
type witness struct {
	*ear
	mu       sync.Mutex
	rooms    map[chat.RoomID]*account
	refused  map[chat.Tag]chat.Refusal
	acked    map[chat.Tag]chat.Entry
	listed   map[chat.Tag][]chat.RoomSummary
	next     map[chat.Tag]string
	breaches []string
}

// account is what a witness knows of one room.
type account struct {
	info     chat.RoomInfo
	log      []chat.Entry              // since the last baseline or resync, its entries included
	shown    map[string]chat.MessageID // epoch:seq → message, for ever
	counts   map[chat.MessageID]int    // how often each message came as a new one
	events   []chat.UserEvent
	resyncs  int
	baseline int
	ended    bool
}

func newWitness() *witness {
	return &witness{ear: newEar(), rooms: map[chat.RoomID]*account{}, refused: map[chat.Tag]chat.Refusal{},
		acked: map[chat.Tag]chat.Entry{}, listed: map[chat.Tag][]chat.RoomSummary{}, next: map[chat.Tag]string{}}
}

func (w *witness) of(id chat.RoomID) *account {
	a := w.rooms[id]
	if a == nil {
		a = &account{shown: map[string]chat.MessageID{}, counts: map[chat.MessageID]int{}}
		w.rooms[id] = a
	}
	return a
}

func (w *witness) breach(format string, args ...any) {
	w.breaches = append(w.breaches, fmt.Sprintf(format, args...))
}

// begins replaces what is known of a room.
func (w *witness) begins(info chat.RoomInfo, recent []chat.Entry) *account {
	a := w.of(info.ID)
	a.info, a.log, a.ended = info, nil, false
	for i, e := range recent {
		if i > 0 && (e.Seq != recent[i-1].Seq+1 || e.Prev != recent[i-1].MessageID) {
			w.breach("room %d: baseline has a hole before %d", info.ID, e.Seq)
		}
		w.show(a, info.Epoch, e)
		a.log = append(a.log, e)
	}
	if n := len(recent); n > 0 && (recent[n-1].Seq != info.Seq || recent[n-1].MessageID != info.Last) {
		w.breach("room %d: baseline ends at %d, not at %d", info.ID, recent[n-1].Seq, info.Seq)
	}
	return a
}

func (w *witness) show(a *account, epoch chat.Epoch, e chat.Entry) {
	key := fmt.Sprintf("%x:%d", epoch, e.Seq)
	if old, ok := a.shown[key]; ok && old != e.MessageID {
		w.breach("room %d: %s is two messages", a.info.ID, key)
	}
	a.shown[key] = e.MessageID
}

func (w *witness) Created(tag chat.Tag, room chat.RoomInfo, code chat.Code) {
	w.mu.Lock()
	if code == "" {
		w.begins(room, nil)
	}
	w.mu.Unlock()
	w.ear.Created(tag, room, code)
}

func (w *witness) Baseline(room chat.RoomInfo, recent []chat.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begins(room, recent).baseline++
}

func (w *witness) Joined(tag chat.Tag, room chat.RoomInfo, code chat.Code) {
	w.mu.Lock()
	if a := w.of(room.ID); code == "" && (a.info.Seq != room.Seq || a.info.Last != room.Last || a.info.Epoch != room.Epoch) {
		w.breach("room %d: joined at %d while the feed is at %d", room.ID, room.Seq, a.info.Seq)
	}
	w.mu.Unlock()
	w.ear.Joined(tag, room, code)
}

func (w *witness) Messages(room chat.RoomID, epoch chat.Epoch, entries []chat.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.of(room)
	for _, e := range entries {
		if epoch != a.info.Epoch || e.Seq != a.info.Seq+1 || e.Prev != a.info.Last || a.ended {
			w.breach("room %d: %x:%d behind %x:%d (ended %v)", room, epoch, e.Seq, a.info.Epoch, a.info.Seq, a.ended)
		}
		w.show(a, epoch, e)
		a.info.Seq, a.info.Last = e.Seq, e.MessageID
		a.log = append(a.log, e)
		a.counts[e.MessageID]++
		if e.Tag != 0 {
			w.acked[e.Tag] = e
		}
	}
}

func (w *witness) Event(room chat.RoomID, ev chat.UserEvent) {
	w.mu.Lock()
	a := w.of(room)
	if a.ended {
		w.breach("room %d: %s behind its end", room, ev.Kind)
	}
	a.ended = ev.Kind == chat.EventRoomDeleted
	a.events = append(a.events, ev)
	w.mu.Unlock()
}

func (w *witness) Resync(room chat.RoomInfo, recent []chat.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begins(room, recent).resyncs++
}

func (w *witness) Refused(_ chat.RoomID, tag chat.Tag, r chat.Refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.refused[tag]; ok {
		w.breach("tag %d was refused twice", tag)
	}
	w.refused[tag] = r
}

func (w *witness) Listed(tag chat.Tag, rooms []chat.RoomSummary, next string, code chat.Code) {
	w.mu.Lock()
	w.listed[tag], w.next[tag] = rooms, next
	w.mu.Unlock()
	w.ear.Done(tag, code)
}

// look runs f under the witness' lock.
func (w *witness) look(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// scene is a node with a witness.
type scene struct {
	*Cluster
	*witness
	t *testing.T
}

// enact starts a node for room tests. url is that of Redis; change may be nil.
func enact(t *testing.T, url string, change func(*Config)) *scene {
	t.Helper()
	return enactWith(t, url, change, func(*Cluster) {})
}

// enactWith is enact with a last word on the node before it starts.
func enactWith(t *testing.T, url string, change func(*Config), tune func(*Cluster)) *scene {
	t.Helper()
	raw := random(16)
	config := Config{URL: url, ResumeWindow: 5 * time.Second, Host: "host", Version: "test",
		ServerID: strings.Join([]string{raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]}, "-")}
	if change != nil {
		change(&config)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w := newWitness()
	c, err := Open(ctx, config, w.ear)
	if err != nil {
		t.Fatal(err)
	}
	c.Bind(w)
	c.rooms.idle, c.rooms.every = time.Second, time.Second
	tune(c)
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	s := &scene{Cluster: c, witness: w, t: t}
	t.Cleanup(func() {
		s.crash()
		s.honest()
	})
	until(t, "the node is ready", func() bool { return c.Ready() == "" })
	return s
}

// honest fails the test for every breach of the Feed's promises.
func (s *scene) honest() {
	s.look(func() {
		for _, b := range s.breaches {
			s.t.Error(b)
		}
	})
}

// crash ends the node without a word to anybody.
func (s *scene) crash() {
	s.life.abort()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = s.Cluster.rooms.stop(ctx)
	s.store.close()
}

// somebody connects a client.
func (s *scene) somebody() chat.Member {
	s.t.Helper()
	var m chat.Member
	until(s.t, "an id is at hand", func() (ok bool) {
		m, ok = s.Directory().Open("192.0.2.1")
		return ok
	})
	return m
}

// outcome waits for the answer to a create, join, leave or rename.
func (s *scene) outcome(tag chat.Tag) (info chat.RoomInfo, code chat.Code) {
	s.t.Helper()
	until(s.t, "an answer", func() (ok bool) {
		s.with(func() { code, ok = s.codes[tag]; info = s.created[tag] })
		return ok
	})
	return info, code
}

func (s *scene) makes(m chat.Member) chat.RoomID {
	s.t.Helper()
	tag := s.tag()
	s.Create(tag, "room", false, m)
	info, code := s.outcome(tag)
	if code != "" {
		s.t.Fatalf("create: %s", code)
	}
	return info.ID
}

func (s *scene) joins(room chat.RoomID, m chat.Member) chat.RoomInfo {
	s.t.Helper()
	tag := s.tag()
	s.Join(tag, room, m, false)
	info, code := s.outcome(tag)
	if code != "" {
		s.t.Fatalf("join: %s", code)
	}
	return info
}

func (s *scene) leaves(room chat.RoomID, m chat.Member) {
	s.t.Helper()
	tag := s.tag()
	s.Leave(tag, room, m)
	if _, code := s.outcome(tag); code != "" {
		s.t.Fatalf("leave: %s", code)
	}
}

// pending is a message of m with the client's id.
func (s *scene) pending(m chat.Member, id, text string) chat.Pending {
	p := chat.Pending{Tag: s.tag(), Client: m.Client, Nonce: m.Nonce, Incarnation: m.Incarnation, ID: id,
		At: time.Now().UnixMilli(), Body: []byte(text)}
	_, _ = rand.Read(p.MessageID[:])
	return p
}

// says sends one message without waiting and returns it.
func (s *scene) says(room chat.RoomID, m chat.Member, id string) chat.Pending {
	p := s.pending(m, id, `,"text":"`+id+`"}`)
	s.Append(room, []chat.Pending{p})
	return p
}

// verdict waits until a message is answered: acknowledged at a place, or refused.
func (s *scene) verdict(p chat.Pending) (e chat.Entry, r chat.Refusal, acked bool) {
	s.t.Helper()
	until(s.t, "a message is answered", func() (ok bool) {
		s.look(func() {
			if e, acked = s.acked[p.Tag]; acked {
				ok = true
				return
			}
			r, ok = s.refused[p.Tag]
		})
		return ok
	})
	return e, r, acked
}

// reaches waits until the node's members have seen everything up to seq.
func (s *scene) reaches(room chat.RoomID, seq uint64) {
	s.t.Helper()
	until(s.t, fmt.Sprintf("room %d is at %d", room, seq), func() (ok bool) {
		s.look(func() { ok = s.of(room).info.Seq >= seq })
		return ok
	})
}

// ids returns the messages that a node knows of the room, in order.
func (s *scene) ids(room chat.RoomID) (ids []chat.MessageID) {
	s.look(func() {
		for _, e := range s.of(room).log {
			ids = append(ids, e.MessageID)
		}
	})
	return ids
}

// agree fails unless all nodes end with the same messages: those that the one who knows least
// knows are the last of all others.
func agree(t *testing.T, room chat.RoomID, nodes ...*scene) {
	t.Helper()
	first := nodes[0].ids(room)
	for _, n := range nodes[1:] {
		other := n.ids(room)
		k := min(len(first), len(other))
		if !slices.Equal(first[len(first)-k:], other[len(other)-k:]) {
			t.Errorf("room %d: nodes differ in order", room)
		}
	}
}
