package admin

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// How long and how much of a request that was refused half-read is still read before its
// connection is closed.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 4 << 20
)

// sendBuffer is what the kernel may hold unsent of one connection, in bytes.
const sendBuffer = 64 << 10

// Back-off of accept while the process is out of descriptors or memory.
const (
	minAcceptPause = 5 * time.Millisecond
	maxAcceptPause = time.Second
)

// listener is a TCP listener for fasthttp with three things that fasthttp lacks: it survives a
// shortage of descriptors (fasthttp stops serving for good at the first EMFILE), it can close every
// connection, and it closes a connection so that the peer still reads the answer.
type listener struct {
	// Immutable after open.
	net.Listener
	closed chan struct{}
	report func(error) // told of each failed accept

	// Guarded by mu.
	mu    sync.Mutex
	conns map[*conn]struct{}

	once sync.Once // of Close
}

func newListener(ln net.Listener, report func(error)) *listener {
	return &listener{Listener: ln, closed: make(chan struct{}), report: report, conns: make(map[*conn]struct{})}
}

// Accept waits for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	pause := minAcceptPause
	for {
		nc, err := l.Listener.Accept()
		if err == nil {
			c := &conn{Conn: nc, owner: l}
			if tcp, ok := nc.(*net.TCPConn); ok {
				// The kernel would grow it to megabytes for an event stream that nobody reads.
				_ = tcp.SetWriteBuffer(sendBuffer)
			}
			l.mu.Lock()
			l.conns[c] = struct{}{}
			l.mu.Unlock()
			return c, nil
		}
		if !shortage(err) {
			return nil, err
		}
		l.report(err)
		select {
		case <-l.closed:
			return nil, net.ErrClosed
		case <-time.After(pause):
		}
		pause = min(2*pause, maxAcceptPause)
	}
}

// Close stops accepting; connections stay open. It may be called more than once.
func (l *listener) Close() (err error) {
	l.once.Do(func() {
		close(l.closed)
		err = l.Listener.Close()
	})
	return err
}

// abort closes every connection at once.
func (l *listener) abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Conn.Close()
	}
}

// closeUnused closes the connections on which nothing was ever sent, as browsers open them ahead of
// need: fasthttp would wait five seconds for their first request before it stops.
func (l *listener) closeUnused() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if !c.used.Load() {
			_ = c.Conn.Close()
		}
	}
}

func shortage(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// conn is one connection of the listener.
type conn struct {
	// Immutable after open.
	net.Conn
	owner *listener

	// Atomic; any goroutine.
	used atomic.Bool // something was received

	// Owned by the goroutine that serves the connection.
	linger bool // Close reads what is left of the request
}

// Read reads from the connection.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.used.Load() {
		c.used.Store(true)
	}
	return n, err
}

// Close closes the connection. When its request was not read to the end, a plain close would make
// the kernel send a reset, which overtakes the answer on its way; so the rest is read first, within
// bounds (RFC 9112, 9.6).
func (c *conn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.conns, c)
	c.owner.mu.Unlock()
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.linger {
		_ = tcp.CloseWrite()
		_ = tcp.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, tcp, lingerBytes)
	}
	return c.Conn.Close()
}
