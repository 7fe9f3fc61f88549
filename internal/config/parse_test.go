package config

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func defaults() Settings {
	return Settings{
		Command: Serve, Listen: ":8080", AdminListen: "127.0.0.1:8081", RedisPrefix: "cr:", Ack: "redis",
		JWTTTL: 30 * time.Minute, ResumeWindow: 30 * time.Second, Heartbeat: 30 * time.Second,
		ClientIDs: IDRange{10000, 99999}, MessageRate: Rate{5, 10}, HandshakeRate: Rate{20, 200},
		RoomLog:   RoomLog{1000, 67 * time.Minute, 1 << 20},
		LogMemory: 256 << 20, MaxMessage: 2000, MaxPending: 1 << 20, Drain: 10 * time.Second, LogLevel: slog.LevelInfo,
	}
}

func TestDefaultsAreTheContract(t *testing.T) {
	got, err := Parse(nil, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if want := defaults(); !reflect.DeepEqual(got, want) {
		t.Fatalf("got\n%+v\nwant\n%+v", got, want)
	}
}

// write puts content into a file of the test's own.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// every is one good value, other than the default, for every setting, and what it must lead to.
var every = []struct {
	flag, variable, value string
	set                   func(*Settings)
}{
	{"listen", "LISTEN_ADDR", "[::1]:9000", func(s *Settings) { s.Listen = "[::1]:9000" }},
	{"admin-listen", "ADMIN_LISTEN_ADDR", ":9001", func(s *Settings) { s.AdminListen = ":9001" }},
	{"redis-url", "REDIS_URL", "redis+cluster://u:p@a:1,b:2", func(s *Settings) { s.RedisURL = "redis+cluster://u:p@a:1,b:2" }},
	{"redis-prefix", "REDIS_PREFIX", "x:", func(s *Settings) { s.RedisPrefix = "x:" }},
	{"ack", "ACK", "replica", func(s *Settings) { s.Ack = "replica" }},
	{"admin-user", "ADMIN_USER", "root", func(s *Settings) { s.AdminUser = "root" }},
	{"admin-pass", "ADMIN_PASS", "pass word", func(s *Settings) { s.AdminPass = "pass word" }},
	{"jwt-secret", "JWT_SECRET", strings.Repeat("s", 32), func(s *Settings) { s.JWTSecret = strings.Repeat("s", 32) }},
	{"jwt-ttl", "JWT_TTL", "1h", func(s *Settings) { s.JWTTTL = time.Hour }},
	{"jwt-min-iat", "JWT_MIN_IAT", "2026-01-31T13:30:00+01:00", func(s *Settings) { s.JWTMinIAT = time.Date(2026, 1, 31, 12, 30, 0, 0, time.UTC) }},
	{"allowed-origins", "ALLOWED_ORIGINS", "https://a.example, http://b:81", func(s *Settings) { s.AllowedOrigins = []string{"https://a.example", "http://b:81"} }},
	{"trusted-proxies", "TRUSTED_PROXIES", "10.1.2.3/8,::1", func(s *Settings) {
		s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}},
	{"resume-window", "RESUME_WINDOW", "0", func(s *Settings) { s.ResumeWindow = 0 }},
	{"heartbeat", "HEARTBEAT", "1s", func(s *Settings) { s.Heartbeat = time.Second }},
	{"client-ids", "CLIENT_IDS", "1-100", func(s *Settings) { s.ClientIDs = IDRange{1, 100} }},
	{"max-connections", "MAX_CONNECTIONS", "7", func(s *Settings) { s.MaxConnections = 7 }},
	{"message-rate", "MESSAGE_RATE", "0", func(s *Settings) { s.MessageRate = Rate{} }},
	{"handshake-rate", "HANDSHAKE_RATE", "30/m burst 3", func(s *Settings) { s.HandshakeRate = Rate{0.5, 3} }},
	{"room-log", "ROOM_LOG", "10/1m/128KiB", func(s *Settings) { s.RoomLog = RoomLog{10, time.Minute, 128 << 10} }},
	{"log-memory", "LOG_MEMORY", "1GiB", func(s *Settings) { s.LogMemory = 1 << 30 }},
	{"max-message", "MAX_MESSAGE", "500", func(s *Settings) { s.MaxMessage = 500 }},
	{"max-pending", "MAX_PENDING", "64KiB", func(s *Settings) { s.MaxPending = 64 << 10 }},
	{"drain", "DRAIN", "0s", func(s *Settings) { s.Drain = 0 }},
	{"log-level", "LOG_LEVEL", "DEBUG", func(s *Settings) { s.LogLevel = slog.LevelDebug }},
	{"log-format", "LOG_FORMAT", "json", func(s *Settings) { s.LogFormat = "json" }},
}

// TestEverySettingFromEverySource also proves the order: each source is overruled by a better one
// that says something else, and no source may say anything faulty unnoticed.
func TestEverySettingFromEverySource(t *testing.T) {
	if got, want := len(every), len((&Settings{}).setters()); got != want {
		t.Fatalf("%d settings are tested, there are %d", got, want)
	}
	config := func(flag, value string) string {
		return write(t, "c.json", `{"`+flag+`": "`+value+`"}`)
	}
	for _, test := range every {
		t.Run(test.flag, func(t *testing.T) {
			want := defaults()
			test.set(&want)
			standard := map[string]string{
				"listen": ":8080", "admin-listen": "127.0.0.1:8081", "redis-prefix": "cr:", "ack": "redis",
				"jwt-ttl": "30m", "resume-window": "30s", "heartbeat": "30s", "client-ids": "10000-99999",
				"message-rate": "5/s burst 10", "handshake-rate": "20/s burst 200", "room-log": "1000/67m/1MiB",
				"log-memory": "256MiB", "max-message": "2000", "max-pending": "1MiB", "drain": "10s", "log-level": "info",
				"log-format": "text", "max-connections": "1", "jwt-secret": strings.Repeat("x", 40), "admin-user": "u",
				"admin-pass": "p", "redis-url": "redis://other", "allowed-origins": "https://other", "trusted-proxies": "1.2.3.4",
				"jwt-min-iat": "2020-01-01T00:00:00Z",
			}[test.flag]
			env, flag := test.variable+"="+test.value, "--"+test.flag+"="+test.value
			sources := []struct {
				name          string
				args, environ []string
			}{
				{"file", []string{"--config", config(test.flag, test.value)}, nil},
				{"environment", nil, []string{env}},
				{"environment over file", []string{"--config", config(test.flag, standard)}, []string{env}},
				{"flag", []string{flag}, nil},
				{"flag in two words", []string{"--" + test.flag, test.value}, nil},
				{"flag over environment", []string{flag}, []string{test.variable + "=" + standard}},
				{"flag over file", []string{flag, "--config", config(test.flag, standard)}, nil},
				{"flag over both", []string{"serve", "--config", config(test.flag, standard), flag}, []string{test.variable + "=" + standard}},
			}
			for _, source := range sources {
				got, err := Parse(source.args, source.environ, io.Discard)
				got.Warnings = nil
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %v\ngot  %+v\nwant %+v", source.name, err, got, want)
				}
			}
		})
	}
}

