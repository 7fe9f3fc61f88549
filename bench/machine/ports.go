package machine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
)

// Ports are taken below the range from which Linux gives ports to connections: one of the many
// connections of the run before may still hold any port above.
const lowestPort, highestPort = 12000, 32000

// Atomic; any goroutine. Each process begins elsewhere, so that two at once seldom meet.
var nextPort atomic.Int64

func init() { nextPort.Store(rand.Int64N(highestPort - lowestPort)) }

var errNoPort = errors.New("no port is free")

// FreePorts gives n ports on the loopback address that nobody listens on and that this process was
// not given before. Another process can take one before it is used; the program that is given it
// will say so. Any goroutine may call it.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range highestPort - lowestPort {
		if len(ports) == n {
			return ports, nil
		}
		port := lowestPort + int(nextPort.Add(1)%(highestPort-lowestPort))
		if l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			_ = l.Close()
			ports = append(ports, port)
		}
	}
	return nil, fmt.Errorf("machine: %w", errNoPort)
}
