package cluster

import (
	"context"
	"testing"
	"time"

	"chatroom/internal/chat"
)

func (n *testNode) remove(r chat.Removal) chat.Removed {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	removed, err := n.RemoveClient(ctx, r)
	if err != nil {
		n.t.Fatal(err)
	}
	return removed
}

func TestAddressesAreBannedInTheirCanonicalForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "192.0.2.1:80": "192.0.2.1", "[2001:db8::1]:80": "2001:db8::/64",
		"2001:db8:0:0:1:2:3:4": "2001:db8::/64", "2001:DB8::5": "2001:db8::/64", "fe80::1%eth0": "fe80::/64", "nonsense": "",
	} {
		if got := canonical(in); got != want {
			t.Errorf("%s is banned as %s, not %s", in, got, want)
		}
	}
}

func TestARemovedClientIsOutEverywhere(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m, w := a.open("192.0.2.1"), b.open("192.0.2.2")
	room := b.create(w)
	a.join(room, m, false)
	token := a.token(m)
	if r := b.remove(chat.Removal{Client: m.Client, By: "admin"}); r.Total != 1 || r.BanID != "" {
		t.Errorf("removed %+v", r)
	}
	if s.has("HEXISTS", memberKey(room), formatID(m.Client)) || s.has("EXISTS", recordKey(m.Client)) {
		t.Error("still in the room, or recorded")
	}
	until(t, "its node is told", func() bool { return a.heard(told{m.Client, m.Incarnation, chat.CauseRemoved}) })
	until(t, "the room is told", func() (ok bool) {
		b.with(func() {
			for _, e := range b.events[room] {
				ok = ok || (e.Kind == chat.EventRemoved && e.Client == m.Client)
			}
		})
		return ok
	})
	a.dir.End(m, room)
	if r := a.resume(token, "192.0.2.1"); r.Code != chat.SessionInvalid {
		t.Errorf("resumed %+v", r)
	}
	if r := b.remove(chat.Removal{Client: m.Client}); r.Total != 0 {
		t.Errorf("removed again: %+v", r)
	}
	until(t, "the id is free", func() bool { return !s.has("HEXISTS", "cr:{ids}:c:10000:own", formatID(m.Client)) })
	until(t, "the lists are empty", func() bool { return s.int("ZCARD", "cr:{nodes}:det") == 0 && a.sessions.count() == 0 })
}

func TestADetachedClientCanBeRemoved(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, func(c *Config, _ *times) { c.ResumeWindow = time.Minute })
	m, w := n.open("192.0.2.1"), n.open("192.0.2.2")
	room := n.create(w)
	n.join(room, m, false)
	token := n.token(m)
	n.dir.Detach(m, room)
	until(t, "the session is detached", func() bool { return s.has("ZCARD", "cr:{nodes}:det") })
	if r := n.remove(chat.Removal{Client: m.Client, Ban: time.Hour, Bannable: func(string) bool { return false }}); r.Total != 1 || !r.SessionOnly || r.BanID == "" {
		t.Errorf("removed %+v", r)
	}
	if s.has("HEXISTS", memberKey(room), formatID(m.Client)) {
		t.Error("still in the room")
	}
	if r := n.resume(token, "192.0.2.99"); r.Code != chat.Banned || r.BanCode != chat.BanCode {
		t.Errorf("resumed %+v", r)
	}
	if n.dir.Banned("192.0.2.1") {
		t.Error("an address that is not bannable is banned")
	}
	until(t, "the list is empty", func() bool { return s.int("ZCARD", "cr:{nodes}:det") == 0 })
}

func TestBansHoldOnEveryNode(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	m, w := a.open("2001:db8::1"), b.open("2001:db8::2")
	s.recorded(m)
	s.recorded(w)
	b.open("2001:db8:0:1::1")
	token := a.token(m)
	r := b.remove(chat.Removal{Client: m.Client, Ban: time.Hour, By: "root", Reason: "spam", Bannable: func(string) bool { return true }})
	if r.Total != 1 || r.SessionOnly || r.BanID == "" || r.SharedWith != 1 {
		t.Errorf("removed %+v", r)
	}
	until(t, "its node is told", func() bool { return a.heard(told{m.Client, m.Incarnation, chat.CauseBanned}) })
	for _, n := range []*testNode{a, b} {
		until(t, "handshakes are refused", func() bool { return n.dir.Banned("2001:db8::ffff") })
		if n.dir.Banned("2001:db8:0:1::1") || n.dir.Banned("192.0.2.1") {
			t.Error("others are banned as well")
		}
		if got := n.resume(token, "192.0.2.1"); got.Code != chat.Banned {
			t.Errorf("resumed %+v", got)
		}
	}
	if keys := s.endless(); len(keys) > 0 {
		t.Errorf("without an end: %v", keys)
	}
	ctx := context.Background()
	list, err := a.Bans(ctx)
	if err != nil || len(list) != 1 || list[0].ID != r.BanID || list[0].ClientID != m.Client || list[0].IP != "2001:db8::/64" || list[0].By != "root" || list[0].Reason != "spam" {
		t.Fatalf("bans %+v %v", list, err)
	}
	// A Redis that lost the list gets it back.
	s.do("FLUSHALL")
	until(t, "the ban is written back", func() bool { return s.has("HEXISTS", "cr:{ban}:all", r.BanID) })
	for _, bad := range []string{"", "v", "s:x", "nobody"} {
		if found, err := a.LiftBan(ctx, bad); found || err != nil {
			t.Errorf("lifted %q: %v %v", bad, found, err)
		}
	}
	if found, err := a.LiftBan(ctx, r.BanID); !found || err != nil {
		t.Fatalf("lifted: %v %v", found, err)
	}
	for _, n := range []*testNode{a, b} {
		until(t, "the address is free", func() bool { return !n.dir.Banned("2001:db8::1") })
	}
	if list, err := b.Bans(ctx); err != nil || len(list) != 0 {
		t.Errorf("bans %+v %v", list, err)
	}
}

func TestBansEnd(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	m := n.open("192.0.2.1")
	n.remove(chat.Removal{Client: m.Client, Ban: 4 * time.Second, Bannable: func(string) bool { return true }})
	if !n.dir.Banned("192.0.2.1") {
		t.Error("not banned")
	}
	until(t, "the ban is over", func() bool { return !n.dir.Banned("192.0.2.1") })
	if list, err := n.Bans(context.Background()); err != nil || len(list) != 0 {
		t.Errorf("bans %+v %v", list, err)
	}
}
