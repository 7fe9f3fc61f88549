package servers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
)

// Ports are taken below the range from which Linux gives ports to connections (32768 and up unless
// net.ipv4.ip_local_port_range says otherwise): otherwise a connection may sit on a server's port
// before it starts, or while it restarts.
const lowestPort, highestPort = 12000, 32000

// Atomic; any goroutine. Each process begins elsewhere, so that two at once seldom meet.
var nextPort atomic.Int64

func init() { nextPort.Store(rand.Int64N(highestPort - lowestPort)) }

// FreePort returns a port that no caller of this process was given before and that nothing listens on
// at the addresses; without any, at 127.0.0.1. Another process may still take it before it is used.
// Any goroutine may call it.
func FreePort(addresses ...string) (int, error) {
	if len(addresses) == 0 {
		addresses = []string{"127.0.0.1"}
	}
	for range highestPort - lowestPort {
		port := lowestPort + int(nextPort.Add(1)%(highestPort-lowestPort))
		if free(port, addresses) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("servers: %w", errNoPort)
}

var errNoPort = errors.New("no port is free")

func free(port int, addresses []string) bool {
	for _, address := range addresses {
		l, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}
