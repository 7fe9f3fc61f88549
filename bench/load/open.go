package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"

	"chatroom/wsproto"
)

// opening follows connections on their way in: the first time, or back after an end.
type opening struct {
	w       *Worker
	queue   []*conn
	active  int // of them on their way
	limit   int // of active
	want    int // how many must arrive for the report
	arrived int
	is      string // IsOpened or IsResumed; "" = nobody waits for a report
	began   int64
	cpu     time.Duration
	latency *Histogram

	recovered, missed, retried int
}

// begin starts counting arrivals for a report.
func (o *opening) begin(is string, want int) {
	o.is, o.want, o.arrived, o.recovered, o.missed, o.retried = is, want, 0, 0, 0, 0
	o.began, o.cpu = o.w.clock(), threadCPU()
	o.latency.Reset()
}

// enqueue lets c connect when it is its turn.
func (w *Worker) enqueue(c *conn) {
	o := &w.opening
	o.queue = append(o.queue, c)
	o.fill()
}

// fill connects as many as may be on their way at once.
func (o *opening) fill() {
	for o.active < o.limit && len(o.queue) > 0 && o.w.broken == nil {
		c := o.queue[0]
		o.queue = o.queue[1:]
		if c.began == 0 {
			c.began = o.w.clock()
		}
		o.active++
		c.counted = true
		if err := o.w.dial(c); err != nil {
			o.w.broken = err
		}
	}
}

// done takes c off the way: it is in.
func (o *opening) done(c *conn) {
	if !c.counted {
		return
	}
	c.counted = false
	o.active--
	o.arrived++
	o.latency.Record(since(o.w.now, c.began))
	if c.op == OpCut || c.op == OpReplace {
		o.w.opDone(c)
	}
	c.began = 0
	o.fill()
	if o.is != "" && o.arrived >= o.want {
		o.report()
	}
}

// again sends c to the end of the queue: its attempt was refused for the moment.
func (o *opening) again(c *conn) {
	o.release(c)
	o.w.enqueue(c)
}

// release takes c off the way for now.
func (o *opening) release(c *conn) {
	if c.counted {
		c.counted = false
		o.active--
		o.fill()
	}
}

// pause frees the place of a connection that waits for another one to create its room: else the
// creators could starve behind it.
func (o *opening) pause(c *conn) {
	if c.counted {
		o.active--
		o.fill()
	}
}

// unpause is the reverse.
func (o *opening) unpause(c *conn) {
	if c.counted {
		o.active++
	}
}

// failed takes c off the way: it will not come in.
func (o *opening) failed(c *conn) {
	if !c.counted {
		return
	}
	c.counted = false
	o.active--
	if o.is != "" {
		o.w.broken = fmt.Errorf("load: a connection ended on its way in: %s", o.w.lastNote())
	}
}

func (o *opening) report() {
	w := o.w
	report := &Opened{
		Connections: o.arrived, Took: since(w.clock(), o.began), CPU: threadCPU() - o.cpu,
		Latency: o.latency.Encode(), Recovered: o.recovered, Missed: o.missed, Retried: o.retried, Limited: w.limited,
	}
	reply := Reply{Is: o.is}
	if o.is == IsOpened {
		for _, c := range w.conns {
			if c.client != 0 {
				report.ClientIDs = append(report.ClientIDs, c.client)
			}
		}
		reply.Opened = report
	} else {
		reply.Resume = report
	}
	o.is = ""
	w.reply(reply)
}

// prepareRequest builds the one request that all handshakes of the worker send. The key is random
// per worker, which is enough to tell a server that does not read it.
func (w *Worker) prepareRequest() {
	w.handshake = wsproto.RequestOptions{Key: wsproto.NewKey()}
	if p := w.dialect.protocol(); p != "" {
		w.handshake.Protocols = []string{p}
	}
	w.request = wsproto.AppendRequest(nil, w.plan.Targets[0], w.plan.Path, &w.handshake)
}

// upgraded reads the answer to the handshake and returns where it ends; 0 = not yet.
func (w *Worker) upgraded(c *conn, data []byte) int {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return 0
	}
	end += 4
	if _, err := wsproto.CheckResponse(data[:end], &w.handshake); err != nil {
		w.turnedAway(c, err)
		return end
	}
	c.state = greeting
	if hello := w.dialect.appendHello(w.text[:0]); len(hello) > 0 {
		w.writeText(c, hello)
	}
	if !w.dialect.greeting() {
		w.join(c)
	}
	return end
}

// turnedAway reacts to a handshake that was not answered with 101. 503 says to come again, as a
// server does that is filling up or starting; 429 means that its limits are on, and then whatever
// is measured are these.
func (w *Worker) turnedAway(c *conn, err error) {
	var refusal *wsproto.ResponseError
	status := 0
	if errors.As(err, &refusal) {
		status = refusal.Status
	}
	w.limited = w.limited || status == http.StatusTooManyRequests
	if status != http.StatusServiceUnavailable || c.refusals >= maxRefusals {
		w.limited = w.limited || status == http.StatusServiceUnavailable
		w.ended(c, 0, err.Error())
		return
	}
	c.refusals++
	w.opening.retried++
	w.drop(c, false)
	w.opening.release(c)
	w.retries = append(w.retries, retry{c: c, generation: c.generation, dial: true, at: w.now + int64(retryAfter)})
}

// maxRefusals is how often one connection tries again before its server counts as full.
const maxRefusals = 100

// join brings a greeted connection into its room.
func (w *Worker) join(c *conn) {
	r := c.room
	switch {
	case r.id != 0:
		c.state = joining
		w.text = w.dialect.appendJoin(w.text[:0], r)
	case r.creator == c:
		c.state = joining
		w.text = w.dialect.appendCreate(w.text[:0], r)
	default:
		c.state = waiting
		r.waiting = append(r.waiting, c)
		w.opening.pause(c)
		return
	}
	w.writeText(c, w.text)
}
