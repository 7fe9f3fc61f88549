package engine

import (
	"sync/atomic"
	"time"

	"chatroom/internal/chat"
)

// counters are what one loop has counted. Only the loop writes them (so they share no cache line
// with another loop's), whoever asks reads and sums.
type counters struct {
	// Atomic; any goroutine.
	sessions   atomic.Int64 // with a chat session
	rooms      atomic.Int64 // at home here
	split      atomic.Int64 // of those, with members on several loops
	pending    atomic.Int64 // unsent bytes, as of the last sweep
	leaky      atomic.Int64 // open over 10 s without a finished handshake, as of the last sweep
	lagging    atomic.Int64
	winding    atomic.Int64 // wait for their last bytes to go
	messages   atomic.Uint64
	deliveries atomic.Uint64
	bytesIn    atomic.Uint64
	bytesOut   atomic.Uint64
	slow       atomic.Uint64
	dedupes    atomic.Uint64
	limited    atomic.Uint64
	panics     atomic.Uint64
	created    atomic.Uint64
	delivery   histogram
	turn       histogram
	handshakes [len(handshakeResults)]atomic.Uint64
	resumes    [len(resumeResults)]atomic.Uint64
	closes     [len(chat.CloseCodes) + 1]atomic.Uint64 // the last: without a Close frame of ours
	failures   [len(failureCodes)]atomic.Uint64
	_          [64]byte
}

// histogram is a chat.Latency that is being written.
type histogram struct {
	// Atomic; any goroutine.
	buckets [len(chat.LatencyBounds) + 1]atomic.Uint64
	sum     atomic.Uint64
	count   atomic.Uint64
}

func (h *histogram) observe(d time.Duration) {
	micros := max(0, int64(d/time.Microsecond))
	at := 0
	for at < len(chat.LatencyBounds) && micros > chat.LatencyBounds[at] {
		at++
	}
	h.buckets[at].Add(1)
	h.sum.Add(uint64(micros))
	h.count.Add(1)
}

func (h *histogram) addTo(l *chat.Latency) {
	for i := range h.buckets {
		l.Buckets[i] += h.buckets[i].Load()
	}
	l.SumMicros += h.sum.Load()
	l.Count += h.count.Load()
}

// handshakeResult is how a request for /ws ended.
type handshakeResult uint8

const (
	handshakeOK handshakeResult = iota
	handshakeBad
	handshakeForbidden
	handshakeBanned
	handshakeLimited
	handshakeCapacity
	handshakeDraining
	handshakeTimeout
)

var handshakeResults = [...]string{
	"ok", "bad_request", "forbidden", "banned", "rate_limited", "capacity", "draining", "timeout",
}

var resumeResults = [...]string{"ok", "invalid", "banned", "unavailable"}

var failureCodes = [...]chat.Code{
	chat.BadJSON, chat.BadRequest, chat.UnknownType, chat.NameInvalid, chat.TextInvalid, chat.NotInRoom,
	chat.RoomNotFound, chat.RoomDeleted, chat.SessionInvalid, chat.RateLimited, chat.Unavailable,
	chat.Capacity, chat.Banned,
}

func (c *counters) failed(code chat.Code) {
	for i := range failureCodes {
		if failureCodes[i] == code {
			c.failures[i].Add(1)
		}
	}
}

func (c *counters) closed(code chat.CloseCode) {
	for i := range chat.CloseCodes {
		if chat.CloseCodes[i] == code {
			c.closes[i].Add(1)
			return
		}
	}
	c.closes[len(chat.CloseCodes)].Add(1)
}

func (c *counters) resumed(code chat.Code) {
	at := 3
	switch code {
	case "ok":
		at = 0
	case chat.SessionInvalid:
		at = 1
	case chat.Banned:
		at = 2
	}
	c.resumes[at].Add(1)
}

// abnormalClose is the key of Counters.Closes for connections that ended without a Close frame of
// ours: the code that RFC 6455 section 7.1.5 keeps for it.
const abnormalClose = 1006

// Counters sums what all loops have counted. Any goroutine.
func (e *Engine) Counters() chat.Counters {
	c := chat.Counters{
		Connections: e.open.Load(), MaxConnection: int64(e.limit), LogBytes: e.logBytes.Load(),
		Handshakes: make(map[string]uint64), Closes: make(map[int]uint64), Resumes: make(map[string]uint64),
		RateLimited: make(map[string]uint64), Errors: make(map[string]uint64),
	}
	for _, l := range *e.loops.Load() {
		l.counters.addTo(&c)
	}
	return c
}

func (c *counters) addTo(sum *chat.Counters) {
	sum.Rooms += c.rooms.Load()
	sum.SplitRooms += c.split.Load()
	sum.PendingBytes += c.pending.Load()
	sum.Messages += c.messages.Load()
	sum.Deliveries += c.deliveries.Load()
	sum.BytesIn += c.bytesIn.Load()
	sum.BytesOut += c.bytesOut.Load()
	sum.SlowReaders += c.slow.Load()
	sum.Dedupes += c.dedupes.Load()
	sum.Panics += c.panics.Load()
	sum.RoomsCreated += c.created.Load()
	sum.RateLimited["message"] += c.limited.Load()
	sum.RateLimited["handshake"] += c.handshakes[handshakeLimited].Load()
	for i, name := range handshakeResults {
		sum.Handshakes[name] += c.handshakes[i].Load()
	}
	for i, name := range resumeResults {
		sum.Resumes[name] += c.resumes[i].Load()
	}
	for i, code := range chat.CloseCodes {
		sum.Closes[int(code)] += c.closes[i].Load()
	}
	sum.Closes[abnormalClose] += c.closes[len(chat.CloseCodes)].Load()
	for i, code := range failureCodes {
		sum.Errors[string(code)] += c.failures[i].Load()
	}
	c.delivery.addTo(&sum.Delivery)
	c.turn.addTo(&sum.LoopTurn)
}
