package cluster

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"chatroom/internal/chat"
)

// executorsPerShard lets a room's script start while another exchange waits for its reply.
const executorsPerShard = 2

// maxLists bounds the LIST_ROOMS that are answered at the same time.
const maxLists = 64

// rooms is the room log: shards that own the rooms, executors and subscriptions.
type rooms struct {
	// Immutable after open.
	c        *Cluster
	shards   []*shard
	topology *topology
	replicas *replicaWriters // nil without AckReplica
	origin   string          // the node's UUID, sixteen bytes
	node     string          // the same in hexadecimal digits
	idle     time.Duration   // idleFollow, and
	every    time.Duration   // checkInterval; a test shortens them between Open and Start

	// Atomic; any goroutine.
	counts      roomCounts
	lastGrumble atomic.Int64

	life   context.Context // ends with stop
	cancel context.CancelFunc
	lists  chan struct{} // one element for each list under way
	tasks  sync.WaitGroup
}

// roomCounts are the counters of chat.ClusterCounters that the room log keeps.
type roomCounts struct {
	// Atomic; any goroutine.
	gaps, repairs, resyncs, dedupes, probes, probeMisses atomic.Uint64
	probeRTT, batches                                    histogram
}

func newRooms(c *Cluster) *rooms {
	r := &rooms{c: c, idle: idleFollow, every: checkInterval, origin: string(c.node[:]), lists: make(chan struct{}, maxLists)}
	r.life, r.cancel = context.WithCancel(context.Background())
	for i := 0; i < len(c.node); i++ {
		const digits = "0123456789abcdef"
		r.node += string([]byte{digits[c.node[i]>>4], digits[c.node[i]&15]})
	}
	for range max(1, min(4, runtime.GOMAXPROCS(0))) {
		r.shards = append(r.shards, newShard(r))
	}
	r.topology = newTopology(r)
	if c.config.Ack == AckReplica {
		r.replicas = newReplicaWriters(r)
	}
	return r
}

// start begins all goroutines; ctx bounds only the first look at the topology.
func (r *rooms) start(ctx context.Context) error {
	life := r.life
	for _, s := range r.shards {
		r.tasks.Go(func() { s.run(life) })
		for range executorsPerShard {
			r.tasks.Go(func() { s.exec.run(life) })
		}
	}
	if err := r.topology.refresh(ctx); err != nil {
		return err
	}
	r.tasks.Go(func() { r.topology.run(life) })
	return nil
}

// stop ends all goroutines.
func (r *rooms) stop(ctx context.Context) error {
	r.cancel()
	for _, s := range r.shards {
		s.exec.close()
	}
	r.topology.close()
	if r.replicas != nil {
		r.replicas.close()
	}
	done := make(chan struct{})
	go func() {
		r.tasks.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shardOf returns the shard that owns a room.
func (r *rooms) shardOf(room chat.RoomID) *shard {
	return r.shards[int(room/partitions)%len(r.shards)]
}

// submit takes a job of a room to Redis.
func (r *rooms) submit(room *room, j *job) {
	if j.wait && r.replicas != nil {
		r.replicas.submit(partition(room.id), j, room.shard)
		return
	}
	room.shard.exec.submit(j)
}

// changed is called when another Redis answers than before: every room looks at once whether that
// one has all of it.
func (r *rooms) changed() {
	r.c.redisChanged()
	for _, s := range r.shards {
		s.post(post{kind: postCall, call: func(s *shard) {
			for _, room := range s.byID {
				if room.following {
					room.nextCheck = s.now
				} else if room.info.ID != 0 {
					room.replayAt = s.now.Add(2 * settleTime) // those who are in it look first
				}
			}
		}})
	}
}

// complain logs that Redis does not answer as it should, at most once a second.
func (r *rooms) complain(err error) {
	now := time.Now().UnixMilli()
	last := r.lastGrumble.Load()
	if err == nil || now-last < 1000 || !r.lastGrumble.CompareAndSwap(last, now) {
		return
	}
	r.c.config.Logger.Warn("redis did not run a script; it is tried again", "error", err.Error())
}
