package chat

// LatencyBounds are the upper bounds of Counters.Latency in microseconds; what is slower falls
// into one bucket more. From a tenth of a millisecond to ten seconds.
var LatencyBounds = [...]int64{100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000}

// Latency is a histogram of durations over LatencyBounds.
type Latency struct {
	Buckets   [len(LatencyBounds) + 1]uint64
	SumMicros uint64
	Count     uint64
}

// Counters is what a node has counted since it started and what it holds now, summed over its
// loops at the moment of asking. Maps have a fixed, small set of keys.
type Counters struct {
	Connections   int64             // open now
	Rooms         int64             // with members on this node
	SplitRooms    int64             // of those, rooms whose members sit on several event loops
	PendingBytes  int64             // unsent, all connections
	Handshakes    map[string]uint64 // by result: ok, bad_request, forbidden, banned, rate_limited, capacity, draining, timeout …
	Closes        map[int]uint64    // by close code
	Messages      uint64            // accepted
	Deliveries    uint64            // copies written to members, the sender's ACK included
	BytesIn       uint64
	BytesOut      uint64
	SlowReaders   uint64
	Resumes       map[string]uint64 // by result: ok, invalid, banned, unavailable
	Dedupes       uint64
	RateLimited   map[string]uint64 // by layer: message, handshake
	Panics        uint64            // recovered in a session's handler
	Delivery      Latency           // frame's arrival at the accepting node → written to a node's last member
	LoopTurn      Latency           // one turn of a loop with work
	Errors        map[string]uint64 // ERROR events by code
	RoomsCreated  uint64
	LogBytes      int64 // held by the room logs
	MaxConnection int64 // the cap
}

// ClusterCounters is what the link to Redis has counted; all zero on a node without Redis.
type ClusterCounters struct {
	Gaps         uint64 // jumps of seq or forks noticed
	Repairs      uint64 // gaps filled without members noticing
	Resyncs      uint64 // gaps that members were told of
	Dedupes      uint64
	Probes       uint64
	ProbeMisses  uint64
	ProbeRTT     Latency // script → channel → own subscription
	RoundTrip    Latency // one exchange with Redis
	Subscribed   int64   // room channels now
	BatchSizes   Latency // messages per publish, the bounds read as counts
	LeaseRenewed uint64
	Reaped       uint64 // dead nodes cleaned up by this one
}
