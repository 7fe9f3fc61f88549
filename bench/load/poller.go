package load

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is an epoll instance whose wait takes nanoseconds: an open loop at 500 messages a second
// can't live with whole milliseconds.
type poller struct {
	fd     int
	alone  bool // see wait
	events []unix.EpollEvent
	limit  unix.Timespec // of the wait under way; here it costs no allocation
}

// controlMark stands where other events carry the index of a connection.
const controlMark = -1

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: epoll_create1: %w", err)
	}
	return &poller{fd: fd, events: make([]unix.EpollEvent, 1024)}, nil
}

func (p *poller) close() { _ = unix.Close(p.fd) }

// set registers fd (add) or changes what it waits for. mark and generation come back with each
// event: a file descriptor may have been closed and reused inside one batch of events.
func (p *poller) set(add bool, fd int32, events uint32, mark, generation int32) error {
	op := unix.EPOLL_CTL_MOD
	if add {
		op = unix.EPOLL_CTL_ADD
	}
	ev := unix.EpollEvent{Events: events, Fd: mark, Pad: generation}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.fd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(&ev)), 0, 0)
	if errno != 0 {
		return fmt.Errorf("load: epoll_ctl: %w", errno)
	}
	return nil
}

// wait returns the events at hand; with d > 0 it sleeps up to d for the first one, with d < 0
// without limit.
//
// A poll does not tell the Go scheduler: entering and leaving a blocking syscall each time would
// wake the runtime's monitor thread all the time, on the worker's own core. A sleep must tell it
// where other goroutines want the processor (in a test), and need not where there are none: in a
// worker's process, which collects no garbage either. What the runtime still wants of the thread it
// says by a signal, and that ends the sleep (EINTR).
func (p *poller) wait(d time.Duration) ([]unix.EpollEvent, error) {
	var n uintptr
	var errno unix.Errno
	base := uintptr(unsafe.Pointer(&p.events[0]))
	var limit *unix.Timespec
	if d >= 0 {
		p.limit = unix.NsecToTimespec(int64(d))
		limit = &p.limit
	}
	if d == 0 || p.alone {
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), base, uintptr(len(p.events)), uintptr(unsafe.Pointer(limit)), 0, 0)
	} else {
		n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(p.fd), base, uintptr(len(p.events)), uintptr(unsafe.Pointer(limit)), 0, 0)
	}
	if errno == unix.EINTR {
		return nil, nil
	}
	if errno != 0 {
		return nil, fmt.Errorf("load: epoll_wait: %w", errno)
	}
	return p.events[:n], nil
}

// receive reads without blocking; err is EAGAIN when there is nothing. n = 0 without error is the
// end of the stream.
func receive(fd int32, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// send writes without blocking and without SIGPIPE.
func send(fd int32, b []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}
