package cluster

import (
	"context"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// sessionsOver goes once through everything of sessions that touches more than one slot of a Redis
// Cluster, under a prefix of its own: a cluster takes too long to make for two tests.
func sessionsOver(t *testing.T, nodes []*process) {
	t.Helper()
	s := &server{t: t, port: nodes[0].port}
	over := func(c *Config, _ *times) {
		c.URL = "redis+cluster://" + nodes[0].addr() + "," + nodes[1].addr()
		c.Prefix, c.ResumeWindow = "s:", 4*time.Second
	}
	dead, a, b := begin(t, s, over), begin(t, s, over), begin(t, s, over)
	ctx := context.Background()
	seen := make(map[chat.ClientID]bool)
	var people []person
	for i := range 120 {
		n := []*testNode{dead, a, b}[i%3]
		m := n.open("192.0.2.1")
		if seen[m.Client] {
			t.Fatalf("id %d twice", m.Client)
		}
		seen[m.Client] = true
		people = append(people, m)
	}
	room := dead.create(people[0])
	a.join(room, people[1], false)
	dead.dir.Rename(people[0], "Ann")
	until(t, "the list is whole", func() bool {
		ids, total, _, err := b.Clients(ctx, "", "", 1000)
		_, named, _, _ := b.Clients(ctx, "ANN", "", 10)
		return err == nil && total == 120 && len(ids) == 120 && named == 1
	})
	token := dead.token(people[0])
	dead.crash()
	r := b.resume(token, "192.0.2.2")
	if r.Code != "" || r.Member.Name != "Ann" || r.Room != room {
		t.Fatalf("resumed %+v", r)
	}
	b.join(room, r.Member, true)
	if got := a.remove(chat.Removal{Client: people[2].Client, Ban: time.Hour, Bannable: func(string) bool { return true }}); got.Total != 1 || got.SharedWith == 0 {
		t.Errorf("removed %+v", got)
	}
	until(t, "the ban holds everywhere", func() bool {
		return b.heard(told{people[2].Client, people[2].Incarnation, chat.CauseBanned}) && b.dir.Banned("192.0.2.1")
	})
	until(t, "the ghosts have gone", func() bool {
		_, total, _, err := a.Clients(ctx, "", "", 10)
		return err == nil && total == 80 // 40 of each living node, one removed, one that came back
	})
	if list, err := a.Servers(ctx); err != nil || len(list) != 2 {
		t.Errorf("%d servers, %v", len(list), err)
	}
	a.leave()
	b.leave()
}
