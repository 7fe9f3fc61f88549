package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// tail finds the end of the append-only file: the part that grows.
func (p *process) tail() string {
	p.t.Helper()
	parts, err := filepath.Glob(filepath.Join(p.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(parts) == 0 {
		p.t.Fatalf("no append-only file in %s: %v", p.dir, err)
	}
	slices.Sort(parts)
	return parts[len(parts)-1]
}

func (p *process) written() int64 {
	p.t.Helper()
	info, err := os.Stat(p.tail())
	if err != nil {
		p.t.Fatal(err)
	}
	return info.Size()
}

// stored reads the messages of a room from the log in Redis, by their numbers.
func stored(t *testing.T, addr, log string) map[uint64]chat.MessageID {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	entries, err := client.Do(t.Context(), client.B().Xrange().Key(log).Start("-").End("+").Build()).AsXRange()
	if err != nil {
		t.Fatal(err)
	}
	held := map[uint64]chat.MessageID{}
	for _, x := range entries {
		e, _, ok := parseRecord(x.FieldValues["r"])
		seq, err := strconv.ParseUint(x.ID[:len(x.ID)-len("-0")], 10, 64)
		if !ok || err != nil {
			t.Fatalf("entry %s is no message", x.ID)
		}
		held[seq] = e.MessageID
	}
	return held
}

// offered says whether messages that were acknowledged since then must still be offered again by
// their nodes. A machine that needed longer for what takes a second proves nothing about them.
func offered(t *testing.T, since time.Time) bool {
	if took := time.Since(since); took > replayWindow/2 {
		t.Logf("%v since the first acknowledgement: what was lost may be too old to be offered again", took)
		return false
	}
	return true
}

// TestPowerLossCutsTheFile takes power from Redis: of its append-only file is left what the disk had.
// Nothing can take pages from the kernel in a test, so the file is cut where the disk may have
// been: with always nowhere before what was acknowledged, otherwise anywhere.
func TestPowerLossCutsTheFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sync string
		left       func(safe, end int64) int64
	}{
		{"always, behind what was acknowledged", "always", func(safe, end int64) int64 { return safe + (end-safe)/2 }},
		{"everysec, before what was acknowledged", "everysec", func(safe, _ int64) int64 { return safe - 500 }},
		{"everything", "no", func(int64, int64) int64 { return 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			redis := spawn(t, freePort(t), "--save", "", "--appendonly", "yes", "--appendfsync", c.sync)
			p := onto(t, "redis://"+redis.addr(), nil)
			since := time.Now()
			p.flood(30, "safe")
			safe := p.settle()
			p.whole(safe)
			acknowledged := redis.written()
			p.flood(10, "torn")
			p.settle()
			redis.kill()
			left := c.left(acknowledged, redis.written())
			if err := os.Truncate(redis.tail(), left); err != nil {
				t.Fatal(err)
			}
			redis.run()
			replayed := offered(t, since)
			if c.sync == "always" {
				held := stored(t, redis.addr(), p.a.store.keys.room(p.room).log)
				for _, m := range safe {
					e, _, _ := p.from[slices.IndexFunc(p.order, func(o chat.Pending) bool { return o.Tag == m.Tag && o.MessageID == m.MessageID })].verdict(m)
					if held[e.Seq] != m.MessageID {
						t.Errorf("message %d was acknowledged before the cut and is not in the file", e.Seq)
					}
				}
			}
			until(t, "both nodes tell their members", func() bool { return p.resyncs() >= 2 })
			p.works()
			p.flood(10, "after")
			acked := p.settle()
			if !replayed {
				acked = acked[len(acked)-10:]
			}
			p.holds(acked)
			var epochs [2]chat.Epoch
			for i, s := range []*scene{p.a, p.b} {
				s.look(func() { epochs[i] = s.of(p.room).info.Epoch })
			}
			if epochs[0] != epochs[1] {
				t.Error("the nodes are in different epochs")
			}
		})
	}
}
