package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"

	"chatroom/engine/room"
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

// Pages answers GET requests for everything that is not the engine's own.
type Pages interface {
	// Respond returns a complete HTTP/1.1 response for a path, frozen, with Content-Length; for a
	// HEAD request the engine cuts it behind its head. ok is false when there is no such page. Any
	// goroutine.
	Respond(path, acceptEncoding, ifNoneMatch string) (response []byte, ok bool)
}

// Engine is the public side of a node: its event loops, connections, sessions and rooms.
//
// New, Use, Start, and at the end Drain and Shutdown, are called by one goroutine in this order;
// every other method by any.
type Engine struct {
	// Immutable after open.
	cfg       Config
	limits    chat.Limits
	wire      wsproto.Limits
	retention room.Limits
	origins   map[string]bool
	pages     Pages
	log       Log
	dir       Directory
	rooms     *room.Registry[liveRoom]
	clients   *room.Registry[session]
	doorman   *doorman
	started   time.Time
	host      string
	limit     int // of connections
	refusals  int // above it that are answered 503
	addr      *net.TCPAddr
	hold      *portHold
	server    gnet.Engine
	booted    chan struct{}
	ended     chan struct{} // Run has returned
	failed    chan error

	// Guarded by mu.
	mu sync.Mutex // making loops

	// Atomic; any goroutine.
	loops     atomic.Pointer[[]*loop]
	open      atomic.Int64 // connections
	surplus   atomic.Int64 // of open, those above the cap: they take nobody's place
	departing atomic.Int64 // sessions that have ended and are not settled
	logBytes  atomic.Int64
	draining  atomic.Bool
	stopping  atomic.Bool
	quantiles quantiles
}

// New makes an engine that is not started. pages may be nil. The error reports every fault of cfg.
func New(cfg Config, pages Pages) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	limit, refusals, err := cfg.connectionCaps()
	if err != nil {
		return nil, err
	}
	if cfg.ServerID == "" {
		cfg.ServerID = newServerID()
	}
	limits := chat.Limits{Message: cfg.MaxMessage}
	e := &Engine{
		cfg: cfg, pages: pages, limits: limits, limit: limit, refusals: refusals,
		wire: wsproto.Limits{Message: limits.EventLimit()},
		retention: room.Limits{
			Messages: cfg.RoomLog.Messages, Bytes: cfg.RoomLog.Bytes, Age: cfg.RoomLog.Age.Milliseconds(),
		},
		origins: make(map[string]bool),
		rooms:   room.NewRegistry[liveRoom](), clients: room.NewRegistry[session](),
		doorman: newDoorman(cfg.HandshakeRate),
		started: cfg.Now(), host: hostname(),
		booted: make(chan struct{}), ended: make(chan struct{}), failed: make(chan error, 1),
	}
	for _, origin := range cfg.Origins {
		e.origins[canonicalOrigin(origin)] = true
	}
	e.loops.Store(&[]*loop{})
	return e, nil
}

