package cluster

import (
	"crypto/rand"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"chatroom/internal/chat"
)

// counter is a feed that counts messages and lets the next ones go.
type counter struct {
	*witness
	delivered atomic.Int64
	free      chan struct{}
}

func (c *counter) Messages(_ chat.RoomID, _ chat.Epoch, entries []chat.Entry) {
	c.delivered.Add(int64(len(entries)))
	for i := range entries {
		if entries[i].Tag != 0 {
			<-c.free
		}
	}
}

// BenchmarkRoomLog takes messages of 64 rooms through one node and Redis and, by the channel, to a
// second node. At most 2,048 are on their way.
func BenchmarkRoomLog(b *testing.B) {
	redis := launch(b)
	var nodes [2]*Cluster
	var feeds [2]*counter
	for i := range nodes {
		feeds[i] = &counter{witness: newWitness(), free: make(chan struct{}, 2048)}
		raw := random(16)
		c, err := Open(b.Context(), Config{URL: "redis://" + redis.addr(),
			ServerID: raw[:8] + "-" + raw[8:12] + "-" + raw[12:16] + "-" + raw[16:20] + "-" + raw[20:]}, feeds[i].ear)
		if err != nil {
			b.Fatal(err)
		}
		c.Bind(feeds[i])
		if err := c.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		nodes[i] = c
		b.Cleanup(func() {
			c.life.abort()
			_ = c.rooms.stop(b.Context())
			c.store.close()
		})
	}
	enter := func(n int, ask func(m chat.Member, tag chat.Tag)) (m chat.Member, info chat.RoomInfo) {
		until(b, "an id is at hand", func() (ok bool) {
			m, ok = nodes[n].Directory().Open("192.0.2.1")
			return ok
		})
		tag := feeds[n].tag()
		ask(m, tag)
		until(b, "an answer", func() (ok bool) {
			feeds[n].with(func() { _, ok = feeds[n].codes[tag]; info = feeds[n].created[tag] })
			return ok
		})
		return m, info
	}
	const rooms = 64
	var members [rooms]chat.Member
	var ids [rooms]chat.RoomID
	for r := range rooms {
		m, info := enter(0, func(m chat.Member, tag chat.Tag) { nodes[0].Create(tag, "room", false, m) })
		members[r], ids[r] = m, info.ID
		enter(1, func(m chat.Member, tag chat.Tag) { nodes[1].Join(tag, info.ID, m, false) })
	}
	body := make([]byte, 200)
	batch := make([]chat.Pending, 8)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		r := n / len(batch) % rooms
		for i := range batch {
			feeds[0].free <- struct{}{}
			m := &members[r]
			batch[i] = chat.Pending{Tag: chat.Tag(n + 1), Client: m.Client, Nonce: m.Nonce, Incarnation: m.Incarnation,
				ID: strconv.Itoa(n), At: time.Now().UnixMilli(), Body: body}
			_, _ = rand.Read(batch[i].MessageID[:])
			n++
		}
		nodes[0].Append(ids[r], batch)
	}
	sent := int64((b.N + len(batch) - 1) / len(batch) * len(batch))
	for end := time.Now().Add(patience); feeds[0].delivered.Load() < sent || feeds[1].delivered.Load() < sent; runtime.Gosched() {
		if time.Now().After(end) {
			b.Fatalf("%d and %d of %d messages arrived", feeds[0].delivered.Load(), feeds[1].delivered.Load(), sent)
		}
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "msg/s")
}
