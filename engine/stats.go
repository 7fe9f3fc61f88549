package engine

import (
	"runtime/metrics"
	"sync/atomic"

	"chatroom/internal/chat"
)

// quantiles are the delivery latencies of the last full second.
type quantiles struct {
	// Owned by gnet's ticker.
	before chat.Latency

	// Atomic; any goroutine.
	p50, p99 atomic.Int64
}

// measure takes the latencies of the second that just ended. It runs on gnet's ticker.
func (e *Engine) measure() {
	var now chat.Latency
	for _, l := range *e.loops.Load() {
		l.counters.delivery.addTo(&now)
	}
	second := now
	for i := range second.Buckets {
		second.Buckets[i] -= e.quantiles.before.Buckets[i]
	}
	second.Count -= e.quantiles.before.Count
	e.quantiles.before = now
	e.quantiles.p50.Store(quantile(&second, 0.50))
	e.quantiles.p99.Store(quantile(&second, 0.99))
}

// quantile is the upper bound of the bucket that holds the share q, in microseconds; 0 without
// observations.
func quantile(l *chat.Latency, q float64) int64 {
	if l.Count == 0 {
		return 0
	}
	rank := uint64(q * float64(l.Count))
	var seen uint64
	for i, n := range l.Buckets[:len(chat.LatencyBounds)] {
		if seen += n; seen > rank {
			return chat.LatencyBounds[i]
		}
	}
	return chat.LatencyBounds[len(chat.LatencyBounds)-1]
}

// Stats is this node as operators see it. Any goroutine.
func (e *Engine) Stats() chat.ServerStats {
	now := e.cfg.Now()
	stats := chat.ServerStats{
		ServerID: e.cfg.ServerID, Host: e.host, Version: e.cfg.Version,
		StartedAt: e.started.UnixMilli(), Uptime: int64(now.Sub(e.started).Seconds()),
		ActiveConnections: e.open.Load(), MemoryBytes: memoryBytes(), LastUpdatedAt: now.UnixMilli(),
		P50Micros: e.quantiles.p50.Load(), P99Micros: e.quantiles.p99.Load(),
	}
	for _, l := range *e.loops.Load() {
		c := &l.counters
		stats.TotalRooms += c.rooms.Load()
		stats.TotalRoomsCreated += int64(c.created.Load())
		stats.TotalMessagesReceived += int64(c.messages.Load())
		stats.TotalMessagesSent += int64(c.deliveries.Load())
		stats.LeakyConnections += c.leaky.Load()
	}
	return stats
}

// memoryBytes is what the process holds of the system's memory, by the runtime's own account.
// runtime/metrics, because runtime.ReadMemStats stops the world.
func memoryBytes() int64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// sessionSlice is how many sessions are copied in one turn of a loop.
const sessionSlice = 512

// Sessions yields all chat sessions of this node until yield returns false. The loops are asked in
// slices, so none of them stands still for it; sessions that come and go meanwhile may be missed.
// Any goroutine but a loop.
func (e *Engine) Sessions(yield func(chat.ClientRecord) bool) {
	for _, l := range *e.loops.Load() {
		for at := 0; at >= 0; {
			records, next, ok := e.sessionSlice(l, at)
			if !ok {
				return
			}
			for _, record := range records {
				if !yield(record) {
					return
				}
			}
			at = next
		}
	}
}

func (e *Engine) sessionSlice(l *loop, from int) (records []chat.ClientRecord, next int, ok bool) {
	done := make(chan struct{})
	l.inbox.post(event{kind: call, data: func(l *loop) {
		defer close(done)
		to := min(from+sessionSlice, len(l.sessions))
		for _, s := range l.sessions[min(from, to):to] {
			if s.open() && s.counted {
				records = append(records, s.record(e.cfg.ServerID))
			}
		}
		next = to
		if to == len(l.sessions) {
			next = -1
		}
	}})
	if !e.wait(done) {
		return nil, -1, false
	}
	return records, next, true
}

// Client finds the session that carries a client on this node. Any goroutine but a loop.
func (e *Engine) Client(id chat.ClientID) (record chat.ClientRecord, found bool) {
	s := e.clients.Find(uint64(id))
	if s == nil {
		return chat.ClientRecord{}, false
	}
	done := make(chan struct{})
	s.loop.inbox.post(event{kind: call, data: func(*loop) {
		defer close(done)
		if s.open() && s.member.Client == id {
			record, found = s.record(e.cfg.ServerID), true
		}
	}})
	if !e.wait(done) {
		return chat.ClientRecord{}, false
	}
	return record, found
}

// wait waits for a loop; false when the loops have ended.
func (e *Engine) wait(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-e.ended:
		return false
	}
}
