package admin

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"chatroom/internal/chat"
)

// The rhythm of /admin/events.
const (
	sampleEvery   = time.Second
	historyLength = 3600                   // samples: one hour
	roomsEvery    = 5                      // samples between two counts of the cluster's rooms
	maxSampleTime = 900 * time.Millisecond // then this node is shown alone, and the rhythm is kept
)

// Totals are the figures of the whole cluster at one moment.
type Totals struct {
	Connections         int64   `json:"connections"`
	Rooms               int64   `json:"rooms"`
	MessagesPerSecond   float64 `json:"messagesPerSecond"`
	DeliveriesPerSecond float64 `json:"deliveriesPerSecond"`
	P50Ms               float64 `json:"p50Ms"` // delivery, the nodes' medians weighted by their deliveries
	P99Ms               float64 `json:"p99Ms"` // delivery, of the slowest node
	MemoryBytes         int64   `json:"memoryBytes"`
	RedisP99Ms          float64 `json:"redisP99Ms"` // one exchange with Redis, seen by this node in the last second
}

// sample is one entry of the history.
type sample struct {
	At     int64  `json:"at"` // Unix milliseconds
	Totals Totals `json:"totals"`
}

// statsEvent is the data of one `stats` event. Partial is true while the cluster can't be asked:
// then it shows this node only.
type statsEvent struct {
	sample
	Servers []chat.ServerStats `json:"servers"`
	Partial bool               `json:"partial,omitempty"`
}

// tick is one event, encoded once for all streams.
type tick struct {
	data []byte        // Frozen: shared by recipients, written by none.
	next chan struct{} // closed when there is a newer tick
}

// sampler asks once a second how the cluster is and keeps the last hour. One goroutine runs it;
// streams read it on theirs.
type sampler struct {
	// Immutable after open.
	node    Node
	timeout time.Duration
	done    chan struct{} // closed by end

	// Owned by the goroutine of run.
	rates    map[string]*rate
	redis    chat.Latency
	rooms    int64
	roomsAge int

	// Guarded by mu.
	mu      sync.Mutex
	once    sync.Once
	current *tick
	history []sample // a ring once it is full
	oldest  int
}

func newSampler(node Node, timeout time.Duration) *sampler {
	return &sampler{
		node: node, timeout: timeout, done: make(chan struct{}), rates: make(map[string]*rate),
		current: &tick{next: make(chan struct{})}, roomsAge: roomsEvery,
	}
}

// run samples until ctx ends.
func (s *sampler) run(ctx context.Context) {
	s.redis = s.node.ClusterCounters().RoundTrip
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		s.publish(s.take(ctx))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// end tells the streams to end. It may be called more than once.
func (s *sampler) end() { s.once.Do(func() { close(s.done) }) }

// take makes one sample.
func (s *sampler) take(ctx context.Context) statsEvent {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var e statsEvent
	servers, err := s.node.Servers(ctx)
	if err != nil || len(servers) == 0 {
		servers, e.Partial = []chat.ServerStats{s.node.Stats()}, err != nil
	}
	e.At, e.Servers = time.Now().UnixMilli(), servers

	t := &e.Totals
	present := make(map[string]*rate, len(servers))
	var local int64
	var weighted float64
	for i := range servers {
		n := &servers[i]
		t.Connections += n.ActiveConnections
		t.MemoryBytes += n.MemoryBytes
		local = max(local, n.TotalRooms)
		r := s.rates[n.ServerID]
		if r == nil {
			r = &rate{}
		}
		r.update(n)
		present[n.ServerID] = r
		t.MessagesPerSecond += r.messages
		t.DeliveriesPerSecond += r.deliveries
		weighted += r.deliveries * float64(n.P50Micros)
		t.P99Ms = max(t.P99Ms, float64(n.P99Micros)/1000)
	}
	s.rates = present
	if t.DeliveriesPerSecond > 0 {
		t.P50Ms = round(weighted/t.DeliveriesPerSecond/1000, 1000)
	}
	t.MessagesPerSecond, t.DeliveriesPerSecond = round(t.MessagesPerSecond, 10), round(t.DeliveriesPerSecond, 10)
	t.Rooms = max(s.countRooms(ctx), local)
	now := s.node.ClusterCounters().RoundTrip
	t.RedisP99Ms = float64(quantile(since(now, s.redis), 0.99)) / 1000
	s.redis = now
	return e
}

// countRooms asks for the number of rooms in the cluster every few samples: a room that several
// nodes serve can't be had from a sum over the nodes.
func (s *sampler) countRooms(ctx context.Context) int64 {
	if s.roomsAge++; s.roomsAge >= roomsEvery {
		if _, total, _, err := s.node.Rooms(ctx, "", "", 1); err == nil {
			s.rooms, s.roomsAge = total, 0
		}
	}
	return s.rooms
}

// publish keeps the sample and wakes the streams.
func (s *sampler) publish(e statsEvent) {
	data, err := json.Marshal(e)
	if err != nil {
		return
	}
	next := &tick{data: data, next: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.history) < historyLength {
		s.history = append(s.history, e.sample)
	} else {
		s.history[s.oldest] = e.sample
		s.oldest = (s.oldest + 1) % historyLength
	}
	last := s.current
	s.current = next
	close(last.next)
}

// latest is the newest tick; before the first sample its data is empty.
func (s *sampler) latest() *tick {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// opening is the newest tick together with the data that a new stream begins with: the same event
// with the history in it, oldest first. The lock is held only while samples are copied.
func (s *sampler) opening() (*tick, []byte) {
	s.mu.Lock()
	t := s.current
	samples := make([]sample, 0, len(s.history))
	samples = append(samples, s.history[s.oldest:]...)
	samples = append(samples, s.history[:s.oldest]...)
	s.mu.Unlock()
	history, err := json.Marshal(samples)
	if err != nil || len(t.data) == 0 {
		return t, t.data
	}
	data := make([]byte, 0, len(t.data)+len(history)+16)
	data = append(data, t.data[:len(t.data)-1]...)
	data = append(data, `,"history":`...)
	data = append(data, history...)
	return t, append(data, '}')
}