func newServerID() string {
	var id chat.MessageID
	rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

// Use gives the engine its log and its directory, before Start.
func (e *Engine) Use(log Log, dir Directory) { e.log, e.dir = log, dir }

// Start listens and serves until Shutdown. It returns when connections are accepted.
func (e *Engine) Start(ctx context.Context) error {
	if e.log == nil || e.dir == nil {
		return errors.New("engine: start without a log and a directory")
	}
	hold, err := holdPort(e.cfg.Listen)
	if err != nil {
		return fmt.Errorf("engine: listen: %w", err)
	}
	e.hold, e.addr = hold, hold.addr
	go func() {
		defer close(e.ended)
		err := gnet.Run(&handler{engine: e}, hold.network+"://"+hold.addr.String(), e.options()...)
		e.ran(err)
	}()
	select {
	case <-e.booted:
		return nil
	case <-e.ended:
		hold.release()
		return <-e.failed
	case <-ctx.Done():
		return fmt.Errorf("engine: start: %w", ctx.Err())
	}
}

// sendBuffer bounds what the kernel takes for a peer that does not read: left to itself it grows to
// 4 MB a socket, which hides a slow reader from --max-pending and from the memory of this process.
const sendBuffer = 64 << 10

func (e *Engine) options() []gnet.Option {
	return []gnet.Option{
		gnet.WithMulticore(e.cfg.Loops > 1),
		gnet.WithNumEventLoop(e.cfg.Loops),
		gnet.WithReusePort(true),
		gnet.WithReuseAddr(true),
		gnet.WithTicker(true),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithSocketSendBuffer(sendBuffer),
		gnet.WithReadBufferCap(64 << 10),
		gnet.WithWriteBufferCap(64 << 10),
		gnet.WithLogger(quiet{e.cfg.Logger}),
	}
}

// ran takes note of the end of gnet.Run. An end that nobody asked for is fatal, even without an
// error: gnet returns nil when accepting failed.
func (e *Engine) ran(err error) {
	for _, l := range *e.loops.Load() {
		l.inbox.close()
	}
	switch {
	case e.stopping.Load():
	case err != nil:
		e.failed <- fmt.Errorf("engine: event loops: %w", err)
	default:
		e.failed <- errors.New("engine: event loops stopped unasked")
	}
}

// Failed receives the error when the event loops end without Shutdown: nothing that the process
// could go on from.
func (e *Engine) Failed() <-chan error { return e.failed }

// Addr is the address that Start listens on.
func (e *Engine) Addr() *net.TCPAddr { return e.addr }

// Ready says why the node should get no new connections, "" when it should. Any goroutine.
func (e *Engine) Ready() string {
	if e.draining.Load() {
		return "draining"
	}
	select {
	case <-e.ended:
		return "stopped"
	case <-e.booted:
		return ""
	default:
		return "starting"
	}
}

// loopFor finds or makes the loop of a gnet event loop: gnet exposes no list of them, each shows
// itself with its first connection.
func (e *Engine) loopFor(el gnet.EventLoop) *loop {
	for _, l := range *e.loops.Load() {
		if l.el == el {
			return l
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	loops := *e.loops.Load()
	l := &loop{engine: e, el: el, index: len(loops)}
	var seed [32]byte
	rand.Read(seed[:])
	l.random = mathrand.New(mathrand.NewChaCha8(seed))
	l.inbox.wake = l.wake
	l.inbox.closed = e.stopping.Load()
	grown := append(append([]*loop(nil), loops...), l)
	e.loops.Store(&grown)
	return l
}

// attempt handles one event of the inbox. A fault in it ends the session that it is about, if any,
// not the process. Loop only.
func (l *loop) attempt(ev *event) {
	defer func() {
		if fault := recover(); fault != nil {
			l.panicked(ev.session, fault)
			if q := l.requests.peek(ev.tag); ev.tag != 0 && tagLoop(ev.tag) == l.index && q != nil && q.session != nil {
				l.fault(q.session)
			}
		}
	}()
	l.handle(ev)
}

// panicked reports a fault in a handler and ends the session. Loop only.
func (l *loop) panicked(s *session, fault any) {
	l.counters.panics.Add(1)
	l.engine.cfg.Logger.Error("fault in a session's handler", slog.Any("fault", fault), slog.String("stack", string(debug.Stack())))
	if s != nil {
		l.fault(s)
	}
}

// fault ends a session whose handler failed. What it was waiting for may never be answered: it is
// not waited for. Loop only.
func (l *loop) fault(s *session) {
	s.busy, s.inflight = false, 0
	l.end(s, chat.CloseInternalError, "internal error", fateDetach, nil)
}

// survive keeps a loop alive when the end of a turn failed: what was to be written in it is lost to
// its sessions, who are behind by a gap that they can see, and the next turn begins clean. Loop
// only.
func (l *loop) survive() {
	fault := recover()
	if fault == nil {
		return
	}
	l.panicked(nil, fault)
	for _, slot := range l.dirty {
		slot.dirty = false
		for _, s := range slot.members.All() {
			s.from = 0
		}
		l.reset(slot)
	}
	l.dirty = l.dirty[:0]
	for _, s := range l.touched {
		s.listed, s.out = false, nil
		l.sever(s)
	}
	l.touched = l.touched[:0]
	l.wake()
}
