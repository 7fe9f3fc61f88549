package load

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// Worker holds connections and plays its part of the load. Everything in it belongs to the one
// goroutine that runs Serve.
type Worker struct {
	plan      Plan
	dialect   dialect
	sequenced bool
	targets   []unix.Sockaddr
	source    unix.Sockaddr
	handshake wsproto.RequestOptions
	request   []byte
	poll      *poller
	in        *os.File
	line      []byte // of an incomplete command
	out       *bufio.Writer
	random    *rand.Rand
	base      time.Time

	conns   []*conn
	rooms   []*room
	opening opening
	traffic traffic
	ops     []*schedule
	retries []retry

	buffer []byte // what was read last
	frame  []byte // what is written next, as frame
	text   []byte // … as payload
	body   []byte // … as text of a message
	event  event
	inner  event // of one element of HISTORY
	strict chat.Event
	proven uint64

	now      int64 // when the data in hand was read
	woke     int64 // when the turn under way began
	idle     int64 // nanoseconds spent waiting since the start
	gap      int64 // the longest time since the traffic began that this worker did not get to run
	present  int   // members in a room
	resumed  int
	limited  bool
	quitting bool
	broken   error // ends Serve

	opCounter uint64
	checked   uint64
	faults    Faults
	counts
}

// counts begin anew with each traffic.
type counts struct {
	sentCount, deliveries, reads, frames, bytes uint64
	tickSent, tickDeliveries, tickOps           uint64
	stalled                                     int
	closes                                      map[string]uint64
	events                                      map[string]uint64
	interval                                    *Histogram // since the last tick
	latency                                     *Histogram // all before
	replayed                                    *Histogram // what came late because its reader was cut off
	late                                        *Histogram // open loop: from when a message was due until it was sent
	totals                                      Totals
}

// roomMask separates the index of a room from the number of its worker in a mark.
const roomMask = 1<<20 - 1

// Serve runs a worker until DoQuit or the end of in. Both files are closed by the caller; in is
// switched to non-blocking reads.
func Serve(in, out *os.File) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	poll, err := newPoller()
	if err != nil {
		return err
	}
	w := &Worker{poll: poll, in: in, out: bufio.NewWriter(out), base: time.Now(), buffer: make([]byte, 256<<10)}
	w.resetCounts()
	w.opening = opening{w: w, latency: NewHistogram()}
	defer w.close()
	fd := int(in.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("load: control pipe: %w", err)
	}
	if err := poll.set(true, int32(fd), unix.EPOLLIN, controlMark, 0); err != nil {
		return err
	}
	err = w.loop()
	if err != nil {
		w.reply(Reply{Is: IsFailed, Error: err.Error(), Limited: w.limited})
	}
	return err
}

func (w *Worker) loop() error {
	w.woke = w.clock()
	for !w.quitting {
		limit := w.run()
		if w.plan.BusyPoll {
			limit = 0
		}
		before := w.clock()
		w.gap = max(w.gap, before-w.woke) // one turn's work is far shorter than what is reported
		events, err := w.poll.wait(limit)
		if err != nil {
			return err
		}
		w.woke = w.clock()
		if limit >= 0 {
			w.gap = max(w.gap, w.woke-before-int64(limit))
		}
		if limit != 0 || len(events) == 0 {
			w.idle += w.woke - before
		}
		for i := range events {
			w.dispatch(&events[i])
		}
		if w.broken != nil {
			return w.broken
		}
	}
	return nil
}

func (w *Worker) dispatch(ev *unix.EpollEvent) {
	if ev.Fd == controlMark {
		w.control()
		return
	}
	c := w.conns[ev.Fd]
	if c.generation != ev.Pad || c.state == closed {
		return
	}
	if c.stalled {
		if ev.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			// epoll reports these unasked and without end: forget the socket until it is to be read.
			c.hung = true
			_ = unix.EpollCtl(w.poll.fd, unix.EPOLL_CTL_DEL, int(c.fd), nil)
		}
		return
	}
	if ev.Events&unix.EPOLLOUT != 0 {
		w.flush(c)
	}
	if ev.Events&(unix.EPOLLIN|unix.EPOLLERR|unix.EPOLLHUP) != 0 && c.state != closed {
		w.readable(c)
	}
}

