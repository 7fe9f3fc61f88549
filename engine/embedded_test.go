package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/engine/logtest"
	"chatroom/internal/chat"
)

func TestEmbeddedLog(t *testing.T) {
	logtest.Run(t, func(t *testing.T, feed logtest.Feed) (logtest.Log, logtest.Directory) {
		e := engine.NewEmbedded(engine.Config{ResumeWindow: time.Hour}, feed)
		t.Cleanup(e.Close)
		return e, e.Directory()
	})
}

// nobody is a feed that nobody listens to.
type nobody struct{ engine.Feed }

func (nobody) Created(chat.Tag, chat.RoomInfo, chat.Code)             {}
func (nobody) Baseline(chat.RoomInfo, []chat.Entry)                   {}
func (nobody) Joined(chat.Tag, chat.RoomInfo, chat.Code)              {}
func (nobody) Messages(chat.RoomID, chat.Epoch, []chat.Entry)         {}
func (nobody) Event(chat.RoomID, chat.UserEvent)                      {}
func (nobody) Refused(chat.RoomID, chat.Tag, chat.Refusal)            {}
func (nobody) Done(chat.Tag, chat.Code)                               {}
func (nobody) Listed(chat.Tag, []chat.RoomSummary, string, chat.Code) {}
func (nobody) Resumed(chat.Tag, chat.Resumption)                      {}
func (nobody) Disconnect(chat.ClientID, chat.Incarnation, chat.Cause) {}