func TestEmptyVariablesAreNotSet(t *testing.T) {
	got, err := Parse(nil, []string{"LISTEN_ADDR=", "JWT_SECRET=", "REDIS_URL=", "MAX_MESSAGE="}, io.Discard)
	if err != nil || !reflect.DeepEqual(got, defaults()) {
		t.Errorf("%v %+v", err, got)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	file := write(t, "c.json", `{"drain": "soon", "colour": "red", "ack": "redis", "ack": "replica", "max-message": true}`)
	args := []string{"--listen", "nowhere", "--colour", "red", "--max-pending=1", "--shape=round", "--config", file}
	environ := []string{"HEARTBEAT=often", "JWT_SECRET=short", "ADMIN_PASS=$argon2id$v=19", "ADMIN_USER=a", "ADMIN_USER_FILE=b"}
	_, err := Parse(args, environ, io.Discard, func(s Settings) error {
		if s.Heartbeat != 30*time.Second {
			t.Errorf("a check sees %v for a value that could not be read", s.Heartbeat)
		}
		return errors.New("checked elsewhere")
	})
	if ExitCode(err) != 2 {
		t.Fatalf("exit code %d of %v", ExitCode(err), err)
	}
	for _, part := range []string{
		"--listen", "--colour", "--max-pending", "--shape", "HEARTBEAT", "JWT_SECRET", "ADMIN_PASS", "ADMIN_USER_FILE",
		`"drain"`, `"colour"`, `"ack": stands twice`, `"max-message"`, "checked elsewhere",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("nothing about %s in\n%v", part, err)
		}
	}
	for _, secret := range []string{"short", "$argon2id$v=19"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the message shows %q:\n%v", secret, err)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	key := strings.Repeat("k", 40)
	environ := []string{
		"ADMIN_USER_FILE=" + write(t, "u", "ada\n"), "ADMIN_PASS_FILE=" + write(t, "p", " pass \r\n"),
		"JWT_SECRET_FILE=" + write(t, "s", key),
	}
	got, err := Parse(nil, environ, io.Discard)
	if err != nil || got.AdminUser != "ada" || got.AdminPass != " pass " || got.JWTSecret != key || !got.AdminEnabled() {
		t.Fatalf("%v %+v", err, got)
	}
	if len(got.Warnings) != 0 {
		t.Errorf("warnings %q", got.Warnings)
	}
	for _, environ := range [][]string{{"JWT_SECRET_FILE=" + t.TempDir()}, {"ADMIN_PASS_FILE=" + write(t, "e", "\n")}} {
		if _, err := Parse(nil, environ, io.Discard); ExitCode(err) != 2 {
			t.Errorf("%v: %v", environ, err)
		}
	}
}

func TestHalfAnAdministratorIsAWarning(t *testing.T) {
	got, err := Parse([]string{"--admin-user", "ada", "--admin-pass", "x"}, nil, io.Discard)
	if err != nil || got.AdminEnabled() || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "jwt-secret") {
		t.Errorf("%v %+v", err, got)
	}
}

