package cluster

import (
	"sync/atomic"
	"time"

	"chatroom/internal/chat"
)

// histogram counts durations over chat.LatencyBounds. The zero value is ready. Any goroutine.
type histogram struct {
	// Atomic; any goroutine.
	buckets [len(chat.LatencyBounds) + 1]atomic.Uint64
	sum     atomic.Uint64
}

// observe counts one duration.
func (h *histogram) observe(d time.Duration) { h.add(d.Microseconds()) }

// add counts one value in the unit of the bounds.
func (h *histogram) add(v int64) {
	i := 0
	for i < len(chat.LatencyBounds) && v > chat.LatencyBounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(uint64(max(v, 0)))
}

// snapshot reads the counts; they may be apart by what happens meanwhile.
func (h *histogram) snapshot() (l chat.Latency) {
	for i := range h.buckets {
		l.Buckets[i] = h.buckets[i].Load()
		l.Count += l.Buckets[i]
	}
	l.SumMicros = h.sum.Load()
	return l
}
