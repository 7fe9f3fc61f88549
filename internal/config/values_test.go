package config

import (
	"io"
	"strings"
	"testing"
)

func TestValuesThatAreRefused(t *testing.T) {
	tests := []struct {
		flag   string
		values []string
	}{
		{"listen", []string{"", "8080", ":", ":http", ":65536", ":-1", "::1:80", ":08"}},
		{"allowed-origins", []string{"example.org", "https://a/", "https://a/path", "ftp://a", "*", "null", "https://u@a?x"}},
		{"trusted-proxies", []string{"10.0.0.0/33", "proxy", "10.0.0"}},
		{"max-connections", []string{"0", "-1", "many", "1.5", "99999999999"}},
		{"message-rate", []string{"5", "5/s burst", "5/s burst 0", "0/s burst 5", "-1/s", "5/d", "1e3/s", "5 / s", "99999999999/s burst 1"}},
		{"room-log", []string{"1000", "1000/67m", "0/67m/1MiB", "1000/0s/1MiB", "1000/67m/1", "1000/67m/1MiB/", "1000/67/1MiB"}},
		{"max-pending", []string{"1", "-1MiB", "1TiB", "MiB", "1 M iB", "0.5", "99999999GiB"}},
		{"client-ids", []string{"10000", "0-5", "5-1", "1-9007199254740992", "-", "1-2-3", "1-999999999"}},
		{"redis-url", []string{"localhost:6379", "http://localhost", "redis://", "redis://u:p@/0"}},
		{"heartbeat", []string{"0", "1ms", "30", "-1s", "2h"}},
		{"resume-window", []string{"-1s", "30", "2h"}},
		{"jwt-ttl", []string{"0", "1000h", "x"}},
		{"ack", []string{"none", "Redis", ""}},
		{"log-level", []string{"loud", ""}},
		{"log-format", []string{"xml"}},
		{"max-message", []string{"0", "2000000"}},
	}
	for _, test := range tests {
		for _, value := range test.values {
			if s, err := Parse([]string{"--" + test.flag + "=" + value}, nil, io.Discard); ExitCode(err) != 2 {
				t.Errorf("--%s=%q: %v %+v", test.flag, value, err, s)
			}
		}
	}
}

func TestSettingsThatContradict(t *testing.T) {
	for _, args := range [][]string{
		{"--max-message=100000"},
		{"--log-memory=1MiB", "--room-log=10/1m/2MiB"},
		{"--listen=:8081", "--admin-listen=:8081"},
	} {
		if _, err := Parse(args, nil, io.Discard); ExitCode(err) != 2 {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := Parse([]string{"--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"}, nil, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestRatesAndSizes(t *testing.T) {
	rates := map[string]Rate{"5/s": {5, 5}, "0.5/s": {0.5, 1}, "60/m burst 7": {1, 7}, "3600/h": {1, 1}, "0": {}}
	for text, want := range rates {
		var got Rate
		if err := rate(&got)(text); err != nil || got != want || got.Off() != (text == "0") {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	sizes := map[string]float64{"7": 7, "7B": 7, "1kB": 1000, "2 MB": 2e6, "1GB": 1e9, "1.5KiB": 1536, "1MiB": 1 << 20, "3GiB": 3 << 30}
	for text, want := range sizes {
		if got, ok := bytesOf(text); !ok || got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// A hash that came out of some shell or compose file as another text is no password.
func TestHashesThatWereSpoiledOnTheirWay(t *testing.T) {
	const hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5"
	var got string
	if err := password(&got)(hash); err != nil || got != hash {
		t.Errorf("%q, %v", got, err)
	}
	for _, spoiled := range []string{strings.ReplaceAll(hash, "$", "$$"), "$argon2id=19=19456,t=2,p=1", hash[:20]} {
		if err := password(&got)(spoiled); err == nil {
			t.Errorf("%s passes as a password", spoiled)
		}
	}
}

func TestConfigFilesThatAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "array": "[]", "cut": `{"listen": ":1"`, "two objects": `{}{}`, "not JSON": "listen: :1",
		"number list": `{"allowed-origins": [1]}`, "null": `{"listen": null}`, "config in config": `{"config": "x"}`, "command": `{"serve": "x"}`,
	} {
		if _, err := Parse([]string{"--config", write(t, "c.json", content)}, nil, io.Discard); ExitCode(err) != 2 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse([]string{"--config", "/does/not/exist"}, nil, io.Discard); ExitCode(err) != 2 {
		t.Error(err)
	}
	s, err := Parse([]string{"--config", write(t, "c.json", `{"max-message": 100, "allowed-origins": ["https://a", "https://b"]}`)}, nil, io.Discard)
	if err != nil || s.MaxMessage != 100 || len(s.AllowedOrigins) != 2 {
		t.Errorf("%v %+v", err, s)
	}
}
