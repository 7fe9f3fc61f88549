package engine

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lagBytes is how much may be unsent before a session is no longer written to directly: from there
// on frames wait for it by reference, which costs a slow reader no copy of what its room says.
const lagBytes = 64 << 10

// maxVector is the most buffers of one writev (IOV_MAX on Linux).
const maxVector = 1024

// write sends b to s. It never closes the connection inside the call: a session whose socket
// failed is marked and settled at the end of the turn. Loop only.
//
// The raw call is safe because gnet's sockets never block. Through gnet (unix.Write) the runtime
// takes every one of these calls for one that may block, and its monitor keeps taking the
// processor away from the loop.
func (l *loop) write(s *session, b []byte) {
	if s.state == stateClosed || len(b) == 0 {
		return
	}
	l.counters.bytesOut.Add(uint64(len(b)))
	if s.conn.OutboundBuffered() == 0 {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(s.conn.Fd()),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case errno == 0:
			b = b[n:]
		case errno != unix.EAGAIN && errno != unix.EINTR:
			l.sever(s)
			return
		}
		if len(b) == 0 {
			return
		}
	}
	l.buffer(s, b)
}

// writeVector is write for several buffers; it may change the slice. Loop only.
func (l *loop) writeVector(s *session, vector [][]byte) {
	if len(vector) == 1 {
		l.write(s, vector[0])
		return
	}
	total := 0
	for _, b := range vector {
		total += len(b)
	}
	// A short vector of small parts costs less copied together than described to the kernel.
	const together = 4 << 10
	if total <= together || len(vector) > maxVector {
		l.ownScratch(s, vector)
		return
	}
	if s.state == stateClosed {
		return
	}
	l.counters.bytesOut.Add(uint64(total))
	if s.conn.OutboundBuffered() == 0 {
		n, err := unix.Writev(s.conn.Fd(), vector)
		if err != nil && err != unix.EAGAIN && err != unix.EINTR {
			l.sever(s)
			return
		}
		vector = skip(vector, max(n, 0))
	}
	for _, b := range vector {
		l.buffer(s, b)
	}
}

// ownScratch writes a vector through the batch buffer. Loop only.
func (l *loop) ownScratch(s *session, vector [][]byte) {
	l.joint = l.joint[:0]
	for _, b := range vector {
		l.joint = append(l.joint, b...)
	}
	l.write(s, l.joint)
}

// skip cuts n bytes off the front of a vector.
func skip(vector [][]byte, n int) [][]byte {
	for len(vector) > 0 && n >= len(vector[0]) {
		n -= len(vector[0])
		vector = vector[1:]
	}
	if n > 0 {
		vector[0] = vector[0][n:]
	}
	return vector
}

// buffer leaves the rest to gnet, which copies it and sends it when the socket takes it.
func (l *loop) buffer(s *session, b []byte) {
	if s.state == stateClosed {
		return
	}
	// A failing Write runs OnClose inside this call; OnClose only marks the session.
	_, _ = s.conn.Write(b)
	if s.state == stateOpen && s.backlog == nil && s.conn.OutboundBuffered() >= lagBytes {
		l.lag(s, &backlog{})
	}
}
