package servers

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Proxy is a TCP link that can be delayed, narrowed, frozen and cut: the network between a node and
// Redis, or between a client and a node.
type Proxy struct {
	// Immutable after open.
	listener net.Listener

	// Guarded by mu.
	mu     sync.Mutex
	target string
	conns  map[net.Conn]struct{}
	delay  time.Duration
	piece  int           // bytes that pass at once; 0 = any number
	frozen chan struct{} // closed when the link flows; nil = flows
	oneWay bool          // only answers are frozen
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
	p := &Proxy{listener: l, target: target, conns: map[net.Conn]struct{}{}}
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

// Narrow lets pieces of at most n bytes pass, each after a random part of twice the link's delay:
// what was written as a whole arrives in parts, and a Cut falls into the middle of something. 0 ends
// it. Any goroutine.
func (p *Proxy) Narrow(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.piece = n
}

// Freeze stops the flow without closing anything: a half-open link. Thaw lets it go on.
func (p *Proxy) Freeze() { p.freeze(false) }

// FreezeAnswers stops only what the target sends: requests arrive and are executed. Thaw lets it go on.
func (p *Proxy) FreezeAnswers() { p.freeze(true) }

func (p *Proxy) freeze(oneWay bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.oneWay = oneWay
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

// Redirect cuts every connection and lets new ones go to another target. Any goroutine.
func (p *Proxy) Redirect(target string) {
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.Cut(false)
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
		refuse, target := p.refuse || p.closed, p.target
		p.mu.Unlock()
		if refuse {
			_ = in.Close()
			continue
		}
		out, err := net.DialTimeout("tcp", target, 2*time.Second)
		if err != nil {
			_ = in.Close()
			continue
		}
		if !p.keep(in, out, target) {
			continue
		}
		p.wait.Add(2)
		go p.pipe(in, out, false)
		go p.pipe(out, in, true)
	}
}

// keep remembers both ends, or closes them when the link was cut or led elsewhere meanwhile.
func (p *Proxy) keep(in, out net.Conn, target string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse || p.closed || p.target != target {
		_ = in.Close()
		_ = out.Close()
		return false
	}
	p.conns[in], p.conns[out] = struct{}{}, struct{}{}
	return true
}

// pipe carries one direction; answers says that it is the target's.
func (p *Proxy) pipe(from, to net.Conn, answers bool) {
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
		for rest := buf[:n]; len(rest) > 0; {
			piece := p.hold(answers, len(rest))
			if _, err := to.Write(rest[:piece]); err != nil {
				return
			}
			rest = rest[piece:]
		}
		if err != nil {
			p.hold(answers, 0) // a frozen link does not carry the end either
			return
		}
	}
}

// hold waits while the link is frozen, and for the link's delay; it returns how many of n bytes pass.
func (p *Proxy) hold(answers bool, n int) int {
	p.mu.Lock()
	frozen, delay, piece := p.frozen, p.delay, p.piece
	if p.oneWay && !answers {
		frozen = nil
	}
	p.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
	if piece > 0 {
		delay = rand.N(2*delay + 1)
		n = min(n, 1+rand.IntN(piece))
	}
	if delay > 0 && n > 0 {
		time.Sleep(delay)
	}
	return n
}
