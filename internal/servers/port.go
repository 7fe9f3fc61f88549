package servers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports are taken below the range from which Linux gives ports to connections (32768 and up unless
// net.ipv4.ip_local_port_range says otherwise): otherwise a connection may sit on a server's port
// before it starts, or while it restarts.
const lowestPort, highestPort = 12000, 32000

// blockSize is how many ports a process claims at a time.
const blockSize = 500

// block is ports that belong to this process as long as it lives. Between the moment at which a port is
// found free and the one at which a server listens there, another run of tests would find it free too.
type block struct {
	first int
	claim net.Listener // its name can be taken once, and is free again when the process has ended
}

// portPool is what this process has claimed.
type portPool struct {
	// Guarded by mu.
	mu     sync.Mutex
	blocks []block
	given  int // ports, since the beginning
}

var ports portPool

var errNoPort = errors.New("no port is free")

// FreePort returns a port that no caller of this process was given before, nor any of another process
// that asks here, and that nothing listens on at the addresses; without any, at 127.0.0.1. Any
// goroutine may call it.
func FreePort(addresses ...string) (int, error) {
	if len(addresses) == 0 {
		addresses = []string{"127.0.0.1"}
	}
	for range highestPort - lowestPort {
		port, ok := ports.next()
		if ok && free(port, addresses) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("servers: %w", errNoPort)
}

// next gives the ports of all blocks in turn. Who has used up everything is given its first ones again.
func (p *portPool) next() (port int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.given%blockSize == 0 && p.given/blockSize >= len(p.blocks) {
		p.grow()
	}
	if len(p.blocks) == 0 {
		return 0, false
	}
	port = p.blocks[p.given/blockSize%len(p.blocks)].first + p.given%blockSize
	p.given++
	return port, true
}

// grow claims one more block, if there is one. The claims are names of Linux' own, without a file: they
// are told apart in the same name space as the ports are. mu is held.
func (p *portPool) grow() {
	const all = (highestPort - lowestPort) / blockSize
	start := rand.IntN(all)
	for i := range all {
		first := lowestPort + (start+i)%all*blockSize
		if l, err := net.Listen("unix", "@chatroom-test-ports-"+strconv.Itoa(first)); err == nil {
			p.blocks = append(p.blocks, block{first, l})
			return
		}
	}
}

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
