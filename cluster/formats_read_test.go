package cluster

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// TestFormatsOfEveryVersionAreRead starts a node on what each version has left in Redis, beside a node
// of that version which lives on; once as it was written and once with what a newer version may have
// added.
func TestFormatsOfEveryVersionAreRead(t *testing.T) {
	t.Parallel()
	for _, dir := range versions(t) {
		for name, more := range map[string]bool{"as written": false, "with fields of a newer version": true} {
			t.Run(filepath.Base(dir)+" "+name, func(t *testing.T) {
				t.Parallel()
				content, err := os.ReadFile(filepath.Join(dir, goldenFacts))
				if err != nil {
					t.Fatal(err)
				}
				var f facts
				if err := json.Unmarshal(content, &f); err != nil {
					t.Fatal(err)
				}
				s := launch(t)
				s.restore(words(t, filepath.Join(dir, goldenStore)), more)
				n := enact(t, "redis://"+s.addr(), digits)
				readSessions(t, n, &f)
				m := readRoom(t, s, n, &f)
				readOperators(t, n, &f)
				hearFrames(t, s, n, &f, words(t, filepath.Join(dir, goldenFrames)), more)
				hearCommands(t, s, n, m, more)
			})
		}
	}
}

func readSessions(t *testing.T, n *scene, f *facts) {
	t.Helper()
	if !n.Directory().Banned(f.EveAddress) || n.Directory().Banned("203.0.113.8") {
		t.Error("the ban of an address is not known, or of another one")
	}
	if r := n.takesOver(f.EveToken); r.Code != chat.Banned {
		t.Errorf("a banned session: %+v", r)
	}
	seen := map[chat.ClientID]bool{f.Ann: true, f.Ben: true}
	for range 20 {
		m := n.somebody()
		if seen[m.Client] {
			t.Errorf("id %d was given twice", m.Client)
		}
		seen[m.Client] = true
	}
}

// readRoom takes ann's session over and reads the room as she does.
func readRoom(t *testing.T, s *server, n *scene, f *facts) (ann chat.Member) {
	t.Helper()
	ann = n.resumes(f.AnnToken, f.Room)
	if ann.Client != f.Ann || ann.Name != f.AnnName {
		t.Errorf("ann is %+v", ann)
	}
	n.look(func() {
		a := n.of(f.Room)
		if a.info.Name != "room" || hex16(uint64(a.info.Epoch)) != f.Epoch || a.info.CreatedBy != f.Ann {
			t.Errorf("the room is %+v", a.info)
		}
		var bodies []string
		for _, e := range a.log {
			bodies = append(bodies, string(e.Body))
		}
		if !slices.Equal(bodies, f.Messages) {
			t.Errorf("messages %q, want %q", bodies, f.Messages)
		}
	})
	// Whether an id was seen before is known for five minutes, by the clock of Redis: these are older
	// and yet there, because nothing was said since.
	for i := range f.Messages {
		_, r, ok := n.verdict(n.says(f.Room, ann, strconv.Itoa(i)))
		if ok || r.Code != "" || r.Seq != uint64(i+1) {
			t.Errorf("message %d again: acknowledged %v, %+v", i, ok, r)
		}
	}
	p := n.says(f.Room, ann, "new")
	if e, r, ok := n.verdict(p); !ok || e.Seq != uint64(len(f.Messages)+1) {
		t.Errorf("a new message: %+v, %+v", e, r)
	}
	key := n.store.keys.room(f.Room).members
	until(t, "whose time is over leaves", func() bool { return !s.has("HEXISTS", key, formatID(f.Dan)) })
	if !s.has("HEXISTS", key, formatID(f.Ben)) {
		t.Error("who is connected to the other node has left")
	}
	tag := n.tag()
	n.Join(tag, f.Deleted, n.somebody(), true)
	if _, code := n.outcome(tag); code != chat.RoomDeleted {
		t.Errorf("the deleted room: %q", code)
	}
	return ann
}

