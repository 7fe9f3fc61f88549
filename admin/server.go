package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Limits of one request (contract, section 3, and docs of the API).
const (
	maxBodyBytes = 4 * 1024
	maxHeadBytes = 8 * 1024
)

// workerIdle is how long fasthttp keeps a goroutine that serves no connection, and how long one of
// its own outlives Shutdown.
const workerIdle = 500 * time.Millisecond

// Server is the listener. It is made by New, serves from Start to Shutdown and is not used again.
type Server struct {
	// Immutable after open.
	cfg     Config
	node    Node
	pages   Pages
	routes  *routes
	http    *fasthttp.Server
	creds   *credentials // nil while the API is switched off
	tokens  *tokens
	limits  *limiter
	sampler *sampler
	metrics *metrics
	log     *slog.Logger
	repeats *repeats
	prefix  string // of request ids
	failed  chan error
	stop    context.CancelFunc
	ctx     context.Context // ends when the listener is stopped

	// Guarded by mu.
	mu      sync.Mutex
	ln      *listener
	running sync.WaitGroup

	// Atomic; any goroutine.
	draining atomic.Bool
	requests atomic.Uint64
	streams  atomic.Int64
}

// New makes the listener of a node. pages may be nil: then there is no dashboard. It does not
// listen yet. The error is that of cfg.Validate.
func New(cfg Config, node Node, pages Pages) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg: cfg, node: node, pages: pages, routes: newRoutes(), limits: newLimiter(node.Allow),
		log: cfg.Logger, repeats: newRepeats(cfg.Logger), prefix: randomPrefix(), failed: make(chan error, 1),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.sampler = newSampler(node, min(cfg.CallTimeout, maxSampleTime))
	s.metrics = newMetrics(s)
	if cfg.Enabled() {
		var err error
		if s.creds, err = newCredentials(cfg.User, cfg.Pass); err != nil {
			return nil, err
		}
		s.tokens = newTokens(cfg)
	}
	s.http = &fasthttp.Server{
		Handler: s.serve, ErrorHandler: s.unreadable, Logger: fasthttpLog{s.repeats},
		ReadTimeout: cfg.ReadTimeout, WriteTimeout: cfg.WriteTimeout, IdleTimeout: cfg.IdleTimeout,
		ReadBufferSize: maxHeadBytes, MaxRequestBodySize: maxBodyBytes, Concurrency: cfg.MaxConnections,
		DisablePreParseMultipartForm: true, NoDefaultServerHeader: true, CloseOnShutdown: true,
		SecureErrorLogMessage: true, TCPKeepalive: true, MaxIdleWorkerDuration: workerIdle,
	}
	return s, nil
}

// Start listens and serves until Shutdown. It returns when the address is bound.
func (s *Server) Start() error {
	ln, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	wrapped := newListener(ln, func(err error) {
		s.repeats.write(slog.LevelError, "admin listener can't accept", slog.Any("error", err))
	})
	s.mu.Lock()
	s.ln = wrapped
	s.mu.Unlock()

	s.log.Info("admin listener is up", "addr", ln.Addr().String(), "api", s.creds != nil)
	if s.creds == nil {
		s.log.Warn("ADMIN API IS OFF: every path below /admin answers 404 until user, password and JWT secret are set", "missing", s.cfg.missing())
	} else {
		s.warnOfWeakSettings()
		s.running.Go(func() { s.sampler.run(s.ctx) })
	}
	s.running.Go(func() {
		err := s.http.Serve(wrapped)
		if s.ctx.Err() == nil && !s.draining.Load() {
			s.failed <- fmt.Errorf("admin: the listener ended: %w", errors.Join(err, net.ErrClosed))
		}
	})
	return nil
}

// Addr is the address that Start bound, nil before.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ln == nil {
		return nil
	}
	return s.ln.Addr()
}

// Failed gives the error with which the listener ended by itself; nothing else is ever sent.
func (s *Server) Failed() <-chan error { return s.failed }

// Drain refuses the API with 503 and Retry-After and ends the event streams, while /health, /ready
// and /metrics go on. Any goroutine.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.sampler.end()
}

// Shutdown drains, waits for the requests that are under way and closes what is left when ctx
// ends; then it returns the error of ctx. Nothing of the Server runs afterwards.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.mu.Lock()
	ln := s.ln
	s.mu.Unlock()
	var err error
	if ln != nil {
		// fasthttp closes only what its Serve has seen already, and that runs on another goroutine.
		_ = ln.Close()
		ln.closeUnused()
		err = s.http.ShutdownWithContext(ctx)
		ln.abort()
	}
	s.stop()
	s.running.Wait()
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	return nil
}

func (s *Server) warnOfWeakSettings() {
	if n := len([]rune(s.cfg.Pass)); n < shortPassword {
		s.log.Warn("the admin password is short", "characters", n, "advised", shortPassword)
	}
	if time.Until(s.cfg.MinIssuedAt) > tokenLeeway {
		s.log.Warn("every admin token is refused until then", "minIssuedAt", s.cfg.MinIssuedAt)
	}
}
