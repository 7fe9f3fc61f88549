package servers

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// Proxy is a TCP link that can be delayed, frozen and cut: the network between a node and Redis,
// or between a client and a node.
type Proxy struct {
	// Immutable after open.
	target   string
	listener net.Listener

	// Guarded by mu.
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	delay  time.Duration
	frozen chan struct{} // closed when the link flows; nil = flows
	refuse bool
	closed bool
	wait   sync.WaitGroup
}

// NewProxy listens on a free port of 127.0.0.1 and passes everything to target.
func NewProxy(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	p := &Proxy{target: target, listener: l, conns: map[net.Conn]struct{}{}}
	p.wait.Add(1)
	go p.accept()
	return p, nil
}

// Addr is the host and port to connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Delay holds everything back for d, in both directions. Any goroutine.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Freeze stops the flow without closing anything: a half-open link. Thaw lets it go on.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil {
		p.frozen = make(chan struct{})
	}
}

// Thaw ends a Freeze.
func (p *Proxy) Thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen != nil {
		close(p.frozen)
		p.frozen = nil
	}
}

// Cut closes every connection; with refuse new ones are closed at once too, until Mend.
func (p *Proxy) Cut(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
	for c := range p.conns {
		_ = c.Close()
	}
}

// Mend accepts connections again after Cut.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = false
}

// Close ends the proxy and waits for its goroutines.
func (p *Proxy) Close() {
	p.Thaw()
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wait.Wait()
}

func (p *Proxy) accept() {
	defer p.wait.Done()
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		refuse := p.refuse || p.closed
		p.mu.Unlock()
		if refuse {
			_ = in.Close()
			continue
		}
		out, err := net.DialTimeout("tcp", p.target, 2*time.Second)
		if err != nil {
			_ = in.Close()
			continue
		}
		if !p.keep(in, out) {
			continue
		}
		p.wait.Add(2)
		go p.pipe(in, out)
		go p.pipe(out, in)
	}
}

// keep remembers both ends, or closes them when the link was cut meanwhile.
func (p *Proxy) keep(in, out net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse || p.closed {
		_ = in.Close()
		_ = out.Close()
		return false
	}
	p.conns[in], p.conns[out] = struct{}{}, struct{}{}
	return true
}

func (p *Proxy) pipe(from, to net.Conn) {
	defer p.wait.Done()
	defer func() {
		_ = from.Close()
		_ = to.Close()
		p.mu.Lock()
		delete(p.conns, from)
		p.mu.Unlock()
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.hold()
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hold waits while the link is frozen, and for the link's delay.
func (p *Proxy) hold() {
	p.mu.Lock()
	frozen, delay := p.frozen, p.delay
	p.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	if delay > 0 {
		time.Sleep(delay)
	}
}
