package load

import "time"

// phase is where the traffic stands.
type phase uint8

const (
	quiet phase = iota
	warming
	measuring
	draining
)

// traffic is the schedule of one run. Times are of the worker's clock, in nanoseconds.
type traffic struct {
	phase    phase
	began    int64
	from, to int64 // the measuring window
	deadline int64 // of the draining
	look     int64 // when draining looks again
	sent     uint64
	interval float64 // open loop: between two messages; 0 = none
	tickAt   int64

	lastTick usage
	window   usage // when the window began
}

// retry is a request whose outcome the server did not know: a message, or the way into a room.
type retry struct {
	c          *conn
	generation int32
	number     uint32
	join       bool
	dial       bool
	at         int64
}

const (
	retryAfter = 200 * time.Millisecond
	lookEvery  = 20 * time.Millisecond
	// sendBurst bounds the late messages sent in one turn, so that an overloaded worker goes on
	// reading. Latency counts from the intended time all the same.
	sendBurst = 32
)

// start begins the traffic.
func (w *Worker) start(warmUp, duration time.Duration) {
	t := &w.traffic
	now := w.clock()
	*t = traffic{phase: warming, began: now, from: now + int64(warmUp), to: now + int64(warmUp+duration), tickAt: now + int64(w.plan.Tick)}
	t.lastTick = w.usage(now)
	w.resetCounts()
	w.gap = 0
	w.startOps(now)
	if w.plan.Rate > 0 {
		t.interval = float64(time.Second) / w.plan.Rate
	}
	for range w.plan.Window {
		for _, r := range w.rooms {
			w.sendNext(r)
		}
	}
}

// run does what is due and says how long nothing will be: -1 = no limit.
func (w *Worker) run() time.Duration {
	t := &w.traffic
	now := w.clock()
	if len(w.retries) > 0 {
		w.retry(now)
	}
	if t.phase == quiet {
		if len(w.retries) > 0 {
			return lookEvery
		}
		return -1
	}
	if t.phase == warming && now >= t.from {
		t.phase = measuring
		t.window = w.usage(now)
		w.reply(Reply{Is: IsMeasuring})
	}
	if t.phase == measuring && now >= t.to {
		t.phase, t.deadline, t.look = draining, now+int64(w.plan.Patience), now
		w.measured(now)
		w.wake()
		w.reply(Reply{Is: IsStopped})
	}
	if now >= t.tickAt {
		w.tick(now)
	}
	wake := t.tickAt
	if t.phase == draining {
		if now >= t.look {
			if w.drained() || now >= t.deadline {
				w.finish()
				return -1
			}
			t.look = now + int64(lookEvery)
		}
		return time.Duration(min(t.look, wake) - now)
	}
	if t.phase == warming {
		wake = min(wake, t.from)
	} else {
		wake = min(wake, t.to)
	}
	if t.interval > 0 {
		wake = min(wake, w.sendScheduled(now))
	}
	if len(w.ops) > 0 {
		wake = min(wake, w.runOps(now))
	}
	return max(0, time.Duration(wake-now))
}

// sendScheduled sends what the open loop wants sent by now and returns when the next one is due.
func (w *Worker) sendScheduled(now int64) int64 {
	t := &w.traffic
	for range sendBurst {
		due := t.began + int64(float64(t.sent)*t.interval)
		if due > now || due >= t.to {
			return due
		}
		r := w.rooms[t.sent%uint64(len(w.rooms))]
		t.sent++
		if due >= t.from {
			w.late.Record(since(w.clock(), due))
		}
		w.sendIntended(r, due)
	}
	return now
}

// sendNext keeps the window of a closed loop full.
func (w *Worker) sendNext(r *room) {
	if phase := w.traffic.phase; phase == warming || phase == measuring {
		r.inFlight++
		w.sendIntended(r, w.clock())
	}
}

// sendIntended sends one message of the room, by whoever can; when nobody can it is sent as soon
// as somebody returns, and its latency counts from when it was wanted.
func (w *Worker) sendIntended(r *room, intended int64) {
	c := r.sender()
	if c == nil {
		r.due = append(r.due, intended)
		return
	}
	number := uint32(len(r.sent))
	m := message{intended: intended, remaining: int32(len(r.members)), windowed: intended >= w.traffic.from && intended < w.traffic.to}
	r.sent = append(r.sent, m)
	if m.windowed {
		w.sentCount++
	}
	w.tickSent++
	if w.sequenced {
		c.pending = append(c.pending, number)
	}
	w.resend(c, number)
}

// resend writes message number of c's room.
func (w *Worker) resend(c *conn, number uint32) {
	r := c.room
	w.body = appendText(w.body[:0], w.plan.Run, r.mark, number, w.plan.TextBytes)
	w.text = w.dialect.appendSend(w.text[:0], r, number, w.body)
	w.writeText(c, w.text)
}

func (w *Worker) sendDue(r *room) {
	due := r.due
	r.due = nil
	for _, intended := range due {
		w.sendIntended(r, intended)
	}
}

func (w *Worker) retry(now int64) {
	kept := w.retries[:0]
	for _, again := range w.retries {
		switch {
		case again.at > now:
			kept = append(kept, again)
		case again.c.generation != again.generation:
			// It has another socket by now and sends again what is unanswered when it is in.
		case again.dial:
			w.enqueue(again.c)
		case again.join && again.c.state == joining:
			w.join(again.c)
		case again.join && again.c.state == outside:
			w.writeText(again.c, appendJoinRoom(w.text[:0], again.c.room.id, moveReplay))
		case again.c.state == joined:
			w.resend(again.c, again.number)
		}
	}
	w.retries = kept
}

// delivered counts one checked delivery.
func (w *Worker) delivered(c *conn, seq uint64, number uint32) {
	r, t := c.room, &w.traffic
	m := &r.sent[number]
	w.checked++
	w.tickDeliveries++
	if w.now >= t.from && w.now < t.to {
		w.deliveries++
	}
	switch {
	case !m.windowed || c.slow:
	case seq > c.live || !w.sequenced:
		w.interval.Record(since(w.now, m.intended))
	case c.resumed: // a newcomer's replay was sent before it came and is not late
		w.replayed.Record(since(w.now, m.intended))
	}
	if w.plan.Window == 0 {
		return
	}
	if m.remaining--; m.remaining == 0 {
		r.inFlight--
		w.sendNext(r)
	}
}
