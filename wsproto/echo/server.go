package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"

	"chatroom/wsproto"
)

// options is what the flags say.
type options struct {
	limits   wsproto.Limits
	binary   bool
	protocol string
	// handshakeTime and closeTime are shortened by tests; 0 means HandshakeTime and one second.
	handshakeTime, closeTime time.Duration
}

func (o *options) messageTime() time.Duration {
	if o.limits.MessageTime == 0 {
		return wsproto.DefaultMessageTime
	}
	return o.limits.MessageTime
}

// server is the gnet handler: it only gives each connection its session.
type server struct {
	gnet.BuiltinEventEngine

	// Immutable after open.
	options options
	start   time.Time
	booted  chan gnet.Engine

	// Atomic; any goroutine.
	live atomic.Int64 // connections; gnet's own count races with its start
}

// serve listens on addr until ctx ends. ready is told the address, which matters for port 0, and how
// to count the connections.
func serve(ctx context.Context, addr string, o options, ready func(addr string, connections func() int)) error {
	if o.handshakeTime == 0 {
		o.handshakeTime = wsproto.HandshakeTime
	}
	if o.closeTime == 0 {
		o.closeTime = time.Second
	}
	s := &server{options: o, start: time.Now(), booted: make(chan gnet.Engine, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- gnet.Run(s, "tcp://"+addr, gnet.WithMulticore(true), gnet.WithReuseAddr(true),
			gnet.WithLogger(engineLog{}))
	}()
	var engine gnet.Engine
	select {
	case engine = <-s.booted:
	case err := <-ended:
		return unexpected(err)
	}
	bound, err := boundAddr(engine)
	if err == nil {
		ready(bound, func() int { return int(s.live.Load()) })
		select {
		case err := <-ended:
			return unexpected(err)
		case <-ctx.Done():
		}
	}
	stop, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, engine.Stop(stop), <-ended)
}

// unexpected makes an error of every end of the engine that nobody asked for: gnet returns nil when
// accept fails for want of file descriptors.
func unexpected(err error) error {
	if err == nil {
		err = errors.New("engine ended by itself")
	}
	return fmt.Errorf("echo: %w", err)
}

// boundAddr asks the listening socket for its address; gnet knows only what it was told.
func boundAddr(engine gnet.Engine) (string, error) {
	fd, err := engine.Dup()
	if err != nil {
		return "", fmt.Errorf("echo: %w", err)
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return "", fmt.Errorf("echo: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// OnBoot implements gnet.EventHandler.
func (s *server) OnBoot(engine gnet.Engine) gnet.Action {
	s.booted <- engine
	return gnet.None
}

// OnOpen implements gnet.EventHandler.
func (s *server) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	s.live.Add(1)
	c.SetContext(newSession(s, c))
	return nil, gnet.None
}

// OnTraffic implements gnet.EventHandler. It runs for bytes and for the session's own timer.
func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	return c.Context().(*session).traffic(c)
}

// OnClose implements gnet.EventHandler.
func (s *server) OnClose(c gnet.Conn, _ error) gnet.Action {
	s.live.Add(-1)
	c.Context().(*session).timer.Stop()
	return gnet.None
}

// now is the coarse clock of the decoders, in milliseconds; never 0.
func (s *server) now() int64 { return time.Since(s.start).Milliseconds() + 1 }
