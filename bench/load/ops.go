package load

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"chatroom/wsproto"
)

// schedule is one behaviour at its rate, open loop like the messages.
type schedule struct {
	op       Op
	interval float64
	began    int64
	count    uint64
	latency  *Histogram
}

// moveReplay is how many last messages a member asks for that comes from another room.
const moveReplay = 20

// startOps lets the behaviours begin.
func (w *Worker) startOps(now int64) {
	w.ops = w.ops[:0]
	for op, rate := range w.plan.Ops {
		if rate > 0 {
			w.ops = append(w.ops, &schedule{op: op, interval: float64(time.Second) / rate, began: now, latency: NewHistogram()})
		}
	}
	slices.SortFunc(w.ops, func(a, b *schedule) int { // the order of a map would make runs differ
		if a.op < b.op {
			return -1
		}
		return 1
	})
}

// runOps begins what is due and returns when the next one is.
func (w *Worker) runOps(now int64) int64 {
	next := w.traffic.to
	for _, s := range w.ops {
		due := s.began + int64(float64(s.count)*s.interval)
		if due <= now && due < w.traffic.to {
			s.count++
			w.begin(s.op)
			due = s.began + int64(float64(s.count)*s.interval)
		}
		next = min(next, max(due, now))
	}
	return next
}

// begin lets a random member that is free do op.
func (w *Worker) begin(op Op) {
	c := w.free(op)
	if c == nil {
		w.events["operation skipped"]++
		return
	}
	w.opCounter++
	c.op, c.opAt, c.opID = op, w.clock(), w.opCounter
	switch op {
	case OpMove:
		c.target = w.rooms[w.random.IntN(len(w.rooms))]
		if c.target == c.room || c.target.id == 0 {
			c.op, c.target = "", nil
			w.events["operation skipped"]++
			return
		}
		w.writeText(c, appendJoinRoom(w.text[:0], c.target.id, moveReplay))
	case OpCut:
		w.drop(c, true)
		c.began = c.opAt
		w.enqueue(c)
	case OpReplace:
		w.frame = wsproto.AppendMaskedFrame(w.frame[:0], wsproto.OpClose, true, []byte{1000 >> 8, 1000 & 0xff})
		w.write(c, w.frame)
		c.room.leave(c)
		c.state = leaving
		w.present--
	default:
		w.writeText(c, appendOp(w.text[:0], op, c.opID))
	}
}

// free finds a member for op. Those that take somebody out of a room leave two behind, so that no
// room dies under the load, and wait until all own messages are answered, so that none of them
// outlives its sender's interest.
func (w *Worker) free(op Op) *conn {
	takesOut := op == OpMove || op == OpRejoin || op == OpReplace
	for range 32 {
		c := w.conns[w.random.IntN(len(w.conns))]
		if c.state != joined || c.op != "" || c.slow || takesOut && (len(c.room.members) <= 2 || len(c.pending) > 0) {
			continue
		}
		return c
	}
	return nil
}

// opAcknowledged takes the ACK of an operation, or of the PING behind a RESUME.
func (w *Worker) opAcknowledged(c *conn, id []byte) {
	switch {
	case !c.isOp(id):
	case c.state == resuming:
		if c.unsure {
			w.roomless(c)
		}
	case c.op == OpRejoin && c.state == joined:
		w.leftBehind(c)
		c.room.leave(c)
		w.present--
		w.rejoin(c)
	default:
		w.opAnswered(c, id)
	}
}

// leftBehind counts what a member misses of a room at the moment it is out of it: behind the
// answer nothing can come any more.
func (w *Worker) leftBehind(c *conn) {
	if n := len(c.missing); n > 0 {
		w.fault(&w.faults.Lost, "connection %d left room %d without %d messages", c.index, c.room.id, n)
		w.faults.Lost += uint64(n) - 1
		c.missing = nil
	}
}

// opDone ends the outstanding operation of c and counts how long it took.
func (w *Worker) opDone(c *conn) {
	for _, s := range w.ops {
		if s.op == c.op && c.opAt >= w.traffic.from && c.opAt < w.traffic.to {
			s.latency.Record(since(w.now, c.opAt))
		}
	}
	w.tickOps++
	c.op = ""
	if len(c.room.due) > 0 {
		w.sendDue(c.room) // somebody can send again
	}
}

// cutAll resets every connection at once and lets all of them come back.
func (w *Worker) cutAll() {
	now := w.clock()
	var cut []*conn
	for _, c := range w.conns {
		if c.state == joined {
			w.drop(c, true)
			c.began = now
			c.unanswered(joined)
			cut = append(cut, c)
		}
	}
	w.opening.begin(IsResumed, len(cut))
	w.opening.began = now // the first to be cut has waited longest
	w.opening.queue = append(w.opening.queue, cut...)
	w.opening.fill()
	w.woke = w.clock() // thousands of resets take their time, and nothing kept this worker from it
}

// stall makes a share of the members stop reading. Creators go on, so that each room has one that
// says what stands where.
func (w *Worker) stall(share float64) {
	every := 1
	if share > 0 {
		every = max(1, int(1/share))
	}
	for i, c := range w.conns {
		if share > 0 && i%every == every-1 && c.state == joined && c.room.creator != c {
			c.slow, c.stalled = true, true
			w.stalled++
			w.listen(c)
		}
	}
}

// wake lets them read again.
func (w *Worker) wake() {
	for _, c := range w.conns {
		if !c.stalled {
			continue
		}
		c.stalled = false
		if c.hung {
			c.hung = false
			_ = w.poll.set(true, c.fd, unix.EPOLLIN, c.index, c.generation)
			continue
		}
		w.listen(c)
	}
}
