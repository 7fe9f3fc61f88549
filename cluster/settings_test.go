package cluster

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestURLsSayWhereRedisIs(t *testing.T) {
	for url, want := range map[string]string{
		"redis://h":                                           "h:6379",
		"redis://h:1/2":                                       "h:1 db=2",
		"redis://u:p%40@h:1?db=3":                             "h:1 user=u password=p@ db=3",
		"rediss://h?tls_skip_verify=true":                     "h:6379 tls",
		"redis+cluster://:p@h1:1,h2:2,[::1]:3?tls=true":       "h1:1,h2:2,[::1]:3 password=p tls",
		"redis+sentinel://h1,h2:2/main/4?sentinel_password=x": "h1:26379,h2:2 db=4 master=main",
	} {
		opt, err := parseURL(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		got := strings.Join(opt.InitAddress, ",")
		for _, f := range [][2]string{{"user", opt.Username}, {"password", opt.Password}, {"db", strings.TrimPrefix(decimal(uint64(opt.SelectDB)), "0")}, {"master", opt.Sentinel.MasterSet}} {
			if f[1] != "" {
				got += " " + f[0] + "=" + f[1]
			}
		}
		if opt.TLSConfig != nil {
			got += " tls"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestFaultyURLsAreRefused(t *testing.T) {
	for _, url := range []string{
		"", "h:6379", "http://h", "redis://", "redis://h:0", "redis://h:x", "redis://h1,h2", "redis://h/x", "redis://h/1/2", "redis://h?db=-1",
		"redis+cluster://h/1", "redis+sentinel://h", "redis://h?unknown=1", "redis://h?tls_ca=f", "rediss://h?tls_ca=/no/such/file", "redis://%zz@h",
	} {
		if _, err := parseURL(url); err == nil || !strings.HasPrefix(err.Error(), "cluster: ") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("redis+sentinel://u:p@h:1,[::1]/m/2?db=1&tls=true")
	f.Fuzz(func(t *testing.T, url string) {
		if strings.Contains(url, "tls_") {
			t.Skip("reads files")
		}
		if opt, err := parseURL(url); err == nil && len(opt.InitAddress) == 0 {
			t.Errorf("%q names no address", url)
		}
	})
}

func TestEveryFaultOfTheSettingsIsReported(t *testing.T) {
	err := Config{URL: "x", Prefix: "a{b}", Ack: "both", ResumeWindow: -1, RoomLog: Limits{Messages: -1},
		ClientIDs: IDRange{Low: 5, High: 4}, ServerID: "no-uuid"}.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"redis url", "prefix", "ack", "resume window", "room log", "client ids", "server id"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not reported in %v", part, err)
		}
	}
	good := Config{URL: "redis://h", ServerID: "00000000-0000-4000-8000-000000000000"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	if d := good.withDefaults(); d.RoomLog != (Limits{Messages: 1000, Age: 67 * time.Minute, Bytes: 1 << 20}) || d.ClientIDs != (IDRange{10000, 99999}) {
		t.Errorf("defaults %+v", d)
	}
}

func TestPartitionTagsFallToTheirSlots(t *testing.T) {
	// CLUSTER KEYSLOT of the tags, as redis-server 7.0.15 answers.
	for tag, want := range map[string]uint16{"00": 13254, "07": 801, "63": 10499, "123456789": 12739} {
		if got := crc16(tag) % 16384; got != want {
			t.Errorf("%s: slot %d, want %d", tag, got, want)
		}
	}
	keys := newKeyspace("cr:")
	if k := keys.room(64*5 + 7); k.channel != "cr:{07}:327:ch" || k.rooms != "cr:{07}:rooms" {
		t.Errorf("keys %+v", k)
	}
	if room, ok := roomOfChannel("cr:{07}:327:ch"); !ok || room != 327 {
		t.Errorf("room %d of its channel", room)
	}
	if !slices.Contains(keys.tags[:], "cr:{63}:") {
		t.Error("63 is no partition")
	}
}

func FuzzParseMessages(f *testing.F) {
	head := "m" + strings.Repeat("o", 16) + strings.Repeat("0", 16)
	f.Add(head + strings.Repeat("p", 16) + "\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x19" + strings.Repeat("x", 25))
	f.Add(head)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < envelopeHead {
			return // never handed on
		}
		if entries, ok := parseMessages(text); ok {
			for i := 1; i < len(entries); i++ {
				if entries[i].Seq != entries[i-1].Seq+1 || entries[i].Prev != entries[i-1].MessageID {
					t.Fatal("entries do not follow each other")
				}
			}
		}
		_, _ = parseEvent(text)
	})
}
