package cluster

import (
	"sync"
	"sync/atomic"

	"chatroom/internal/chat"
)

// departures are the sessions that are being taken out of their rooms. A room on a shard that is away
// keeps each of them waiting; it is not asked again with every sweep, or its queue would only grow.
type departures struct {
	// Guarded by mu.
	mu       sync.Mutex
	underWay map[departing]chan struct{}
}

type departing struct {
	client chat.ClientID
	nonce  chat.Nonce
}

// leave takes a session out of its rooms, unless that is under way; the channel is closed when it has
// left. Any goroutine; does not block.
func (d *departures) leave(cluster *Cluster, c closed) <-chan struct{} {
	who := departing{c.member.Client, c.member.Nonce}
	d.mu.Lock()
	left, under := d.underWay[who]
	if !under {
		left = make(chan struct{})
		d.underWay[who] = left
	}
	d.mu.Unlock()
	if under {
		return left
	}
	var open atomic.Int64
	open.Store(int64(len(c.rooms) + 1))
	one := func() {
		if open.Add(-1) > 0 {
			return
		}
		d.mu.Lock()
		delete(d.underWay, who)
		d.mu.Unlock()
		close(left)
	}
	for _, room := range c.rooms {
		cluster.depart(room, departure{client: c.member.Client, nonce: c.member.Nonce, why: c.departure()}, sync.OnceFunc(one))
	}
	one()
	return left
}
