package nodetest

import (
	"testing"

	"chatroom/internal/config"
	"chatroom/internal/node"
)

// TestWhatTheSettingsAllowThePackagesTake: a value at the end of a setting's range is taken by the
// package that it is for, with Redis and without.
func TestWhatTheSettingsAllowThePackagesTake(t *testing.T) {
	for _, s := range [][2]string{
		{"jwt-ttl", "1s"}, {"jwt-ttl", "24h"},
		{"resume-window", "0"}, {"resume-window", "1h"},
		{"heartbeat", "100ms"}, {"heartbeat", "1h"},
		{"drain", "0"}, {"drain", "1h"},
		{"client-ids", "1-1"}, {"client-ids", "10-19"}, {"client-ids", "100000-999999"},
		{"max-connections", "1"}, {"max-connections", "2147483647"},
		{"message-rate", "0"}, {"message-rate", "1/h burst 1"}, {"handshake-rate", "0"}, {"handshake-rate", "1/h burst 1"},
		{"room-log", "1/1s/64KiB"}, {"room-log", "100000/24h/256MiB"},
		{"log-memory", "1MiB"}, {"log-memory", "1023GiB"},
		{"max-message", "1"}, {"max-message", "80000"},
		{"max-pending", "64KiB"}, {"max-pending", "1GiB"},
	} {
		for _, redis := range []string{"", "redis://127.0.0.1:6379"} {
			args := []string{"--redis-url", redis, "--" + s[0], s[1], "--admin-user", User, "--admin-pass", Password, "--jwt-secret", Secret}
			if _, err := config.Parse(args, nil, t.Output(), node.Check); err != nil {
				t.Errorf("--%s %s with Redis at %q: %v", s[0], s[1], redis, err)
			}
		}
	}
}
