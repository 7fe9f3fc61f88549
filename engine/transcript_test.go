package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/internal/chat"
	"chatroom/wsproto"
)

var rewrite = flag.Bool("rewrite", false, "write what the server says into the transcripts")

// TestTranscripts plays testdata/*.txt against a node: what is above a "----" is done, what is
// below is what each client then gets. On one loop everything that a command causes is written
// before its sender's next answer, so the transcripts have one outcome.
//
//	alice connect            opens a WebSocket
//	alice > {…}              sends an event
//	alice lose               drops the connection
//	alice close 1000         closes it, and waits for the server's close
//	alice await left         waits for an event that holds the word (it stays to be shown)
//	admin kick|ban alice     removes the client
//	admin delete room1       deletes a room
//	set window=50ms          only in the first lines: settings of the node
//
// Values that differ from run to run have names: $alice, $room1, $epoch1, $m1, $session.alice, $t.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			after := play(t, string(before))
			if *rewrite {
				if err := os.WriteFile(file, []byte(after), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if after != string(before) {
				t.Errorf("%s differs (run with -rewrite to take it over):\n%s", file, firstDifference(string(before), after))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("want %d lines, got %d", len(w), len(g))
}

// stage is a running transcript.
type stage struct {
	t       *testing.T
	node    *node
	clients map[string]*client
	cast    []string // in the order of their entrance
	heard   map[string][]string
	names   map[string]string // value with its kind → $name
	values  map[string]string // $name → value
}

func play(t *testing.T, script string) string {
	s := &stage{
		t: t, clients: map[string]*client{}, heard: map[string][]string{}, names: map[string]string{},
		values: map[string]string{},
	}
	cfg := engine.Config{Loops: 1, ServerID: "00000000-0000-4000-8000-000000000000"}
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(script), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		for _, line := range strings.Split(commands, "\n") {
			if setting, ok := strings.CutPrefix(line, "set "); ok {
				configure(t, &cfg, setting)
			}
		}
		if s.node == nil {
			s.node = start(t, cfg, nil)
		}
		for _, line := range strings.Split(commands, "\n") {
			s.run(line)
		}
		fmt.Fprintf(&out, "%s\n----\n%s\n", commands, s.settle())
	}
	return out.String()[:out.Len()-1]
}

func configure(t *testing.T, cfg *engine.Config, setting string) {
	name, value, _ := strings.Cut(setting, "=")
	switch name {
	case "window":
		d, err := time.ParseDuration(value)
		if err != nil {
			t.Fatal(err)
		}
		cfg.ResumeWindow = d
	case "messages":
		cfg.RoomLog.Messages, _ = strconv.Atoi(value)
	default:
		t.Fatalf("no setting %q", name)
	}
}

func (s *stage) run(line string) {
	who, what, _ := strings.Cut(line, " ")
	if line == "" || strings.HasPrefix(line, "#") || who == "set" {
		return
	}
	if who == "admin" {
		s.admin(what)
		return
	}
	c := s.clients[who]
	verb, rest, _ := strings.Cut(what, " ")
	switch verb {
	case "connect":
		c = s.node.dialRaw(s.t)
		s.clients[who] = c
		if s.heard[who] == nil {
			s.cast = append(s.cast, who)
			s.heard[who] = []string{}
		}
		s.hear(who, c.next())
	case ">":
		c.send("%s", s.fill(rest))
		s.sync(who)
	case "lose":
		c.lose()
		delete(s.clients, who)
		eventually(s.t, "the connection is gone", func() bool { return s.node.Counters().Connections == int64(len(s.clients)) })
	case "close":
		code, _ := strconv.Atoi(rest)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		payload := wsproto.AppendClose(nil, wsproto.CloseCode(code), "")[2:]
		if err := c.conn.WriteFrame(ctx, wsproto.Frame{Op: wsproto.OpClose, Fin: true, Payload: payload}); err != nil {
			s.t.Fatal(err)
		}
		s.drain(who)
	case "await":
		for {
			m := c.next()
			s.hear(who, m)
			if m == nil || strings.Contains(fmt.Sprint(m), rest) {
				return
			}
		}
	default:
		s.t.Fatalf("no command %q", line)
	}
}

func (s *stage) admin(what string) {
	ctx := context.Background()
	verb, whom, _ := strings.Cut(what, " ")
	switch verb {
	case "kick", "ban":
		id, _ := strconv.ParseUint(s.values["$"+whom], 10, 64)
		removal := chat.Removal{Client: chat.ClientID(id), By: "root"}
		if verb == "ban" {
			removal.Ban = time.Hour
		}
		if removed, err := s.node.embedded.RemoveClient(ctx, removal); err != nil || removed.Total != 1 {
			s.t.Fatalf("%s: %+v, %v", what, removed, err)
		}
		s.drain(whom)
	case "delete":
		id, _ := strconv.ParseUint(s.values["$"+whom], 10, 64)
		if _, found, err := s.node.embedded.DeleteRoom(ctx, chat.RoomID(id)); err != nil || !found {
			s.t.Fatalf("%s: %v, %v", what, found, err)
		}
		eventually(s.t, "the room is gone", func() bool { return s.node.Counters().Rooms == 0 })
	}
}

// sync reads what a client gets up to the answer of a PING.
func (s *stage) sync(who string) {
	c := s.clients[who]
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	// A connection that the server has closed answers no more; what it said before is read below.
	_ = c.conn.WriteText(ctx, []byte(`{"type":"PING","id":"~sync"}`))
	for {
		m := c.next()
		if m != nil && m.text("id") == "~sync" {
			return
		}
		s.hear(who, m)
		if m == nil {
			return
		}
	}
}

// drain reads up to the server's close.
func (s *stage) drain(who string) {
	c := s.clients[who]
	for c != nil && c.closed == nil {
		s.hear(who, c.next())
	}
}

func (s *stage) hear(who string, m message) {
	c := s.clients[who]
	if m == nil {
		s.heard[who] = append(s.heard[who], fmt.Sprintf("closed %d", c.closed.Code))
		delete(s.clients, who)
		return
	}
	if m.is("CONNECT") {
		c.identify(m)
		s.name("client", "$"+who, m["clientId"])
		s.name("session", "$session."+who, m["session"])
	}
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m); err != nil {
		s.t.Fatal(err)
	}
	s.nameAll(m)
	s.heard[who] = append(s.heard[who], strings.TrimSpace(buf.String()))
}

