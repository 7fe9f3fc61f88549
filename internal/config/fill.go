package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"time"

	"chatroom/internal/chat"
)

// setters read the text of a setting into its field, by flag name.
func (s *Settings) setters() map[string]func(string) error {
	const most = math.MaxInt32 // of counts and of bytes that one connection may hold
	return map[string]func(string) error{
		"listen":          address(&s.Listen),
		"admin-listen":    address(&s.AdminListen),
		"allowed-origins": origins(&s.AllowedOrigins),
		"trusted-proxies": prefixes(&s.TrustedProxies),
		"max-connections": integer(&s.MaxConnections, 1, most),
		"handshake-rate":  rate(&s.HandshakeRate),
		"heartbeat":       duration(&s.Heartbeat, 100*time.Millisecond, time.Hour),
		"resume-window":   duration(&s.ResumeWindow, 0, time.Hour),
		"max-pending":     size(&s.MaxPending, 64<<10, 1<<30),
		"drain":           duration(&s.Drain, 0, time.Hour),
		"message-rate":    rate(&s.MessageRate),
		"max-message":     integer(&s.MaxMessage, 1, 1<<20),
		"room-log":        roomLog(&s.RoomLog),
		"log-memory":      size(&s.LogMemory, 1<<20, 1<<40),
		"client-ids":      idRange(&s.ClientIDs),
		"redis-url":       redisURL(&s.RedisURL),
		"redis-prefix":    text(&s.RedisPrefix),
		"ack":             oneOf(&s.Ack, "redis", "replica"),
		"admin-user":      text(&s.AdminUser),
		"admin-pass":      password(&s.AdminPass),
		"jwt-secret":      secret(&s.JWTSecret),
		"jwt-ttl":         duration(&s.JWTTTL, time.Second, 24*time.Hour),
		"jwt-min-iat":     moment(&s.JWTMinIAT),
		"log-level":       level(&s.LogLevel),
		"log-format":      oneOf(&s.LogFormat, "text", "json"),
	}
}

// described are the defaults that say what is meant instead of how it would be written.
var described = map[string]bool{"allowed-origins": true, "trusted-proxies": true, "max-connections": true, "log-format": true}

// fill sets every field from its source or its default, and reports all values that can't be read.
func (s *Settings) fill(src sources) (faults []error) {
	setters := s.setters()
	for row := range rows() {
		set := setters[row.name]
		if row.standard != "" && !described[row.name] {
			if err := set(row.standard); err != nil {
				faults = append(faults, fmt.Errorf("default of --%s: %w", row.name, err))
			}
		}
		value, origin, given := src.lookup(row.name)
		if !given || value == row.standard {
			continue
		}
		if err := set(value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", origin, err))
		}
	}
	return faults
}

// cross checks the settings against each other.
func (s *Settings) cross() (faults []error) {
	if event := (chat.Limits{Message: s.MaxMessage}).EventLimit(); s.MaxPending < event {
		faults = append(faults, fmt.Errorf("max-pending: %d bytes are less than one event may have (%d with max-message %d)", s.MaxPending, event, s.MaxMessage))
	}
	if s.LogMemory < s.RoomLog.Bytes {
		faults = append(faults, fmt.Errorf("log-memory: %d bytes are less than room-log allows one room (%d)", s.LogMemory, s.RoomLog.Bytes))
	}
	if s.Listen == s.AdminListen && !strings.HasSuffix(s.Listen, ":0") {
		faults = append(faults, fmt.Errorf("listen and admin-listen: both are %s", s.Listen))
	}
	var set, missing []string
	for _, v := range [...]struct{ name, value string }{{"admin-user", s.AdminUser}, {"admin-pass", s.AdminPass}, {"jwt-secret", s.JWTSecret}} {
		if v.value == "" {
			missing = append(missing, v.name)
		} else {
			set = append(set, v.name)
		}
	}
	if len(set) > 0 && len(missing) > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("The admin API is off: %s set, but not %s.", strings.Join(set, ", "), strings.Join(missing, ", ")))
	}
	return faults
}

// argon2id is the PHC form of a hash, as the passwd command prints it.
var argon2id = regexp.MustCompile(`^\$argon2id\$v=19\$m=[1-9]\d*,t=[1-9]\d*,p=[1-9]\d*\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$`)

// No message about a secret shows it.

func password(into *string) func(string) error {
	return func(s string) error {
		if (strings.HasPrefix(s, "$argon2") || strings.HasPrefix(s, "$$argon2")) && !argon2id.MatchString(s) {
			return errors.New("is no argon2id hash of version 19 (a shell or compose file takes $ for a variable: put it into single quotes or use ADMIN_PASS_FILE)")
		}
		*into = s
		return nil
	}
}

func secret(into *string) func(string) error {
	return func(s string) error {
		if s != "" && len(s) < MinSecret {
			return fmt.Errorf("has %d bytes and needs at least %d", len(s), MinSecret)
		}
		*into = s
		return nil
	}
}

func level(into *slog.Level) func(string) error {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	return func(s string) error {
		l, ok := levels[strings.ToLower(s)]
		if !ok {
			return fmt.Errorf("%q is not debug, info, warn or error", s)
		}
		*into = l
		return nil
	}
}
