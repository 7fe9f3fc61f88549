package engine

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// The bounds of an inbox for commands of sessions. Frames, answers and control always enter: to
// refuse them would lose what was promised.
const (
	inboxEvents = 8192
	inboxBytes  = 16 << 20
)

// inbox is the only way into a loop from outside: a queue with many producers and one consumer
// that wakes the loop once per empty→non-empty.
//
// It is two slices that change places under a mutex. A lock-free list was rejected: it allocates
// or pools a node per event and its consumer chases pointers, while here one lock serves a whole
// batch; gnet's own queue (Execute per event) can reorder above 1,024 waiting tasks.
type inbox struct {
	// Immutable after open.
	wake func()

	// Guarded by mu.
	mu     sync.Mutex
	filled []event
	awake  bool // the loop will drain before it sleeps
	closed bool

	// Owned by the session's loop.
	spare []event

	// Atomic; any goroutine.
	count atomic.Int64 // events that wait
	bytes atomic.Int64 // bytes they hold on to
}

// post adds an event. After close it is dropped. Any goroutine.
func (in *inbox) post(ev event) {
	in.mu.Lock()
	if in.closed {
		in.mu.Unlock()
		return
	}
	in.filled = append(in.filled, ev)
	in.count.Add(1)
	in.bytes.Add(ev.weight())
	if !in.awake {
		// Under the lock: close must not return while a wake-up is under way, or it would write to
		// an eventfd number that belongs to somebody else by then.
		in.awake = true
		in.wake()
	}
	in.mu.Unlock()
}

// full reports whether commands of sessions have to wait. Any goroutine.
func (in *inbox) full() bool {
	return in.count.Load() > inboxEvents || in.bytes.Load() > inboxBytes
}

// hold says that the loop is in a turn and will drain at its end: nobody needs to wake it. It
// returns false when that was known. Loop only.
func (in *inbox) hold() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.awake || in.closed {
		return false
	}
	in.awake = true
	return true
}

// take returns what waits, in order, and keeps the loop awake; with nothing left it lets the loop
// sleep. The slice is good until the next call. Loop only.
func (in *inbox) take() []event {
	clear(in.spare)
	in.mu.Lock()
	batch := in.filled
	in.filled = in.spare[:0]
	if len(batch) == 0 {
		in.awake = false
	}
	in.mu.Unlock()
	in.spare = batch
	if cap(batch) > 4*inboxEvents {
		in.spare = nil // a burst does not keep its memory
	}
	return batch
}

// done says that an event of the batch was handled. Loop only.
func (in *inbox) done(ev *event) {
	in.count.Add(-1)
	in.bytes.Add(-ev.weight())
}

// close drops what waits and everything that comes; when it returns nobody calls wake any more.
// Any goroutine.
func (in *inbox) close() {
	in.mu.Lock()
	in.closed, in.filled = true, nil
	in.mu.Unlock()
}

// weight is what an event holds on to, about.
func (ev *event) weight() int64 {
	return int64(unsafe.Sizeof(*ev)) + int64(len(ev.frame))
}