// name names a value when it is met first; a second one of the same name gets a number.
func (s *stage) name(kind, name string, value any) {
	key := kind + " " + fmt.Sprint(value)
	if s.names[key] != "" {
		return
	}
	for n := 2; s.values[name] != ""; n++ {
		name = fmt.Sprintf("%s%d", strings.TrimRight(name, "0123456789"), n)
	}
	s.names[key], s.values[name] = name, fmt.Sprint(value)
}

// nameAll gives a name to each value that differs from run to run.
func (s *stage) nameAll(m map[string]any) {
	for field, name := range map[string]string{"roomId": "$room1", "epoch": "$epoch1", "messageId": "$m1"} {
		if v, ok := m[field]; ok {
			s.name(field, name, v)
		}
	}
}

var (
	times  = regexp.MustCompile(`"(at|createdAt)":\d+`)
	fields = regexp.MustCompile(`"(roomId|epoch|messageId|clientId|createdBy|session|username|previous)":("[^"]*"|\d+)`)
	named  = regexp.MustCompile(`\$[a-z0-9.]+`)
)

// disguise puts names in the place of the values of a field.
func (s *stage) disguise(field string) string {
	part := fields.FindStringSubmatch(field)
	kind, value := part[1], strings.Trim(part[2], `"`)
	switch kind {
	case "createdBy", "clientId":
		kind = "client"
	case "username", "previous":
		if id, ok := strings.CutPrefix(value, "User "); ok && s.names["client "+id] != "" {
			return `"` + kind + `":"User ` + s.names["client "+id] + `"`
		}
	}
	if name := s.names[kind+" "+value]; name != "" {
		return `"` + part[1] + `":` + name
	}
	return field
}

// fill puts values in the place of names.
func (s *stage) fill(text string) string {
	return named.ReplaceAllStringFunc(text, func(name string) string {
		if v, ok := s.values[name]; ok {
			return v
		}
		return name
	})
}

// settle reads what everybody has got and shows it.
func (s *stage) settle() string {
	for _, who := range s.cast {
		if s.clients[who] != nil {
			s.sync(who)
		}
	}
	var out strings.Builder
	for _, who := range s.cast {
		for _, line := range s.heard[who] {
			line = times.ReplaceAllString(line, `"$1":$$t`)
			line = fields.ReplaceAllStringFunc(line, s.disguise)
			fmt.Fprintf(&out, "%s < %s\n", who, line)
		}
		s.heard[who] = []string{}
	}
	return out.String()
}
