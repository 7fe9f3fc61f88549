package admin

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Limits of the settings.
const (
	MinSecretBytes = 32             // of JWTSecret: the output size of SHA-256 (RFC 7518, 3.2)
	MinTokenTTL    = time.Second    // of JWTTTL
	MaxTokenTTL    = 24 * time.Hour // of JWTTTL: a stolen token dies within a day
	maxUserBytes   = 64             // of User
	shortPassword  = 12             // code points; a plain password below draws a warning
	DefaultListen  = "127.0.0.1:8081"
)

// Defaults of the settings that are zero.
const (
	DefaultTokenTTL       = 30 * time.Minute
	DefaultReadTimeout    = 10 * time.Second // a whole request, head and body
	DefaultWriteTimeout   = 10 * time.Second // one answer, or one event of a stream
	DefaultIdleTimeout    = 60 * time.Second // between two requests of a connection
	DefaultCallTimeout    = 5 * time.Second  // one call to the Node
	DefaultMaxConnections = 1024             // open at a time; beyond it 503
	DefaultMaxStreams     = 32               // of /admin/events at a time; beyond it 503
)

// Config is how the listener is set up. The zero value listens on DefaultListen with the admin API
// switched off; health, readiness and metrics work.
type Config struct {
	Listen string // host:port; port 0 takes a free one

	// User, Pass and JWTSecret together switch the API on. Pass is the password itself or its
	// argon2id hash as HashPassword makes it. A new JWTSecret revokes every token.
	User      string
	Pass      string
	JWTSecret string

	JWTTTL      time.Duration // lifetime of a token
	MinIssuedAt time.Time     // tokens issued before this moment are refused; zero = none is

	// TrustedProxies are the peers whose X-Forwarded-For and X-Real-IP are believed.
	TrustedProxies []netip.Prefix

	ServerID string
	Version  string
	Logger   *slog.Logger // nil = discard

	ReadTimeout    time.Duration
	WriteTimeout   time.Duration
	IdleTimeout    time.Duration
	CallTimeout    time.Duration
	MaxConnections int
	MaxStreams     int
}

// Enabled says whether the API is switched on.
func (c Config) Enabled() bool { return c.User != "" && c.Pass != "" && c.JWTSecret != "" }

// LogValue shows the settings in a log without the password and the secret.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("listen", c.Listen), slog.Bool("enabled", c.Enabled()), slog.String("user", c.User),
		slog.Duration("jwtTTL", c.JWTTTL), slog.Any("trustedProxies", c.TrustedProxies))
}

// Validate reports every fault of the settings at once, nil when there is none. No message holds a
// secret.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("admin: "+format, args...)) }

	if c.Listen != "" {
		if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
			fault("listen address %q is not host:port", c.Listen)
		}
	}
	if c.JWTSecret != "" && len(c.JWTSecret) < MinSecretBytes {
		fault("the JWT secret has %d bytes, it needs at least %d", len(c.JWTSecret), MinSecretBytes)
	}
	if len(c.User) > maxUserBytes || strings.ContainsFunc(c.User, unprintable) {
		fault("the user name must be at most %d bytes of printable characters", maxUserBytes)
	}
	if err := validatePass(c.Pass); err != nil {
		faults = append(faults, err)
	}
	if c.JWTTTL != 0 && (c.JWTTTL < MinTokenTTL || c.JWTTTL > MaxTokenTTL) {
		fault("the token lifetime %v is not within %v and %v", c.JWTTTL, MinTokenTTL, MaxTokenTTL)
	}
	for _, p := range c.TrustedProxies {
		if !p.IsValid() {
			fault("a trusted proxy is not a valid network")
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"read timeout", c.ReadTimeout}, {"write timeout", c.WriteTimeout}, {"idle timeout", c.IdleTimeout}, {"call timeout", c.CallTimeout}} {
		if d.value < 0 {
			fault("the %s is negative", d.name)
		}
	}
	if c.MaxConnections < 0 || c.MaxStreams < 0 {
		fault("the limits of connections and streams can't be negative")
	}
	return errors.Join(faults...)
}

// missing names the settings without which the API stays off.
func (c Config) missing() []string {
	var names []string
	for _, s := range []struct{ name, value string }{{"user", c.User}, {"password", c.Pass}, {"JWT secret", c.JWTSecret}} {
		if s.value == "" {
			names = append(names, s.name)
		}
	}
	return names
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.JWTTTL, DefaultTokenTTL}, {&c.ReadTimeout, DefaultReadTimeout}, {&c.WriteTimeout, DefaultWriteTimeout},
		{&c.IdleTimeout, DefaultIdleTimeout}, {&c.CallTimeout, DefaultCallTimeout},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = DefaultMaxConnections
	}
	if c.MaxStreams == 0 {
		c.MaxStreams = DefaultMaxStreams
	}
	return c
}
