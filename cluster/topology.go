package cluster

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// topology knows which primary serves which partition and keeps one link to each.
type topology struct {
	// Immutable after open.
	rooms *rooms
	slots [partitions]int64 // Redis Cluster's slot of each partition's hash tag
	kick  chan struct{}     // of capacity one: something points at a change

	// Atomic; any goroutine.
	routes [partitions]atomic.Pointer[link]

	// Guarded by mu.
	mu      sync.Mutex
	serves  [partitions]string // address; "" = the only primary, whoever that is
	links   map[string]*link
	retired bool
}

func newTopology(r *rooms) *topology {
	t := &topology{rooms: r, kick: make(chan struct{}, 1), links: map[string]*link{}}
	for p := range t.slots {
		tag := r.c.store.keys.tags[p]
		t.slots[p] = int64(crc16(tag[strings.IndexByte(tag, '{')+1:strings.IndexByte(tag, '}')]) % 16384)
	}
	return t
}

// run looks at the topology now and then, and when something points at a change.
func (t *topology) run(ctx context.Context) {
	timer := time.NewTicker(topologyInterval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-t.kick:
		}
		if err := t.refresh(ctx); err != nil && ctx.Err() == nil {
			t.rooms.complain(err)
		}
	}
}

// suspect asks for a look soon. Any goroutine.
func (t *topology) suspect() { wake(t.kick) }

// refresh asks who serves what and goes there. One at a time.
func (t *topology) refresh(ctx context.Context) error {
	var serves [partitions]string
	if t.rooms.c.store.client.Mode() == rueidis.ClientModeCluster {
		if err := t.askCluster(ctx, &serves); err != nil {
			return err
		}
	}
	t.use(serves)
	if w := t.rooms.replicas; w != nil {
		w.keep(serves[:])
	}
	return nil
}

// use moves channels to the primaries that serve now.
func (t *topology) use(serves [partitions]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.retired {
		return
	}
	former := t.serves
	t.serves = serves
	changed, probed := false, map[string]bool{}
	for p, addr := range serves {
		l := t.links[addr]
		if l == nil {
			l = newLink(t, addr, p)
			t.links[addr] = l
			t.rooms.tasks.Go(l.run)
			t.rooms.tasks.Go(l.probe)
		}
		if !probed[addr] {
			probed[addr] = true
			l.probeBy(p)
		}
		t.routes[p].Store(l)
		if old := t.links[former[p]]; old != nil && old != l {
			changed = true
			l.heldUntil.Store(time.Now().Add(settleTime).UnixNano())
			for channel, room := range old.take(p) {
				l.want(channel, room)
			}
		}
	}
	for addr, l := range t.links {
		if !slices.Contains(serves[:], addr) {
			delete(t.links, addr)
			l.close()
		}
	}
	if changed {
		t.rooms.changed()
	}
}

// askCluster reads CLUSTER SLOTS from the first node that answers.
func (t *topology) askCluster(ctx context.Context, serves *[partitions]string) error {
	err := errors.New("cluster: no node of the Redis Cluster answers")
	for addr, node := range t.rooms.c.store.client.Nodes() {
		ctx, cancel := context.WithTimeout(ctx, requestDeadline)
		var ranges []rueidis.RedisMessage
		ranges, err = node.Do(ctx, node.B().ClusterSlots().Build()).ToArray()
		cancel()
		if err == nil && t.readSlots(addr, ranges, serves) {
			return nil
		}
		err = errors.Join(err, errors.New("cluster: "+addr+" does not know who serves all slots"))
	}
	return err
}

// readSlots fills in who serves each partition; false when a slot is served by nobody.
func (t *topology) readSlots(asked string, ranges []rueidis.RedisMessage, serves *[partitions]string) bool {
	found := 0
	for i := range ranges {
		r, err := ranges[i].ToArray()
		if err != nil || len(r) < 3 {
			return false
		}
		low, _ := r[0].AsInt64()
		high, _ := r[1].AsInt64()
		primary, err := r[2].ToArray()
		if err != nil || len(primary) < 2 {
			return false
		}
		host, _ := primary[0].ToString()
		port, _ := primary[1].AsInt64()
		if host == "" { // "the one you asked"
			host, _, _ = net.SplitHostPort(asked)
		}
		for p, slot := range t.slots {
			if low <= slot && slot <= high {
				serves[p] = net.JoinHostPort(host, strconv.FormatInt(port, 10))
				found++
			}
		}
	}
	return found == partitions
}

// open says whether publishes of a partition may go out now. Any goroutine.
func (t *topology) open(p int, now time.Time) bool {
	l := t.routes[p].Load()
	return l != nil && l.open(now)
}

// subscribe wants a room's channel; its shard hears when it is confirmed. Any goroutine.
func (t *topology) subscribe(channel string, room chat.RoomID) {
	t.mu.Lock()
	defer t.mu.Unlock() // held on: between the look and the wish the channel could move
	if l := t.links[t.serves[partition(room)]]; l != nil {
		l.want(channel, room)
	}
}

// unsubscribe gives a channel up. Any goroutine.
func (t *topology) unsubscribe(channel string, room chat.RoomID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.links[t.serves[partition(room)]]; l != nil {
		l.giveUp(channel)
	}
}

// primaries returns the links of now.
func (t *topology) primaries() []*link {
	t.mu.Lock()
	defer t.mu.Unlock()
	links := make([]*link, 0, len(t.links))
	for _, l := range t.links {
		links = append(links, l)
	}
	return links
}

// address returns who serves a partition.
func (t *topology) address(p int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.serves[p]
}

// client returns what reaches a primary alone; nil while the client library does not know it yet.
func (t *topology) client(addr string) rueidis.Client {
	if addr == "" {
		return t.rooms.c.store.client
	}
	return t.rooms.c.store.client.Nodes()[addr]
}

// close ends all links.
func (t *topology) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retired = true
	for _, l := range t.links {
		l.close()
	}
}

// crc16 is CRC-16/XMODEM, with which a Redis Cluster finds the slot of a hash tag.
func crc16(s string) (crc uint16) {
	for i := range len(s) {
		crc ^= uint16(s[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
