package load

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"chatroom/wsproto"
)

// state is how far a connection has come.
type state uint8

const (
	closed     state = iota // no socket
	connecting              // connect() or the request is under way
	greeting                // 101 received, the server's first word is awaited
	resuming                // RESUME sent
	waiting                 // greeted, but its room has no id yet
	joining                 // CREATE_ROOM or JOIN_ROOM sent
	joined
	outside // left its room, about to join again
	leaving // Close frame sent
)

// conn is one member. Owned by the worker's goroutine.
type conn struct {
	fd         int32
	generation int32 // counts the sockets this member has had
	index      int32
	state      state
	slow       bool // told to stop reading once: its deliveries are checked but not timed
	stalled    bool // not reading now
	hung       bool // ended while not reading
	writable   bool // waits for EPOLLOUT
	counted    bool // in the current opening
	refusals   uint8
	slot       int // in room.members; -1 = not there
	room       *room
	target     *room // of an OpMove
	decoder    wsproto.Decoder
	partial    []byte // the beginning of an incomplete frame
	out        []byte // what the socket did not take
	began      int64  // connect(), or the cut that made it necessary

	next    uint64          // sequenced: the seq that must come next
	live    uint64          // up to here messages are replay, not live
	resumed bool            // that replay is what it missed while it was cut off
	window  *window         // not sequenced: what came
	missing map[uint64]bool // sequenced: seqs jumped over
	pending []uint32        // numbers of own messages without an answer
	op      Op              // outstanding operation
	unsure  bool            // cut off from the answer to a wish to change rooms: RESUME tells
	opAt    int64           // when it began
	opID    uint64
	session string
	client  uint64
}

// targetOf spreads members over the targets: those of one room go round them.
func (w *Worker) targetOf(c *conn) unix.Sockaddr {
	return w.targets[int(c.index)%len(w.targets)]
}

// dial opens a socket without waiting for it.
func (w *Worker) dial(c *conn) error {
	target := w.targetOf(c)
	family := unix.AF_INET
	if _, six := target.(*unix.SockaddrInet6); six {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("load: socket: %w", err)
	}
	c.fd, c.state, c.generation = int32(fd), connecting, c.generation+1
	c.decoder = wsproto.NewClientDecoder(nil)
	c.partial, c.out, c.writable = nil, nil, false
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("load: TCP_NODELAY: %w", err)
	}
	if w.source != nil {
		// The port is chosen at connect(), so that each source has the whole range per target.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err := unix.Bind(fd, w.source); err != nil {
			return fmt.Errorf("load: bind %s: %w", w.plan.Source, err)
		}
	}
	if err := unix.Connect(fd, target); err != nil && err != unix.EINPROGRESS {
		return fmt.Errorf("load: connect: %w", err)
	}
	c.out = append(c.out, w.request...)
	c.writable = true
	return w.poll.set(true, c.fd, unix.EPOLLIN|unix.EPOLLOUT, c.index, c.generation)
}

// write sends b now or keeps what the socket does not take.
func (w *Worker) write(c *conn, b []byte) {
	if len(c.out) == 0 {
		n, errno := send(c.fd, b)
		if errno != 0 && errno != unix.EAGAIN {
			return // the read side reports the end
		}
		if errno == 0 {
			b = b[n:]
		}
		if len(b) == 0 {
			return
		}
	}
	c.out = append(c.out, b...)
	if !c.writable {
		c.writable = true
		w.listen(c)
	}
}

// flush sends what write had to keep.
func (w *Worker) flush(c *conn) {
	if len(c.out) > 0 {
		n, errno := send(c.fd, c.out)
		if errno != 0 {
			return
		}
		c.out = c.out[n:]
	}
	if len(c.out) == 0 {
		c.out, c.writable = nil, false
		w.listen(c)
	}
}

// listen tells epoll what the connection waits for.
func (w *Worker) listen(c *conn) {
	events := uint32(unix.EPOLLIN)
	if c.stalled {
		events = 0
	}
	if c.writable {
		events |= unix.EPOLLOUT
	}
	_ = w.poll.set(false, c.fd, events, c.index, c.generation)
}

// writeText masks and sends one text message.
func (w *Worker) writeText(c *conn, payload []byte) {
	w.frame = wsproto.AppendMaskedFrame(w.frame[:0], wsproto.OpText, true, payload)
	w.write(c, w.frame)
}

// readable takes what has arrived.
func (w *Worker) readable(c *conn) {
	n, errno := receive(c.fd, w.buffer)
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return
	case errno != 0:
		w.ended(c, 0, errno.Error())
		return
	case n == 0:
		w.ended(c, 0, "end of stream")
		return
	}
	w.now = w.clock()
	w.reads++
	w.bytes += uint64(n)
	data := w.buffer[:n]
	if len(c.partial) > 0 {
		c.partial = append(c.partial, data...)
		data, c.partial = c.partial, nil
	}
	rest := w.consume(c, data)
	if len(rest) > 0 && c.state != closed {
		c.partial = append(make([]byte, 0, max(len(rest), c.decoder.Need())), rest...)
	}
}

// consume works through data and returns what is incomplete.
func (w *Worker) consume(c *conn, data []byte) []byte {
	generation := c.generation
	if c.state == connecting {
		end := w.upgraded(c, data)
		if end == 0 || c.state == closed {
			return data
		}
		data = data[end:]
	}
	for len(data) > 0 && c.generation == generation && c.state != closed {
		ev, n, fault := c.decoder.Next(data, 0)
		data = data[n:]
		if fault != nil {
			w.fault(&w.faults.Invented, "not WebSocket: %v", fault)
			w.ended(c, 0, fault.Error())
			return nil
		}
		switch ev.Kind {
		case wsproto.EventNone:
			return data
		case wsproto.EventText:
			w.frames++
			w.heard(c, ev.Payload)
		case wsproto.EventPing:
			w.frame = wsproto.AppendMaskedFrame(w.frame[:0], wsproto.OpPong, true, ev.Payload)
			w.write(c, w.frame)
		case wsproto.EventClose:
			w.ended(c, ev.Code, string(ev.Payload))
			return nil
		}
	}
	return nil
}

// drop closes the socket at once; abort makes the kernel send RST instead of FIN.
func (w *Worker) drop(c *conn, abort bool) {
	if c.state == closed {
		return
	}
	if abort {
		_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	_ = unix.Close(int(c.fd))
	if c.state == joined {
		w.present--
	}
	c.state, c.fd = closed, -1
	if c.slot >= 0 {
		c.room.leave(c)
	}
}

// ended reacts to the end of a connection. code is 0 when there was no Close frame.
func (w *Worker) ended(c *conn, code wsproto.CloseCode, why string) {
	was := c.state
	w.drop(c, false)
	switch {
	case w.quitting:
	case was == leaving:
		c.session, c.began = "", c.opAt
		w.enqueue(c)
	case w.comesBack(was, code):
		w.closes[closeName(code)]++
		c.unanswered(was)
		if !c.counted {
			c.began = w.clock()
		}
		w.opening.again(c)
	default:
		w.closes[closeName(code)]++
		w.fault(&w.faults.Disconnected, "connection %d in state %d ended: code %d, %s", c.index, was, code, why)
		w.opening.failed(c)
	}
}

func closeName(code wsproto.CloseCode) string {
	if code == 0 {
		return "close 1006"
	}
	return fmt.Sprintf("close %d", code)
}

func since(now, then int64) time.Duration { return time.Duration(now - then) }