func alone(t *testing.T, cfg engine.Config) (*engine.Embedded, *engine.EmbeddedDirectory) {
	e := engine.NewEmbedded(cfg, nobody{})
	t.Cleanup(e.Close)
	return e, e.Directory()
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestBansRunOut(t *testing.T) {
	now := &clock{now: time.Now()}
	e, directory := alone(t, engine.Config{Now: now.Now})
	ctx := context.Background()
	private := func(ip string) bool { return !netip.MustParseAddr(ip).IsPrivate() }
	for _, test := range []struct {
		ip, neighbour, stranger, banned string
	}{
		{"203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.1"},
		{"2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1", "2001:db8::/64"},
		{"10.0.0.1", "", "10.0.0.1", ""},
	} {
		m, _ := directory.Open(test.ip)
		other, _ := directory.Open(test.ip)
		removed, err := e.RemoveClient(ctx, chat.Removal{Client: m.Client, Ban: time.Hour, By: "root", Reason: "spam", Bannable: private})
		if err != nil || removed.Total != 1 || removed.BanID == "" || removed.SessionOnly != (test.banned == "") {
			t.Fatalf("%s: %+v, %v", test.ip, removed, err)
		}
		if test.banned != "" && removed.SharedWith != 1 {
			t.Errorf("%s: shared with %d", test.ip, removed.SharedWith)
		}
		if test.neighbour != "" && !directory.Banned(test.neighbour) || directory.Banned(test.stranger) {
			t.Errorf("%s: its neighbour is banned: %v, a stranger: %v", test.ip, directory.Banned(test.neighbour), directory.Banned(test.stranger))
		}
		bans, err := e.Bans(ctx)
		if err != nil || len(bans) != 1 || bans[0].IP != test.banned || bans[0].ID != removed.BanID || bans[0].Reason != "spam" {
			t.Fatalf("%s: bans %+v, %v", test.ip, bans, err)
		}
		if found, err := e.LiftBan(ctx, bans[0].ID); !found || err != nil {
			t.Fatal(found, err)
		}
		if found, _ := e.LiftBan(ctx, bans[0].ID); found || directory.Banned(test.neighbour) {
			t.Fatal("a lifted ban is still there")
		}
		directory.End(other, 0)
	}
	m, _ := directory.Open("203.0.113.9")
	if _, err := e.RemoveClient(ctx, chat.Removal{Client: m.Client, Ban: time.Hour}); err != nil {
		t.Fatal(err)
	}
	now.pass(time.Hour + time.Second)
	if bans, _ := e.Bans(ctx); directory.Banned("203.0.113.9") || len(bans) != 0 {
		t.Fatal("a ban that is over still holds")
	}
}

func TestOperatorsLists(t *testing.T) {
	e, directory := alone(t, engine.Config{})
	ctx := context.Background()
	var made []chat.Member
	for i := range 25 {
		m, _ := directory.Open("192.0.2.1")
		m.Name = fmt.Sprintf("Person %d", i)
		directory.Rename(m, m.Name)
		e.Create(1, fmt.Sprintf("Room %d", i), i%2 == 0, m)
		made = append(made, m)
	}
	seen := map[chat.ClientID]bool{}
	for cursor := ""; ; {
		ids, total, next, err := e.Clients(ctx, "", cursor, 10)
		if err != nil || total != 25 {
			t.Fatal(total, err)
		}
		for _, id := range ids {
			seen[id] = true
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(seen) != 25 {
		t.Fatalf("%d clients over all pages", len(seen))
	}
	if ids, total, _, _ := e.Clients(ctx, "pERSON 2", "", 100); total != 6 || len(ids) != 6 {
		t.Fatalf("%d of %d have a 2", len(ids), total)
	}
	if _, total, _, _ := e.Rooms(ctx, "room 1", "", 3); total != 11 {
		t.Fatalf("%d rooms with a 1", total)
	}
	for _, cursor := range []string{"x", "0", "01", "-1"} {
		if _, _, _, err := e.Rooms(ctx, "", cursor, 3); !errors.Is(err, chat.ErrUnknownCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	record, found, err := e.Client(ctx, made[3].Client)
	if err != nil || !found || record.Username != "Person 3" || record.RoomID == 0 || record.IP != "192.0.2.1" {
		t.Fatalf("%+v, %v, %v", record, found, err)
	}
	room, found, err := e.Room(ctx, record.RoomID)
	if err != nil || !found || room.Name != "Room 3" || room.ActiveUsers != 1 || room.PeakUsers != 1 ||
		len(room.Participants) != 1 || room.CreatedBy != made[3].Client {
		t.Fatalf("%+v, %v, %v", room, found, err)
	}
	for i := range 2100 {
		if err := e.AppendAudit(ctx, chat.AuditEntry{Target: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := e.Audit(ctx); len(entries) != 1000 || entries[0].Target != "2099" || entries[999].Target != "1100" {
		t.Fatalf("%d entries", len(entries))
	}
}

func TestSlidingWindow(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_000_000)}
	e, _ := alone(t, engine.Config{Now: now.Now})
	ctx := context.Background()
	for i := range 3 {
		if ok, _, err := e.Allow(ctx, "key", 3); !ok || err != nil {
			t.Fatal(i, ok, err)
		}
		now.pass(10 * time.Second)
	}
	ok, retry, _ := e.Allow(ctx, "key", 3)
	if ok || retry != 30_000 {
		t.Fatalf("the fourth: %v, after %d ms", ok, retry)
	}
	if ok, _, _ := e.Allow(ctx, "other", 3); !ok {
		t.Fatal("another key is limited")
	}
	now.pass(30 * time.Second)
	if ok, _, _ := e.Allow(ctx, "key", 3); !ok {
		t.Fatal("a minute after the first there is room for one")
	}
	if ok, retry, _ := e.Allow(ctx, "key", 3); ok || retry != 10_000 {
		t.Fatalf("and for one only: %v, %d", ok, retry)
	}
}

// TestDeadRoomsKeepTheirIDs for ten minutes: with three numbers the fourth room gets a longer one.
func TestDeadRoomsKeepTheirIDs(t *testing.T) {
	n := start(t, engine.Config{ClientIDs: engine.IDRange{First: 1, Last: 3}}, nil)
	c := n.dial(t)
	seen := map[int64]bool{}
	for i := range 4 {
		id := c.create(fmt.Sprint("room ", i))
		if seen[id] || (id > 3) != (i == 3) {
			t.Fatalf("room %d got the id %d", i, id)
		}
		seen[id] = true
	}
}

// TestLogMemory bounds the logs of all rooms together.
func TestLogMemory(t *testing.T) {
	const limit = 1 << 20
	n := start(t, engine.Config{LogMemory: limit, Loops: 2}, nil)
	var all []*client
	for i := range 12 {
		c := n.dial(t)
		c.create(fmt.Sprint("room ", i))
		all = append(all, c)
	}
	text := strings.Repeat("m", 1900)
	for i := range 100 {
		for k, c := range all {
			c.say(fmt.Sprintf("%d-%d", i, k), text)
		}
	}
	// 2.4 MB were said. A loop may be over its share until its next sweep.
	eventually(t, "the logs are within their bound", func() bool { return n.Counters().LogBytes <= limit+limit/8 })
	if held := n.Counters().LogBytes; held < limit/4 {
		t.Fatalf("only %d bytes are kept", held)
	}
	kept := 0
	for _, c := range all {
		c.send(`{"type":"GET_HISTORY","id":"h","limit":200}`)
		messages, _ := c.want("HISTORY")["messages"].([]any)
		kept += len(messages)
	}
	if kept == 0 || kept == 1200 {
		t.Fatalf("%d messages are left of 1,200", kept)
	}
}

// TestSessionsAreListed by the loops in slices, with what an operator wants to know.
func TestSessionsAreListed(t *testing.T) {
	n := start(t, engine.Config{}, nil)
	room := int64(0)
	want := map[chat.ClientID]bool{}
	for i := range 40 {
		c := n.dial(t)
		want[chat.ClientID(c.id)] = true
		if i == 0 {
			room = c.create("all")
			c.say("one", "message")
			continue
		}
		c.send(`{"type":"JOIN_ROOM","roomId":%d}`, room)
		c.want("ROOM_JOINED")
	}
	said := int64(0)
	n.Sessions(func(r chat.ClientRecord) bool {
		if !want[r.ID] || r.RoomID != chat.RoomID(room) || r.IP != "127.0.0.1" || r.ServerID == "" ||
			time.Since(time.UnixMilli(r.ConnectedAt)).Abs() > time.Minute || r.LastSeenAt < r.ConnectedAt-1000 {
			t.Errorf("record %+v", r)
		}
		delete(want, r.ID)
		said += r.Messages
		return true
	})
	if len(want) > 0 || said != 1 {
		t.Fatalf("%d are missing, %d messages", len(want), said)
	}
	stats := n.Stats()
	if stats.ActiveConnections != 40 || stats.TotalRooms != 1 || stats.TotalRoomsCreated != 1 ||
		stats.TotalMessagesReceived != 1 || stats.MemoryBytes <= 0 || stats.LeakyConnections != 0 {
		t.Fatalf("stats %+v", stats)
	}
}

// TestLateRequestsLeaveNoPlace: a request that was under way when its session was removed, resumed
// elsewhere or lost gets no place, because nobody would ever end it.
func TestLateRequestsLeaveNoPlace(t *testing.T) {
	ctx := context.Background()
	for name, overtake := range map[string]func(e *engine.Embedded, d *engine.EmbeddedDirectory, m chat.Member, in chat.RoomID){
		"removed": func(e *engine.Embedded, _ *engine.EmbeddedDirectory, m chat.Member, _ chat.RoomID) {
			if removed, err := e.RemoveClient(ctx, chat.Removal{Client: m.Client}); err != nil || removed.Total != 1 {
				t.Fatal(removed, err)
			}
		},
		"resumed": func(_ *engine.Embedded, d *engine.EmbeddedDirectory, m chat.Member, _ chat.RoomID) {
			d.Resume(1, string(d.Token(nil, m)), "192.0.2.1")
		},
		"lost": func(_ *engine.Embedded, d *engine.EmbeddedDirectory, m chat.Member, in chat.RoomID) { d.Detach(m, in) },
	} {
		t.Run(name, func(t *testing.T) {
			e, directory := alone(t, engine.Config{})
			host, _ := directory.Open("192.0.2.1")
			late, _ := directory.Open("192.0.2.1")
			e.Create(1, "theirs", false, host)
			ids, _, _, _ := e.Rooms(ctx, "theirs", "", 1)
			overtake(e, directory, late, 0)
			e.Join(2, ids[0], late, false)
			e.Create(3, "mine", false, late)
			if record, _, _ := e.Room(ctx, ids[0]); record.ActiveUsers != 1 {
				t.Errorf("%d places", record.ActiveUsers)
			}
			if _, total, _, _ := e.Rooms(ctx, "", "", 10); total != 1 {
				t.Errorf("%d rooms", total)
			}
		})
	}
}
