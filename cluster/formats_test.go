package cluster

import (
	"encoding/json"
	commandLine "flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"chatroom/internal/chat"
)

var writeFormats = commandLine.String("write-formats", "", "write what this version leaves in Redis into testdata/formats/<name>")

// safeLines is a list that several goroutines append to.
type safeLines struct {
	mu    sync.Mutex
	lines [][]string
}

func (l *safeLines) add(line []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *safeLines) all() [][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// facts are what was done while a store was written.
type facts struct {
	Room, Deleted       chat.RoomID
	Ann, Ben, Dan       chat.ClientID // of the room, the last detached
	AnnToken, EveToken  string
	EveAddress, AnnName string
	Messages            []string // bodies; the idempotency id of each is its index
	Epoch               string
}

// digits is a range of ids with small bitmaps.
func digits(c *Config) { c.ClientIDs, c.ResumeWindow = IDRange{10, 999}, time.Minute }

// leaveTraces leaves everything there is: a room with messages, members who came, went, renamed
// themselves, moved to another node and lost their connection, a ban, a deleted room, an operator's
// action.
func leaveTraces(t *testing.T, s *server) (f facts, store, frames [][]string) {
	t.Helper()
	url := "redis://" + s.addr()
	a, b := enact(t, url, digits), enact(t, url, digits)
	ann, ben, cat, dan, eve := a.somebody(), a.somebody(), a.somebody(), a.somebody(), a.somebody()
	f = facts{Ann: ann.Client, Ben: ben.Client, Dan: dan.Client, AnnName: "Änne", EveAddress: "203.0.113.7"}
	f.Room = a.makes(ann)
	keys := a.store.keys.room(f.Room)
	heard := s.overhear(keys.channel, a.control.channel())
	for _, m := range []chat.Member{ben, cat, dan} {
		a.joins(f.Room, m)
	}
	tag := a.tag()
	a.Rename(tag, f.Room, ann, f.AnnName)
	a.outcome(tag)
	a.Directory().Rename(ann, f.AnnName)
	for i := range 3 {
		f.Messages = append(f.Messages, `,"text":"message `+strconv.Itoa(i)+`"}`)
		p := a.pending(ann, strconv.Itoa(i), f.Messages[i])
		a.Append(f.Room, []chat.Pending{p})
		if _, r, ok := a.verdict(p); !ok {
			t.Fatalf("message %d: %+v", i, r)
		}
	}
	a.leaves(f.Room, cat)
	a.Directory().Detach(dan, f.Room)
	until(t, "dan is detached", func() bool {
		value, _ := s.do("HGET", keys.members, formatID(dan.Client)).ToString()
		return len(value) > valueName && value[valueUntil:valueName] != "0000000000000" && s.has("ZCARD", "cr:{nodes}:det")
	})
	b.resumes(string(a.Directory().Token(nil, ben)), f.Room)

	var eveAt chat.Member
	until(t, "eve is there", func() (ok bool) { eveAt, ok = a.Directory().Open(f.EveAddress); return ok })
	f.EveToken, f.AnnToken = string(a.Directory().Token(nil, eveAt)), string(a.Directory().Token(nil, ann))
	s.recorded(eveAt)
	s.recorded(ann)
	if r, err := a.RemoveClient(t.Context(), chat.Removal{Client: eveAt.Client, Ban: 100 * 365 * 24 * time.Hour, By: "admin", Reason: "rude"}); err != nil || r.Total != 1 {
		t.Fatalf("ban: %+v, %v", r, err)
	}
	f.Deleted = a.makes(eve)
	if _, found, err := a.DeleteRoom(t.Context(), f.Deleted); !found || err != nil {
		t.Fatalf("deletion: %v, %v", found, err)
	}
	if err := a.AppendAudit(t.Context(), chat.AuditEntry{At: 1, By: "admin", IP: "192.0.2.1", Action: "ban", Target: "client 1", Result: "ok"}); err != nil {
		t.Fatal(err)
	}
	if ok, _, err := a.Allow(t.Context(), "login:192.0.2.1", 20); !ok || err != nil {
		t.Fatalf("window: %v, %v", ok, err)
	}
	a.look(func() { f.Epoch = hex16(uint64(a.of(f.Room).info.Epoch)) })
	until(t, "both nodes report", func() bool { return s.int("HLEN", "cr:{nodes}:stats") == 2 })
	until(t, "every record stands", func() bool {
		v, _ := s.do("HGET", recordKey(ann.Client), "n").ToString()
		return v == f.AnnName && !s.has("HEXISTS", recordKey(ben.Client), "d")
	})
	store = s.dump()
	// The end of an epoch, which only a fork brings.
	fork := []string{a.Cluster.rooms.origin, f.Epoch, "99", strings.Repeat("x", 16), "1", strings.Repeat("f", 16)}
	if err := a.store.run(t.Context(), scriptRecover, []string{keys.meta, keys.log, keys.tomb, keys.channel}, fork).Error(); err != nil {
		t.Fatal(err)
	}
	until(t, "the new epoch is told", func() bool {
		frames = heard()
		return slices.ContainsFunc(frames, func(f []string) bool { return f[0] == keys.channel && f[1][0] == letterEpoch })
	})
	return f, store, frames
}

// resumes takes a session over, with its place in the room.
func (s *scene) resumes(token string, room chat.RoomID) chat.Member {
	s.t.Helper()
	r := s.takesOver(token)
	if r.Code != "" || r.Room != room {
		s.t.Fatalf("resumed %+v", r)
	}
	tag := s.tag()
	s.Join(tag, room, r.Member, true)
	if _, code := s.outcome(tag); code != "" {
		s.t.Fatalf("join: %s", code)
	}
	return r.Member
}

func (s *scene) takesOver(token string) (r chat.Resumption) {
	s.t.Helper()
	tag := s.tag()
	s.Directory().Resume(tag, token, "192.0.2.9")
	until(s.t, "RESUME is answered", func() (ok bool) {
		s.with(func() { r, ok = s.resumed[tag] })
		return ok
	})
	return r
}

// TestFormatsAreThoseOfTheNewestVersion compares what this version leaves in Redis and says on its
// channels with the golden files. A change of them is seen by nodes of the version before, in a
// rolling upgrade: see that they bear it, then write a new directory with -write-formats and keep the
// old ones.
func TestFormatsAreThoseOfTheNewestVersion(t *testing.T) {
	t.Parallel()
	s := launch(t)
	f, store, frames := leaveTraces(t, s)
	if *writeFormats != "" {
		dir := filepath.Join("testdata", "formats", *writeFormats)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		text, err := json.MarshalIndent(f, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, goldenFacts), append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		writeWords(t, filepath.Join(dir, goldenStore), store)
		writeWords(t, filepath.Join(dir, goldenFrames), frames)
	}
	all := versions(t)
	newest := all[len(all)-1]
	want, got := shape(words(t, filepath.Join(newest, goldenStore))), shape(store)
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s had, and this version has not: %s", newest, line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("this version has, and %s had not: %s", newest, line)
		}
	}
	spoken := func(frames [][]string) (kinds []string) {
		for _, frame := range frames {
			kinds = append(kinds, frameKind(frame))
		}
		slices.Sort(kinds)
		return slices.Compact(kinds)
	}
	if want, got := spoken(words(t, filepath.Join(newest, goldenFrames))), spoken(frames); !slices.Equal(want, got) {
		t.Errorf("on the channels\n%q, want\n%q", got, want)
	}
}

// frameKind is the form of one message on a channel.
func frameKind(frame []string) string {
	channel, text := pattern(frame[0]), frame[1]
	switch {
	case strings.HasSuffix(channel, "}:ch"):
		f := strings.Fields(text)
		return channel + " prev id node " + strings.Join(f[3:4], "") + " " + strconv.Itoa(len(f))
	case text[0] == letterEvent:
		f := strings.Split(text[envelopeHead:], "\x00")
		return channel + " e " + f[2] + " " + strconv.Itoa(len(f))
	}
	return channel + " " + text[:1]
}
