package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"chatroom/internal/chat"
)

// Defaults of Config (contract, "Programs").
const (
	DefaultListen        = ":8080"
	DefaultResumeWindow  = 30 * time.Second
	DefaultHeartbeat     = 30 * time.Second
	DefaultMessageRate   = 5.0 // events a second and client
	DefaultMessageBurst  = 10
	DefaultHandshakeRate = 20.0 // handshakes a second, address and node
	DefaultHandshakes    = 200  // their burst
	DefaultRoomMessages  = 1000
	DefaultRoomAge       = 67 * time.Minute
	DefaultRoomBytes     = 1 << 20
	DefaultLogMemory     = 256 << 20
	DefaultMaxPending    = 1 << 20
	DefaultDrain         = 10 * time.Second
	DefaultFirstID       = 10000
	DefaultLastID        = 99999
)

// Config is what an operator may set. The zero value holds the defaults.
type Config struct {
	// Listen is the address of the public listener, host:port; "" = DefaultListen. Port 0 takes a
	// free one, see Engine.Addr.
	Listen string
	// Origins may open /ws, each "scheme://host[:port]". Empty: a page of the same host. A request
	// without Origin is always allowed.
	Origins []string
	// TrustedProxies are believed when they name a client in X-Forwarded-For or X-Real-IP.
	TrustedProxies []netip.Prefix
	// ResumeWindow is how long a lost connection keeps its place; 0 = DefaultResumeWindow, negative
	// = not at all.
	ResumeWindow time.Duration
	// Heartbeat is the ping period; a peer that sent nothing for two is closed (4001). 0 =
	// DefaultHeartbeat, at least 100 ms.
	Heartbeat time.Duration
	// ClientIDs is the range that Embedded draws client ids and room ids from; zero = the five-digit
	// numbers. When it is full it grows by one digit.
	ClientIDs IDRange
	// MaxConnections is the cap beyond which handshakes are answered 503; 0 = the limit of file
	// descriptors − 512, at least half of it. More than that is cut down to it.
	MaxConnections int
	// MessageRate bounds the events of each client, HandshakeRate the handshakes of each address.
	MessageRate, HandshakeRate Rate
	// RoomLog bounds what is kept of each room for replay and recovery.
	RoomLog Retention
	// LogMemory bounds the bytes of all rooms' logs; beyond it the least recently used are trimmed.
	// 0 = DefaultLogMemory.
	LogMemory int64
	// MaxMessage is the most code points of a chat text; 0 = chat.DefaultMaxMessage.
	MaxMessage int
	// MaxPending is how many unsent live bytes make a slow reader (4000); 0 = DefaultMaxPending.
	MaxPending int
	// Drain is over how long a stopping node sends its clients away; 0 = DefaultDrain, negative = at
	// once.
	Drain time.Duration
	// Loops is the number of event loops; 0 = GOMAXPROCS, at most 64.
	Loops int
	// ServerID names this node, a UUID; Version is told to operators.
	ServerID, Version string
	// Logger takes what an operator should know; nil = none.
	Logger *slog.Logger
	// Now is the clock of timestamps; nil = time.Now. Timeouts run on the monotonic clock.
	Now func() time.Time
}

// IDRange is a range of ids, both ends included.
type IDRange struct{ First, Last uint64 }

// Rate is a token bucket. The zero value is the default of its setting.
type Rate struct {
	PerSecond float64
	Burst     int
	Off       bool // no limit
}

// Retention bounds a room's log; a zero field is its default.
type Retention struct {
	Messages int
	Age      time.Duration
	Bytes    int
}