func TestHelpNamesEverything(t *testing.T) {
	var out bytes.Buffer
	_, err := Parse([]string{"--help"}, []string{"DRAIN=never"}, &out)
	if !errors.Is(err, ErrAnswered) || ExitCode(err) != 0 {
		t.Fatal(err)
	}
	for _, test := range every {
		if !strings.Contains(out.String(), "--"+test.flag) || !strings.Contains(strings.Join(strings.Fields(out.String()), " "), test.variable) {
			t.Errorf("no --%s or %s in\n%s", test.flag, test.variable, out.String())
		}
	}
	for _, word := range []string{"--config", "--version", "serve", "healthcheck", "passwd", "JWT_SECRET_FILE", "5/s burst 10"} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), word) {
			t.Errorf("no %s in\n%s", word, out.String())
		}
	}
}

func TestVersionIsPrinted(t *testing.T) {
	var out bytes.Buffer
	if _, err := Parse([]string{"--version"}, nil, &out); !errors.Is(err, ErrAnswered) || out.String() != "chatroom "+Version()+"\n" {
		t.Errorf("%v %q", err, out.String())
	}
}

func TestCommands(t *testing.T) {
	tests := []struct {
		args    []string
		command Command
		url     string
	}{
		{[]string{"serve"}, Serve, ""},
		{[]string{"healthcheck"}, Healthcheck, ""},
		{[]string{"healthcheck", "--url", "http://127.0.0.1:1/health"}, Healthcheck, "http://127.0.0.1:1/health"},
		{[]string{"passwd"}, Passwd, ""},
	}
	for _, test := range tests {
		got, err := Parse(test.args, nil, io.Discard)
		if err != nil || got.Command != test.command || got.HealthURL != test.url {
			t.Errorf("%v: %v %+v", test.args, err, got)
		}
	}
	for _, args := range [][]string{{"dance"}, {"serve", "now"}, {"--listen"}, {"-x"}} {
		if _, err := Parse(args, nil, io.Discard); ExitCode(err) != 2 {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	s := defaults()
	s.AdminPass, s.JWTSecret, s.RedisURL = "hunter2", "hunter2", "redis://:hunter2@h"
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("settings", "settings", &s)
	if strings.Contains(out.String(), "hunter2") {
		t.Error(out.String())
	}
}
