package load

import "time"

// drained says whether everybody has everything: nothing is awaited any more.
func (w *Worker) drained() bool {
	if w.opening.active > 0 || len(w.opening.queue) > 0 || len(w.retries) > 0 || w.present < len(w.conns) {
		return false
	}
	for _, r := range w.rooms {
		if len(r.due) > 0 {
			return false
		}
	}
	for _, c := range w.conns {
		if len(c.pending) > 0 || c.op != "" || c.stalled {
			return false
		}
		if c.state == joined && c.behind() {
			return false
		}
	}
	return true
}

// behind says whether the room has something that did not come here.
func (c *conn) behind() bool {
	if c.window != nil {
		return c.window.lost(uint64(len(c.room.sent))) > 0
	}
	return len(c.missing) > 0 || c.next <= c.room.top
}

// finish counts what is still missing and reports.
func (w *Worker) finish() {
	w.traffic.phase = quiet
	for _, c := range w.conns {
		w.faults.Unanswered += uint64(len(c.pending))
		if c.op != "" {
			w.fault(&w.faults.Unanswered, "connection %d: %s without an answer", c.index, c.op)
		}
		if c.state != joined {
			w.fault(&w.faults.Disconnected, "connection %d is not back in its room (state %d)", c.index, c.state)
			continue
		}
		var lost uint64
		if c.window != nil {
			lost = c.window.lost(uint64(len(c.room.sent)))
		} else {
			lost = uint64(len(c.missing))
			if c.room.top >= c.next {
				lost += c.room.top + 1 - c.next
			}
		}
		if lost > 0 {
			w.fault(&w.faults.Lost, "connection %d: %d of room %d did not come, the last is %d", c.index, lost, c.room.id, c.room.top)
			w.faults.Lost += lost - 1
		}
	}
	for _, r := range w.rooms {
		w.checkPlaces(r)
		if n := len(r.due); n > 0 {
			w.fault(&w.faults.Unanswered, "room %d: %d messages found nobody who could send them", r.id, n)
			w.faults.Unanswered += uint64(n) - 1
		}
	}
	totals := w.totals
	for name, n := range w.closes {
		w.events[name] = n
	}
	w.mergeInterval() // what was sent in the window and came after it has the longest latencies
	totals.Latency, totals.Replayed, totals.Late = w.latency.Encode(), w.replayed.Encode(), w.late.Encode()
	totals.Ops = map[Op][]byte{}
	for _, s := range w.ops {
		totals.Ops[s.op] = s.latency.Encode()
	}
	totals.Checked, totals.Resumed, totals.Stalled, totals.Limited = w.checked, w.resumed, w.stalled, w.limited
	totals.Faults = w.faults
	w.reply(Reply{Is: IsDrained, Totals: &totals})
}

// checkPlaces looks for a place that nobody saw although one behind it was seen. With members
// behind, that is one loss, already counted; without, the room itself skipped a number.
func (w *Worker) checkPlaces(r *room) {
	for i := range r.placed {
		if !r.placed[i].seen && len(r.members) > 0 && w.sequenced && w.faults.Lost == 0 {
			w.fault(&w.faults.Lost, "room %d: nobody saw seq %d", r.id, r.base+uint64(i))
		}
	}
}

// measured closes the window: what is read from here on does not count for figures.
func (w *Worker) measured(now int64) {
	t := &w.traffic
	w.mergeInterval()
	w.totals = Totals{
		Window: since(t.to, t.from), Sent: w.sentCount, Deliveries: w.deliveries, Reads: w.reads,
		Frames: w.frames, Bytes: w.bytes, Events: w.events, CPU: threadCPU() - t.window.cpu, Busy: w.busy(t.window, now),
		Gap: time.Duration(w.gap),
	}
}
