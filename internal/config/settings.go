// Package config turns the command line, the environment and a config file into Settings: flags come
// before the environment, that before the file, that before the defaults. It knows what a value
// looks like; what it means is checked by the package that uses it.
package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Command is what the program is asked to do.
type Command string

// The commands of the program.
const (
	Serve       Command = "serve"       // run a node; the default
	Healthcheck Command = "healthcheck" // ask a running node for its health, for containers
	Passwd      Command = "passwd"      // read a password from stdin, print its argon2id hash
)

// Settings is everything that an operator may set, with the defaults filled in. Durations and sizes
// are never negative.
type Settings struct {
	Command Command

	// Serve: the two listeners, as host:port. An empty host is every address.
	Listen      string
	AdminListen string

	// RedisURL is empty for a node on its own. Several addresses stand comma-separated in it.
	RedisURL    string
	RedisPrefix string
	Ack         string // "redis" or "replica"

	// The admin API answers 404 unless all three are set.
	AdminUser string
	AdminPass string // the password, or its argon2id hash
	JWTSecret string // empty or at least MinSecret bytes
	JWTTTL    time.Duration
	JWTMinIAT time.Time // tokens issued before it are refused; zero = none is

	// AllowedOrigins may open the WebSocket; empty = pages of the same host.
	AllowedOrigins []string
	// TrustedProxies are believed when they name a client's address; addresses are whole prefixes.
	TrustedProxies []netip.Prefix

	ResumeWindow time.Duration // 0 = a lost connection leaves at once
	Heartbeat    time.Duration
	ClientIDs    IDRange
	// MaxConnections is 0 for the limit of file descriptors − 512.
	MaxConnections int
	MessageRate    Rate // per client
	HandshakeRate  Rate // per address and node

	RoomLog    RoomLog
	LogMemory  int64 // bytes
	MaxMessage int   // code points
	MaxPending int   // bytes
	Drain      time.Duration

	LogLevel slog.Level
	// LogFormat is "text" or "json"; empty = text on a terminal, else json.
	LogFormat string

	// HealthURL is what Healthcheck asks; empty = /health of AdminListen.
	HealthURL string

	// Warnings are sentences about settings that are allowed but probably not meant.
	Warnings []string
}

// MinSecret is the least number of bytes of JWTSecret: the length of its hash (RFC 7518, 3.2).
const MinSecret = 32

// IDRange is a range of ids, both ends included.
type IDRange struct{ First, Last uint64 }

// Rate is a token bucket: Burst tokens at most, PerSecond new ones a second. Zero = no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Off says that there is no limit.
func (r Rate) Off() bool { return r.PerSecond == 0 }

// RoomLog bounds what is kept of a room for replay and recovery.
type RoomLog struct {
	Messages int
	Age      time.Duration
	Bytes    int64
}

// AdminEnabled says whether the admin API is switched on.
func (s *Settings) AdminEnabled() bool {
	return s.AdminUser != "" && s.AdminPass != "" && s.JWTSecret != ""
}

// LogValue shows the settings in a log without what is secret.
func (s *Settings) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("listen", s.Listen), slog.String("adminListen", s.AdminListen),
		slog.Bool("redis", s.RedisURL != ""), slog.Bool("admin", s.AdminEnabled()),
		slog.Duration("resumeWindow", s.ResumeWindow), slog.Duration("heartbeat", s.Heartbeat))
}
