package cluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

func TestOperatorsSeeEveryNode(t *testing.T) {
	t.Parallel()
	s := launch(t)
	a, b := begin(t, s, nil), begin(t, s, nil)
	b.ear.with(func() { b.report = chat.ServerStats{ActiveConnections: 42, StartedAt: 7} })
	ctx := context.Background()
	until(t, "the report has come", func() bool {
		list, err := a.Servers(ctx)
		if err != nil || len(list) != 2 {
			return false
		}
		for _, x := range list {
			if x.ServerID == b.config.ServerID {
				return x.ActiveConnections == 42 && x.StartedAt == 7 && x.Host == "host" && x.Version == "test" && x.LastUpdatedAt > 0
			}
		}
		return false
	})
	m := b.open("192.0.2.5")
	room := b.create(m)
	b.ear.with(func() {
		b.people = []chat.ClientRecord{{ID: m.Client, LastSeenAt: 5, Messages: 6, BytesPending: 7}}
	})
	want := chat.ClientRecord{ID: m.Client, Username: m.Name, RoomID: room, ServerID: b.config.ServerID, IP: "192.0.2.5"}
	for _, n := range []*testNode{a, b} {
		var got chat.ClientRecord
		until(t, "its node says in time what it counts", func() bool {
			r, found, err := n.Client(ctx, m.Client)
			if err != nil || !found {
				t.Fatal(found, err)
			}
			got = r
			return got.LastSeenAt == 5 && got.Messages == 6 && got.BytesPending == 7
		})
		if got.ConnectedAt == 0 || got.LastSeenAt == 0 {
			t.Errorf("without times: %+v", got)
		}
		got.ConnectedAt, got.LastSeenAt, got.Messages, got.BytesPending = 0, 0, 0, 0
		if got != want {
			t.Errorf("%+v, not %+v", got, want)
		}
	}
	if _, found, err := a.Client(ctx, 99999); found || err != nil {
		t.Error(found, err)
	}
	b.leave()
	if list, err := a.Servers(ctx); err != nil || len(list) != 1 {
		t.Errorf("%d servers, %v", len(list), err)
	}
}

func TestNinetyThousandClientsAreListed(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	ctx := context.Background()
	var cmds rueidis.Commands
	for id := 10000; id < 100000; id++ {
		key := fmt.Sprintf("cr:{%02d}:clients", id%partitions)
		cmds = append(cmds, s.b.B().Hset().Key(key).FieldValue().FieldValue(strconv.Itoa(id), "node 192.0.2.1 User "+strconv.Itoa(id)).Build())
		if len(cmds) == 1000 {
			for _, r := range s.b.DoMulti(ctx, cmds...) {
				if err := r.Error(); err != nil {
					t.Fatal(err)
				}
			}
			cmds = cmds[:0]
		}
	}
	s.do("CONFIG", "SET", "slowlog-log-slower-than", "5000")
	s.do("SLOWLOG", "RESET")
	start := time.Now()
	ids, total, next, err := n.Clients(ctx, "", "", 1000)
	t.Logf("a page of all took %s", time.Since(start))
	if err != nil || total != 90000 || len(ids) != 1000 || ids[0] != 10000 || next != "10999" {
		t.Fatalf("%d ids of %d, next %q, %v", len(ids), total, next, err)
	}
	start = time.Now()
	ids, total, _, err = n.Clients(ctx, "USER 1234", "", 10000)
	t.Logf("a page of a filter took %s, %d commands over 5 ms", time.Since(start), s.int("SLOWLOG", "LEN"))
	if err != nil || total != 10 || len(ids) != 10 || ids[9] != 12349 {
		t.Fatalf("%v of %d, %v", ids, total, err)
	}
	var all []chat.ClientID
	for cursor := ""; ; {
		page, _, next, err := n.Clients(ctx, "", cursor, 10000)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(all) != 90000 || !slices.IsSorted(all) || len(slices.Compact(all)) != 90000 {
		t.Errorf("%d ids page by page", len(all))
	}
	for _, bad := range []string{"x", "-1", "007", "0"} {
		if _, _, _, err := n.Clients(ctx, "", bad, 10); err == nil {
			t.Errorf("cursor %q is taken", bad)
		}
	}
}

func TestTheAuditKeepsTheLastThousand(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	ctx := context.Background()
	if list, err := n.Audit(ctx); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
	for i := range 1005 {
		if err := n.AppendAudit(ctx, chat.AuditEntry{At: int64(i), By: "root", Action: "ban", Target: strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := n.Audit(ctx)
	if err != nil || len(list) != 1000 || list[0].At != 1004 || list[999].At != 5 {
		t.Errorf("%d entries, %v", len(list), err)
	}
}

func TestTheWindowSlidesOverTheCluster(t *testing.T) {
	t.Parallel()
	s := launch(t)
	nodes := []*testNode{begin(t, s, nil), begin(t, s, nil)}
	ctx := context.Background()
	var mu sync.Mutex
	allowed, retry := 0, int64(0)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			ok, after, err := nodes[i%2].Allow(ctx, "ip {x}:192.0.2.1", 20)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if ok {
				allowed++
			} else {
				retry = max(retry, after)
			}
		})
	}
	wg.Wait()
	if allowed != 20 || retry < 1 || retry > 60000 {
		t.Errorf("%d allowed, again after %d ms", allowed, retry)
	}
	if ok, _, err := nodes[0].Allow(ctx, "another", 20); !ok || err != nil {
		t.Error(ok, err)
	}
	if keys := s.endless(); len(keys) > 0 {
		t.Errorf("without an end: %v", keys)
	}
}

func TestAFreedPlaceInTheWindowIsExact(t *testing.T) {
	t.Parallel()
	s := launch(t)
	n := begin(t, s, nil)
	try := func() int64 {
		wait, err := n.store.run(context.Background(), scriptRate, []string{"cr:{rlx}:w"}, []string{"2", "4000"}).AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	for range 2 {
		if try() != 0 {
			t.Fatal("refused at once")
		}
	}
	refused := 0
	for wait := try(); wait > 0; wait = try() {
		if wait > 4000 {
			t.Fatalf("told to wait %d ms", wait)
		}
		refused++
		time.Sleep(time.Duration(wait) * time.Millisecond)
	}
	// It waited as long as it was told, once or (for the rounding) twice.
	if refused < 1 || refused > 2 {
		t.Errorf("refused %d times", refused)
	}
}
