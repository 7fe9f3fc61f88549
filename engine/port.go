package engine

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// portHold keeps a port for this node: a socket that is bound and never listens. With SO_REUSEPORT
// gnet would give each loop another port for port 0, and two nodes on one port would silently
// share its connections; so the port is chosen, and found free, before gnet sees it.
//
// The kernel chooses for port 0, in the bind that holds it: it gives nobody a port that another socket
// is bound to, not even with SO_REUSEPORT. Choosing by a socket that was closed again let two nodes
// that began at the same moment end on one port.
type portHold struct {
	// Immutable after open.
	fd      int
	network string // tcp, or tcp4 where the machine has no IPv6
	addr    *net.TCPAddr
}

func holdPort(listen string) (*portHold, error) {
	want, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return nil, err
	}
	if want.Port != 0 {
		// A plain bind fails where anybody listens, SO_REUSEPORT or not.
		probe, err := net.ListenTCP("tcp", want)
		if err != nil {
			return nil, err
		}
		if err := probe.Close(); err != nil {
			return nil, err
		}
	}
	h := &portHold{network: "tcp", addr: &net.TCPAddr{IP: want.IP, Port: want.Port, Zone: want.Zone}}
	if h.fd, err = bindHeld(h.addr); err != nil {
		return nil, err
	}
	if h.addr.Port, err = boundPort(h.fd); err != nil {
		h.release()
		return nil, err
	}
	if want.IP == nil && !speaksIPv6() {
		h.network = "tcp4"
	}
	return h, nil
}

func bindHeld(addr *net.TCPAddr) (int, error) {
	family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: addr.Port})
	switch {
	case addr.IP.To4() != nil:
		sa4 := &unix.SockaddrInet4{Port: addr.Port}
		copy(sa4.Addr[:], addr.IP.To4())
		family, sa = unix.AF_INET, sa4
	case addr.IP != nil:
		sa6 := &unix.SockaddrInet6{Port: addr.Port}
		copy(sa6.Addr[:], addr.IP.To16())
		sa = sa6
	case !speaksIPv6():
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: addr.Port}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		if err == nil {
			err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1))
		}
	}
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, sa))
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("hold port %d: %w", addr.Port, err)
	}
	return fd, nil
}

func boundPort(fd int) (int, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return sa.Port, nil
	case *unix.SockaddrInet6:
		return sa.Port, nil
	}
	return 0, fmt.Errorf("hold port: a socket of the kind %T", sa)
}

func speaksIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(fd)
	return true
}

func (h *portHold) release() {
	if h != nil && h.fd >= 0 {
		_ = unix.Close(h.fd)
		h.fd = -1
	}
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