// control reads commands.
func (w *Worker) control() {
	var b [64 << 10]byte
	n, err := unix.Read(int(w.in.Fd()), b[:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if err != nil || n == 0 {
		w.quitting = true
		return
	}
	w.line = append(w.line, b[:n]...)
	for {
		end := bytes.IndexByte(w.line, '\n')
		if end < 0 {
			return
		}
		var command Command
		if err := json.Unmarshal(w.line[:end], &command); err != nil {
			w.broken = fmt.Errorf("load: command: %w", err)
			return
		}
		w.line = w.line[end+1:]
		if err := w.do(&command); err != nil {
			w.broken = err
			return
		}
	}
}

func (w *Worker) do(command *Command) error {
	switch command.Do {
	case DoPlan:
		if command.Plan == nil {
			return errors.New("load: no plan")
		}
		return w.prepare(*command.Plan)
	case DoOpen:
		w.opening.begin(IsOpened, len(w.conns))
		w.openAll()
	case DoTraffic:
		w.start(command.WarmUp, command.Duration)
	case DoCut:
		w.cutAll()
	case DoStall:
		w.stall(command.Share)
	case DoWake:
		w.wake()
	case DoQuit:
		w.quitting = true
	default:
		return fmt.Errorf("load: unknown command %q", command.Do)
	}
	return nil
}

// prepare takes the plan and builds rooms and members.
func (w *Worker) prepare(plan Plan) error {
	plan.setDefaults()
	if err := plan.Validate(); err != nil {
		return err
	}
	w.plan, w.dialect = plan, dialects[plan.Dialect]
	w.poll.alone = plan.Alone
	w.sequenced = w.dialect.sequenced()
	w.random = rand.New(rand.NewPCG(plan.Seed, uint64(plan.Worker)))
	w.opening.limit = plan.InFlight
	for _, target := range plan.Targets {
		sa, err := resolve(target)
		if err != nil {
			return err
		}
		w.targets = append(w.targets, sa)
	}
	if plan.Source != "" {
		sa, err := resolve(net.JoinHostPort(plan.Source, "0"))
		if err != nil {
			return err
		}
		w.source = sa
	}
	if plan.CPU >= 0 {
		var set unix.CPUSet
		set.Set(plan.CPU)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("load: bind to CPU %d: %w", plan.CPU, err)
		}
	}
	// A sleep may end up to 50 µs late by default, which is a tenth of the latency to be measured.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	w.prepareRequest()
	for i, size := range plan.Rooms {
		r := newRoom(uint32(plan.Worker)<<20|uint32(i+1), size)
		w.rooms = append(w.rooms, r)
		for range size {
			c := &conn{fd: -1, index: int32(len(w.conns)), slot: -1, room: r}
			if r.creator == nil {
				r.creator = c
			}
			w.conns = append(w.conns, c)
		}
	}
	w.reply(Reply{Is: IsReady})
	return nil
}

// openAll lets everybody in: the creators first, then one more for each room, round by round.
func (w *Worker) openAll() {
	queue := make([]*conn, 0, len(w.conns))
	for _, r := range w.rooms {
		queue = append(queue, r.creator)
	}
	members := make([][]*conn, len(w.rooms))
	for _, c := range w.conns {
		if i := int(c.room.mark&roomMask) - 1; c.room.creator != c {
			members[i] = append(members[i], c)
		}
	}
	for round := 0; len(queue) < len(w.conns); round++ {
		for i := range members {
			if round < len(members[i]) {
				queue = append(queue, members[i][round])
			}
		}
	}
	w.opening.queue = queue
	w.opening.fill()
}

func resolve(target string) (unix.Sockaddr, error) {
	addr, err := net.ResolveTCPAddr("tcp", target)
	if err != nil {
		return nil, fmt.Errorf("load: target: %w", err)
	}
	if four := addr.IP.To4(); four != nil {
		return &unix.SockaddrInet4{Port: addr.Port, Addr: [4]byte(four)}, nil
	}
	return &unix.SockaddrInet6{Port: addr.Port, Addr: [16]byte(addr.IP.To16())}, nil
}

func (w *Worker) resetCounts() {
	w.counts = counts{
		closes: map[string]uint64{}, events: map[string]uint64{},
		interval: NewHistogram(), latency: NewHistogram(), replayed: NewHistogram(), late: NewHistogram(),
	}
}

// mergeInterval moves the newest samples to the others.
func (w *Worker) mergeInterval() {
	w.latency.Merge(w.interval)
	w.interval.Reset()
}

// tick reports one sample of the curves.
func (w *Worker) tick(now int64) {
	t := &w.traffic
	h := w.interval
	busy := w.busy(t.lastTick, now)
	t.lastTick = w.usage(now)
	w.reply(Reply{Is: IsTick, Tick: &Tick{
		At: since(now, t.began), Sent: w.tickSent, Deliveries: w.tickDeliveries, Operations: w.tickOps,
		P50: h.Percentile(50), P99: h.Percentile(99), Max: h.Max(), Connections: w.present, Busy: busy,
	}})
	w.tickSent, w.tickDeliveries, w.tickOps = 0, 0, 0
	w.mergeInterval()
	t.tickAt = now + int64(w.plan.Tick)
}

func (w *Worker) reply(r Reply) {
	if err := json.NewEncoder(w.out).Encode(r); err == nil {
		err = w.out.Flush()
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			w.quitting = true // nobody listens any more
		}
	}
}

// close says goodbye on every connection, so that no session lingers on the server.
func (w *Worker) close() {
	w.quitting = true
	for _, c := range w.conns {
		if c.state == closed {
			continue
		}
		if c.state != connecting {
			_, _ = send(c.fd, goodbye)
		}
		w.drop(c, false)
	}
	w.poll.close()
	w.reply(Reply{Is: IsGone})
}

// goodbye is a Close frame 1000 under a mask of zeros, which is a mask like any other.
var goodbye = []byte{0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8}

// usage is what the worker had used of its thread at one moment.
type usage struct {
	at   int64
	idle int64         // busy-polling: time in polls that brought nothing
	cpu  time.Duration // else: CPU time
}

func (w *Worker) usage(now int64) usage { return usage{now, w.idle, threadCPU()} }

// busy is the share of the time since u in which the worker had something to do.
func (w *Worker) busy(u usage, now int64) float64 {
	length := float64(now - u.at)
	if length <= 0 {
		return 0
	}
	if w.plan.BusyPoll {
		return 1 - float64(w.idle-u.idle)/length
	}
	return float64(threadCPU()-u.cpu) / length
}

func (w *Worker) clock() int64 { return int64(time.Since(w.base)) }

// threadCPU is the CPU time of the calling thread, to which Serve is locked.
func threadCPU() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