func readOperators(t *testing.T, n *scene, f *facts) {
	t.Helper()
	ctx := t.Context()
	room, found, err := n.Room(ctx, f.Room)
	if err != nil || !found || room.Name != "room" || room.CreatedBy != f.Ann || room.PeakUsers != 4 || len(room.Participants) < 3 {
		t.Errorf("room %+v, %v, %v", room, found, err)
	}
	client, found, err := n.Client(ctx, f.Ben)
	if err != nil || !found || client.RoomID != f.Room || client.ServerID == "" {
		t.Errorf("client %+v, %v, %v", client, found, err)
	}
	if servers, err := n.Servers(ctx); err != nil || len(servers) != 3 {
		t.Errorf("servers %+v, %v", servers, err)
	}
	if bans, err := n.Bans(ctx); err != nil || len(bans) != 1 || bans[0].Reason != "rude" || bans[0].IP != f.EveAddress {
		t.Errorf("bans %+v, %v", bans, err)
	}
	if audit, err := n.Audit(ctx); err != nil || len(audit) != 1 || audit[0].Action != "ban" {
		t.Errorf("audit %+v, %v", audit, err)
	}
	tag := n.tag()
	n.List(tag, "", 10)
	n.outcome(tag)
	n.look(func() {
		if l := n.listed[tag]; len(l) != 1 || l[0].ID != f.Room || l[0].Name != "room" {
			t.Errorf("listed %+v", l)
		}
	})
}

// hearFrames says again what the other version said in the room: its nodes will say such things.
func hearFrames(t *testing.T, s *server, n *scene, f *facts, frames [][]string, more bool) {
	t.Helper()
	kinds := map[chat.EventKind]bool{}
	letters := map[byte]bool{}
	channel := n.store.keys.room(f.Room).channel
	var messages int
	for _, frame := range frames {
		if frame[0] != channel {
			continue
		}
		text := frame[1]
		letters[text[0]] = true
		switch text[0] {
		case letterMessages:
			entries, ok := parseMessages(text)
			if !ok || string(entries[0].Body) != f.Messages[entries[0].Seq-1] {
				t.Errorf("message frame %q: %+v", text, entries)
			}
			messages += len(entries)
		case letterEvent:
			if more {
				text += "\x00newer"
			}
			e, ok := parseEvent(text)
			if !ok || e.Kind == chat.EventRenamed && (e.Username != f.AnnName || e.Previous != "User "+formatID(f.Ann)) {
				t.Errorf("event frame %q: %+v", text, e)
			}
			kinds[e.Kind] = true
			s.do("SPUBLISH", channel, text)
		}
	}
	if messages != len(f.Messages) || !letters[letterTakeover] || !kinds[chat.EventJoined] || !kinds[chat.EventLeft] || !kinds[chat.EventRenamed] {
		t.Errorf("%d messages, letters %v, events %v", messages, letters, kinds)
	}
	// What it does not know it passes over: the next message comes all the same.
	s.do("SPUBLISH", channel, "z"+strings.Repeat("z", envelopeHead)+"newer")
	until(t, "the events are told", func() (ok bool) {
		n.look(func() {
			for _, e := range n.of(f.Room).events {
				ok = ok || e.Kind == chat.EventRenamed && e.Previous == "User "+formatID(f.Ann)
			}
		})
		return ok
	})
}

// hearCommands sends a command as the other version does, behind one that only a newer one knows.
func hearCommands(t *testing.T, s *server, n *scene, m chat.Member, more bool) {
	t.Helper()
	add := func(command string) {
		line := []string{"XADD", "cr:{ctl}:log", "*", "c", command}
		if more {
			line = append(line, "zz", "newer")
		}
		if err := s.do(line...).Error(); err != nil {
			t.Fatal(err)
		}
	}
	kick := n.lease.node() + " kick " + formatID(m.Client) + " " + formatID(m.Incarnation) + " " + strconv.Itoa(int(chat.CauseRemoved))
	if more {
		kick += " newer"
	}
	add("* dance 1 2 3")
	add(kick)
	until(t, "the command is carried out", func() bool { return n.heard(told{m.Client, m.Incarnation, chat.CauseRemoved}) })
}

// TestNamesEndBeforeWhatIsAdded: a name is the last of an event's fields that this version knows.
func TestNamesEndBeforeWhatIsAdded(t *testing.T) {
	head := "e" + strings.Repeat("u", 16) + strings.Repeat("0", 16)
	line := strings.Join([]string{"7", "9", "renamed", "12", "0", "3", strconv.FormatInt(time.Now().UnixMilli(), 10), "new", "old"}, "\x00")
	for _, added := range []string{"", "\x00x", "\x00x\x00y"} {
		e, ok := parseEvent(head + line + added)
		if !ok || e.seq != 7 || e.Username != "new" || e.Previous != "old" {
			t.Errorf("with %q: %+v, %v", added, e, ok)
		}
	}
}
