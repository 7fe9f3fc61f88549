package cluster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// A golden directory holds what one version of the program left in Redis and said on its channels:
// store has one command a line that brings a key back, frames one channel and one message a line,
// facts what was done. All words are Go-quoted, so that every byte can be read in a diff.
const (
	goldenStore  = "store"
	goldenFrames = "frames"
	goldenFacts  = "facts.json"
)

// versions are the directories of all versions whose data must be readable, the newest last.
func versions(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join("testdata", "formats", "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no golden formats: %v", err)
	}
	slices.Sort(dirs)
	return dirs
}

// words reads a file of quoted words, line by line.
func words(t *testing.T, file string) (lines [][]string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(content))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var line []string
		for rest := scanner.Text(); rest != ""; rest = strings.TrimPrefix(rest, " ") {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				t.Fatalf("%s: %v in %q", file, err, rest)
			}
			word, _ := strconv.Unquote(quoted)
			line = append(line, word)
			rest = rest[len(quoted):]
		}
		lines = append(lines, line)
	}
	return lines
}

func writeWords(t *testing.T, file string, lines [][]string) {
	t.Helper()
	var b bytes.Buffer
	for _, line := range lines {
		for i, word := range line {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(strconv.QuoteToASCII(word))
		}
		b.WriteByte('\n')
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// dump reads every key as the command that brings it back, in the order of their names.
func (s *server) dump() (lines [][]string) {
	s.t.Helper()
	keys, err := s.do("KEYS", "*").AsStrSlice()
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(keys)
	for _, key := range keys {
		kind, _ := s.do("TYPE", key).ToString()
		switch kind {
		case "string":
			v, err := s.do("GET", key).ToString()
			s.must(err)
			lines = append(lines, []string{"SET", key, v})
		case "hash":
			fields, err := s.do("HGETALL", key).AsStrMap()
			s.must(err)
			line := []string{"HSET", key}
			for _, f := range sorted(fields) {
				line = append(line, f, fields[f])
			}
			lines = append(lines, line)
		case "list":
			all, err := s.do("LRANGE", key, "0", "-1").AsStrSlice()
			s.must(err)
			lines = append(lines, append([]string{"RPUSH", key}, all...))
		case "zset":
			all, err := s.do("ZRANGE", key, "0", "-1", "WITHSCORES").AsZScores()
			s.must(err)
			line := []string{"ZADD", key}
			for _, z := range all {
				line = append(line, strconv.FormatFloat(z.Score, 'f', -1, 64), z.Member)
			}
			lines = append(lines, line)
		case "stream":
			entries, err := s.do("XRANGE", key, "-", "+").ToArray()
			s.must(err)
			for _, x := range entries {
				e, err := x.ToArray()
				s.must(err)
				fields, err := e[1].AsStrSlice() // in their order: scripts count on it
				s.must(err)
				id, _ := e[0].ToString()
				lines = append(lines, append([]string{"XADD", key, id}, fields...))
			}
		case "none": // it ended meanwhile
		default:
			s.t.Fatalf("%s is a %s", key, kind)
		}
	}
	return lines
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func sorted(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// restore fills Redis from a golden store, as if it had been written a moment ago. The node that wrote
// it lives on, as a neighbour of the older version does in a rolling upgrade; only who was detached
// has no time left. With more, every record has fields that a newer version may have added.
func (s *server) restore(lines [][]string, more bool) {
	s.t.Helper()
	for _, line := range lines {
		if more {
			line = extended(line)
		}
		if err := s.do(renewed(line)...).Error(); err != nil {
			s.t.Fatalf("%.60q: %v", line, err)
		}
	}
}

// renewed sets the times that decide something.
func renewed(line []string) []string {
	line = slices.Clone(line)
	set := func(from, step, value int, name string, at time.Time) {
		for i := from; i < len(line); i += step {
			if name == "" || line[i] == name {
				line[i+value] = strconv.FormatInt(at.UnixMilli(), 10)
			}
		}
	}
	switch key := line[1]; {
	case key == "cr:{nodes}:lease":
		set(2, 2, 0, "", time.Now().Add(time.Hour))
	case key == "cr:{nodes}:det":
		set(2, 2, 0, "", time.Now().Add(-time.Second))
	case recordName.MatchString(key):
		set(2, 2, 1, "d", time.Now().Add(-time.Second))
	case strings.HasSuffix(key, ":log") && line[0] == "XADD":
		set(3, 2, 1, "t", time.Now())
	}
	return line
}

// recordName is the key of a session.
var recordName = regexp.MustCompile(`^cr:\{[0-9]+\}:[0-9]+$`)

// fixed are the hashes and streams whose fields are ours, not data.
var fixed = regexp.MustCompile(`\}:[0-9]+(:m|:log)?$|\}:log$|^cr:\{audit\}`)

// extended adds what a newer version may add: fields behind the known ones, in JSON as well.
func extended(line []string) []string {
	line = slices.Clone(line)
	if (line[0] == "HSET" || line[0] == "XADD") && fixed.MatchString(line[1]) {
		line = append(line, "zz", "newer")
	}
	for i, word := range line {
		if strings.HasPrefix(word, `{"`) && strings.HasSuffix(word, "}") && i > 2 {
			line[i] = `{"zz":{"newer":[1]},` + word[1:]
		}
	}
	return line
}

var drawn = regexp.MustCompile(`[0-9a-f]{16,}|[0-9]+`)

// pattern replaces what differs from run to run.
func pattern(name string) string {
	return drawn.ReplaceAllString(name, "#")
}

// withoutNonce cuts the bytes of a session's nonce out of a field's name: those before a client's own
// id, or behind the mark of a banned session.
func withoutNonce(field string) string {
	size := len(chat.Nonce{})
	if rest, ok := strings.CutPrefix(field, "s:"); ok && len(rest) == size {
		return "s:"
	}
	return field[min(size, len(field)):]
}

// shape is the form of a store: its keys, their types and their fields.
func shape(lines [][]string) (all []string) {
	for _, line := range lines {
		key, rest := pattern(line[1]), line[2:]
		if line[0] == "XADD" {
			rest = line[3:]
		}
		if line[0] != "HSET" && line[0] != "XADD" {
			all = append(all, line[0]+" "+key)
			continue
		}
		for i := 0; i < len(rest); i += 2 {
			field := rest[i]
			if strings.HasSuffix(key, ":ids") || strings.HasPrefix(field, "s:") {
				field = withoutNonce(field)
			}
			all = append(all, line[0]+" "+key+" "+pattern(field))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// overhear collects what is said on channels until the test ends.
func (s *server) overhear(channels ...string) (heard func() [][]string) {
	s.t.Helper()
	var frames safeLines
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var confirmed safeLines
	for _, channel := range channels {
		conn, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.addr()}, DisableCache: true, ForceSingleClient: true})
		s.must(err)
		s.t.Cleanup(conn.Close)
		ready := rueidis.WithOnSubscriptionHook(ctx, func(rueidis.PubSubSubscription) { confirmed.add([]string{channel}) })
		go func() {
			_ = conn.Receive(ready, conn.B().Ssubscribe().Channel(channel).Build(), func(m rueidis.PubSubMessage) {
				frames.add([]string{m.Channel, m.Message})
			})
			done <- struct{}{}
		}()
	}
	s.t.Cleanup(func() {
		cancel()
		for range channels {
			<-done
		}
	})
	until(s.t, fmt.Sprintf("%d channels are heard", len(channels)), func() bool { return len(confirmed.all()) >= len(channels) })
	return frames.all
}
