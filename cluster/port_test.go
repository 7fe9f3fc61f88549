package cluster

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
)

// Ports of servers are taken below the range from which the kernel gives ports to connections:
// otherwise one of those may sit on a server's port before it starts, or while it restarts.
const lowestPort, highestPort = 12000, 32000

var nextPort atomic.Int64

func init() { nextPort.Store(rand.Int64N(highestPort - lowestPort)) }

// freePort returns a port that nobody of this process was given before and nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	for range highestPort - lowestPort {
		port := lowestPort + int(nextPort.Add(1)%(highestPort-lowestPort))
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}
