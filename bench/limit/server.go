// Package limit is the machine's limit: the least a WebSocket room broadcaster can do. One thread,
// raw epoll, no buffers between it and the kernel; a message is framed once and the same bytes are
// sent to every member. It checks nothing that a real server must check, keeps no log, gives no
// names. What a real server reaches beside it on the same machine is a figure that can be compared
// between machines.
//
// It speaks the raw dialect of package load: "J<number>" joins a room and is answered by itself,
// every other text goes to all members of the room, its sender included.
package limit

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"chatroom/wsproto"
)

// Writes says how often the limit writes.
type Writes string

// Single writes each message to each member at once, as a server without batches does. Batched
// gathers what one turn of the loop brought for a room and writes it to each member once.
const (
	Single  Writes = "single"
	Batched Writes = "batched"
)

// Server is a running limit. Everything in it belongs to the goroutine that runs Run.
type Server struct {
	writes   Writes
	limits   wsproto.Limits
	listener int
	stop     int // eventfd
	epoll    int
	port     int
	conns    []*conn // by file descriptor
	rooms    map[string]*room
	dirty    []*room
	buffer   []byte
	answer   []byte
}

type conn struct {
	fd      int
	open    bool // the handshake is done
	room    *room
	slot    int
	decoder wsproto.Decoder
	partial []byte
	out     []byte // what the socket did not take
}

type room struct {
	members []*conn
	batch   []byte
	dirty   bool
}

const (
	backlog = 4096
	// maxOut is how much a member may leave unread before it is cut off.
	maxOut = 8 << 20
)

// New listens on address ("127.0.0.1:0" = a free port). Run serves.
func New(address string, writes Writes) (*Server, error) {
	addr, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return nil, fmt.Errorf("limit: %w", err)
	}
	s := &Server{writes: writes, rooms: make(map[string]*room), buffer: make([]byte, 256<<10), stop: -1, epoll: -1}
	if s.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("limit: socket: %w", err)
	}
	if err := s.listen(addr); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) listen(addr *net.TCPAddr) error {
	sa := &unix.SockaddrInet4{Port: addr.Port}
	copy(sa.Addr[:], addr.IP.To4())
	_ = unix.SetsockoptInt(s.listener, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err := unix.Bind(s.listener, sa); err != nil {
		return fmt.Errorf("limit: bind %s: %w", addr, err)
	}
	if err := unix.Listen(s.listener, backlog); err != nil {
		return fmt.Errorf("limit: listen: %w", err)
	}
	bound, err := unix.Getsockname(s.listener)
	if err != nil {
		return fmt.Errorf("limit: %w", err)
	}
	s.port = bound.(*unix.SockaddrInet4).Port
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("limit: %w", err)
	}
	if s.stop, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return fmt.Errorf("limit: %w", err)
	}
	return errors.Join(s.watch(s.listener, unix.EPOLL_CTL_ADD, unix.EPOLLIN), s.watch(s.stop, unix.EPOLL_CTL_ADD, unix.EPOLLIN))
}

// Port is where it listens. Any goroutine.
func (s *Server) Port() int { return s.port }

// Stop makes Run return. Any goroutine.
func (s *Server) Stop() { _, _ = unix.Write(s.stop, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// Run serves until Stop and then closes everything.
func (s *Server) Run() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer s.close()
	events := make([]unix.EpollEvent, 1024)
	for {
		// Without sleeping first: only a wait that sleeps tells the Go scheduler.
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
		if errno == 0 && n == 0 {
			n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(s.epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), ^uintptr(0), 0, 0)
		}
		if errno != 0 && errno != unix.EINTR {
			return fmt.Errorf("limit: epoll_wait: %w", errno)
		}
		if errno == unix.EINTR {
			continue
		}
		for i := range events[:n] {
			switch fd := int(events[i].Fd); fd {
			case s.stop:
				return nil
			case s.listener:
				s.accept()
			default:
				s.ready(fd, events[i].Events)
			}
		}
		s.flushRooms()
	}
}

func (s *Server) ready(fd int, events uint32) {
	c := s.conns[fd]
	if c == nil {
		return
	}
	if events&unix.EPOLLOUT != 0 {
		s.drain(c)
	}
	if events&^uint32(unix.EPOLLOUT) != 0 && s.conns[fd] == c {
		s.read(c)
	}
}

func (s *Server) watch(fd, op int, events uint32) error {
	if err := unix.EpollCtl(s.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("limit: epoll_ctl: %w", err)
	}
	return nil
}

func (s *Server) accept() {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return // EAGAIN; anything else is tried again with the next event
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		for fd >= len(s.conns) {
			s.conns = append(s.conns, nil)
		}
		s.conns[fd] = &conn{fd: fd, slot: -1, decoder: wsproto.NewDecoder(nil)}
		if s.watch(fd, unix.EPOLL_CTL_ADD, unix.EPOLLIN) != nil {
			s.drop(s.conns[fd])
		}
	}
}

func (s *Server) drop(c *conn) {
	if s.conns[c.fd] != c {
		return
	}
	s.conns[c.fd] = nil
	_ = unix.Close(c.fd)
	if c.room != nil {
		last := len(c.room.members) - 1
		c.room.members[c.slot] = c.room.members[last]
		c.room.members[c.slot].slot = c.slot
		c.room.members = c.room.members[:last]
	}
}

func (s *Server) close() {
	for _, c := range s.conns {
		if c != nil {
			_ = unix.Close(c.fd)
		}
	}
	for _, fd := range []int{s.listener, s.epoll, s.stop} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}
