package admin

import (
	"math"

	"chatroom/internal/chat"
)

// rate turns the counters of one node into figures per second. Records of other nodes are renewed
// on their own clock, so the time between two of them counts, not the time between two samples.
type rate struct {
	seen     bool
	at       int64 // Unix milliseconds, the node's clock
	received int64
	sent     int64

	messages   float64 // per second
	deliveries float64 // per second
}

// update takes the newest record. An unchanged one leaves the figures as they are; counters that
// fell mean that the node began anew.
func (r *rate) update(n *chat.ServerStats) {
	elapsed := n.LastUpdatedAt - r.at
	if r.seen && elapsed == 0 {
		return
	}
	r.messages, r.deliveries = 0, 0
	if r.seen && elapsed > 0 && n.TotalMessagesReceived >= r.received && n.TotalMessagesSent >= r.sent {
		r.messages = float64(n.TotalMessagesReceived-r.received) * 1000 / float64(elapsed)
		r.deliveries = float64(n.TotalMessagesSent-r.sent) * 1000 / float64(elapsed)
	}
	r.seen, r.at, r.received, r.sent = true, n.LastUpdatedAt, n.TotalMessagesReceived, n.TotalMessagesSent
}

// since is what a histogram gained over an earlier state of it.
func since(now, before chat.Latency) chat.Latency {
	for i := range now.Buckets {
		now.Buckets[i] -= min(before.Buckets[i], now.Buckets[i])
	}
	now.SumMicros -= min(before.SumMicros, now.SumMicros)
	now.Count -= min(before.Count, now.Count)
	return now
}

// quantile is the upper bound, in microseconds, of the bucket that holds the quantile q; of the
// last, open bucket it is the largest bound. An empty histogram gives 0.
func quantile(h chat.Latency, q float64) int64 {
	var total uint64
	for _, n := range h.Buckets {
		total += n
	}
	if total == 0 {
		return 0
	}
	rank := uint64(math.Ceil(q * float64(total)))
	for i, n := range h.Buckets {
		if rank <= n {
			return chat.LatencyBounds[min(i, len(chat.LatencyBounds)-1)]
		}
		rank -= n
	}
	return chat.LatencyBounds[len(chat.LatencyBounds)-1]
}

// round keeps so many parts of one.
func round(v, parts float64) float64 { return math.Round(v*parts) / parts }