// Validate reports every fault at once.
func (c Config) Validate() error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("engine: "+format, args...))
		}
	}
	c = c.withDefaults()
	_, _, err := net.SplitHostPort(c.Listen)
	check(err == nil, "listen address %q is not host:port", c.Listen)
	for _, origin := range c.Origins {
		check(validOrigin(origin), "origin %q is not scheme://host[:port]", origin)
	}
	check(c.Heartbeat >= 100*time.Millisecond, "heartbeat %v is under 100ms", c.Heartbeat)
	check(c.ClientIDs.First >= 1 && c.ClientIDs.First <= c.ClientIDs.Last && c.ClientIDs.Last < 1e12,
		"client ids %d-%d are no range within 1 and 999999999999", c.ClientIDs.First, c.ClientIDs.Last)
	check(c.ClientIDs.Last-c.ClientIDs.First < 1<<27, "client ids %d-%d are more than 2^27", c.ClientIDs.First, c.ClientIDs.Last)
	check(c.MaxConnections >= 0, "max connections %d is negative", c.MaxConnections)
	for name, r := range map[string]Rate{"message rate": c.MessageRate, "handshake rate": c.HandshakeRate} {
		check(r.Off || r.PerSecond > 0 && !math.IsInf(r.PerSecond, 0) && r.Burst >= 1, "%s needs a positive rate and burst", name)
	}
	check(c.RoomLog.Messages > 0 && c.RoomLog.Age > 0 && c.RoomLog.Bytes > 0, "a limit of the room log is negative")
	check(c.LogMemory > 0, "log memory %d is negative", c.LogMemory)
	check(c.MaxMessage > 0 && c.MaxMessage <= 1<<20, "max message %d is not within 1 and %d", c.MaxMessage, 1<<20)
	check(c.MaxPending >= 64<<10, "max pending %d is under 64KiB", c.MaxPending)
	check(c.Loops >= 1 && c.Loops <= maxLoops, "loops %d is not within 1 and %d", c.Loops, maxLoops)
	return errors.Join(faults...)
}

// maxLoops is the most event loops: a tag has eight bits for them, and a room a counter for each.
const maxLoops = 64

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	def(&c.Listen, DefaultListen)
	def(&c.ResumeWindow, DefaultResumeWindow)
	c.ResumeWindow = max(0, c.ResumeWindow)
	def(&c.Heartbeat, DefaultHeartbeat)
	def(&c.ClientIDs, IDRange{DefaultFirstID, DefaultLastID})
	def(&c.MessageRate, Rate{PerSecond: DefaultMessageRate, Burst: DefaultMessageBurst})
	def(&c.HandshakeRate, Rate{PerSecond: DefaultHandshakeRate, Burst: DefaultHandshakes})
	def(&c.RoomLog.Messages, DefaultRoomMessages)
	def(&c.RoomLog.Age, DefaultRoomAge)
	def(&c.RoomLog.Bytes, DefaultRoomBytes)
	def(&c.LogMemory, DefaultLogMemory)
	def(&c.MaxMessage, chat.DefaultMaxMessage)
	def(&c.MaxPending, DefaultMaxPending)
	def(&c.Drain, DefaultDrain)
	c.Drain = max(0, c.Drain)
	def(&c.Loops, min(runtime.GOMAXPROCS(0), maxLoops))
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Spare descriptors: for listeners, the link to Redis, the admin listener, and for the handshakes
// beyond the cap that still get a 503.
const (
	fdReserve     = 512
	refusalsAbove = 256
)

// connectionCaps derives the cap on connections, and how many above it are still answered 503
// before the rest is closed at once. accept failing with EMFILE would stop gnet as a whole, so the
// sum always stays under the limit of file descriptors.
func (c *Config) connectionCaps() (limit, refusals int, err error) {
	var fds unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &fds); err != nil {
		return 0, 0, fmt.Errorf("engine: limit of file descriptors: %w", err)
	}
	all := int(min(fds.Cur, 1<<30))
	limit = max(all-fdReserve, all/2)
	refusals = min(refusalsAbove, (all-limit)/2)
	if c.MaxConnections > 0 {
		limit = min(limit, c.MaxConnections)
	}
	return limit, refusals, nil
}
