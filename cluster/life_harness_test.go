package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// patience bounds every wait of these tests; a loaded machine may need much of it.
const patience = 30 * time.Second

// until polls until ok.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("gave up waiting: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// server is a redis-server of the test's own.
type server struct {
	t    testing.TB
	port int
	dir  string
	env  []string
	b    rueidis.Client // the test's own look at it

	mu  sync.Mutex // a server may be killed and started again beside the test
	cmd *exec.Cmd
}

// launch starts one; env is added to its environment.
func launch(t testing.TB, env ...string) *server {
	t.Helper()
	s := &server{t: t, port: freePort(t), dir: t.TempDir(), env: env}
	s.run()
	t.Cleanup(s.kill)
	var err error
	s.b, err = rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.addr()}, DisableCache: true, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.b.Close)
	return s
}

func (s *server) addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// run starts the process, again on the same port and directory after kill.
func (s *server) run() {
	s.t.Helper()
	s.mu.Lock()
	s.cmd = exec.Command("redis-server", "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--save", "",
		"--appendonly", "yes", "--appendfsync", "no", "--dir", s.dir, "--logfile", "redis.log", "--enable-debug-command", "yes")
	s.cmd.Env = append(os.Environ(), s.env...)
	err := s.cmd.Start()
	s.mu.Unlock()
	if err != nil {
		s.t.Fatalf("redis-server: %v (apt-get install redis-server)", err)
	}
	defer func() {
		if s.t.Failed() {
			text, _ := os.ReadFile(filepath.Join(s.dir, "redis.log"))
			s.t.Logf("redis at %s:\n%s", s.addr(), text)
		}
	}()
	until(s.t, "redis answers", func() bool {
		c, err := net.DialTimeout("tcp", s.addr(), time.Second)
		if err != nil {
			return false
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(2 * time.Second))
		if _, err := c.Write([]byte("PING\r\n")); err != nil {
			return false
		}
		b := make([]byte, 16)
		n, _ := c.Read(b)
		return strings.HasPrefix(string(b[:n]), "+PONG")
	})
}

func (s *server) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// do runs one command given in words.
func (s *server) do(words ...string) rueidis.RedisResult {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.b.Do(ctx, s.b.B().Arbitrary(words...).Build())
}

func (s *server) int(words ...string) int64 {
	s.t.Helper()
	for end := time.Now().Add(patience); ; {
		n, err := s.do(words...).AsInt64()
		if err == nil || rueidis.IsRedisNil(err) {
			return n
		}
		var refused *rueidis.RedisError
		if errors.As(err, &refused) || time.Now().After(end) {
			s.t.Fatalf("%v: %v", words, err)
		}
		time.Sleep(10 * time.Millisecond) // the connection of before a restart
	}
}

func (s *server) has(words ...string) bool {
	s.t.Helper()
	return s.int(words...) > 0
}

// told is what a node was told through its feed.
type told struct {
	client      chat.ClientID
	incarnation chat.Incarnation
	cause       chat.Cause
}

// ear is the feed and the local side of a node in a test.
type ear struct {
	mu      sync.Mutex
	created map[chat.Tag]chat.RoomInfo
	codes   map[chat.Tag]chat.Code
	resumed map[chat.Tag]chat.Resumption
	kicked  []told
	all     int
	events  map[chat.RoomID][]chat.UserEvent
	people  []chat.ClientRecord
	report  chat.ServerStats
	next    chat.Tag
}

func newEar() *ear {
	return &ear{
		created: make(map[chat.Tag]chat.RoomInfo), codes: make(map[chat.Tag]chat.Code), resumed: make(map[chat.Tag]chat.Resumption),
		events: make(map[chat.RoomID][]chat.UserEvent),
	}
}

func (e *ear) with(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

func (e *ear) tag() (t chat.Tag) {
	e.with(func() { e.next++; t = e.next })
	return t
}

func (e *ear) room(tag chat.Tag, room chat.RoomInfo, code chat.Code) {
	e.with(func() { e.created[tag] = room; e.codes[tag] = code })
}

func (e *ear) Created(tag chat.Tag, room chat.RoomInfo, code chat.Code) { e.room(tag, room, code) }
func (e *ear) Joined(tag chat.Tag, room chat.RoomInfo, code chat.Code)  { e.room(tag, room, code) }
func (e *ear) Baseline(chat.RoomInfo, []chat.Entry)                     {}
func (e *ear) Messages(chat.RoomID, chat.Epoch, []chat.Entry)           {}
func (e *ear) Resync(chat.RoomInfo, []chat.Entry)                       {}
func (e *ear) Refused(chat.RoomID, chat.Tag, chat.Refusal)              {}
func (e *ear) Listed(chat.Tag, []chat.RoomSummary, string, chat.Code)   {}
func (e *ear) Done(tag chat.Tag, code chat.Code)                        { e.with(func() { e.codes[tag] = code }) }
func (e *ear) Resumed(tag chat.Tag, r chat.Resumption)                  { e.with(func() { e.resumed[tag] = r }) }
func (e *ear) DisconnectAll()                                           { e.with(func() { e.all++ }) }
func (e *ear) Disconnect(c chat.ClientID, i chat.Incarnation, k chat.Cause) {
	e.with(func() { e.kicked = append(e.kicked, told{c, i, k}) })
}
func (e *ear) Event(room chat.RoomID, ev chat.UserEvent) {
	e.with(func() { e.events[room] = append(e.events[room], ev) })
}

func (e *ear) Stats() chat.ServerStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.report
}

func (e *ear) Sessions(yield func(chat.ClientRecord) bool) {
	e.mu.Lock()
	list := append([]chat.ClientRecord(nil), e.people...)
	e.mu.Unlock()
	for _, r := range list {
		if !yield(r) {
			return
		}
	}
}

func (e *ear) heard(want told) (found bool) {
	e.with(func() {
		for _, k := range e.kicked {
			found = found || k == want
		}
	})
	return found
}

// person is somebody connected to a node.
type person = chat.Member

// testNode is a node of the cluster in this process.
type testNode struct {
	*Cluster
	*ear
	t   testing.TB
	dir *Directory
}

// quick are times for tests: a lease of two seconds leaves a loaded machine room.
func quick(tm *times) {
	*tm = times{
		heartbeat: 200 * time.Millisecond, lease: 2 * time.Second, fence: 1400 * time.Millisecond, unbroken: 2 * time.Second,
		sweep: 100 * time.Millisecond, hold: 3 * time.Second, stats: 200 * time.Millisecond, touch: 6 * time.Second, check: 100 * time.Millisecond,
	}
}

// patient gives a window that no test outlives, however slow the machine.
func patient(c *Config, _ *times) { c.ResumeWindow = time.Minute }

// begin starts a node on s; change may be nil.
func begin(t testing.TB, s *server, change func(*Config, *times)) *testNode {
	t.Helper()
	raw := random(16)
	config := Config{
		URL: "redis://" + s.addr(), ResumeWindow: 2 * time.Second, Host: "host", Version: "test",
		ServerID: fmt.Sprintf("%s-%s-%s-%s-%s", raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]),
	}
	tm := defaultTimes()
	quick(&tm)
	if change != nil {
		change(&config, &tm)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e := newEar()
	c, err := Open(ctx, config, e)
	if err != nil {
		t.Fatal(err)
	}
	c.times = tm
	c.Bind(e)
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	n := &testNode{Cluster: c, ear: e, t: t, dir: c.Directory()}
	t.Cleanup(func() { n.crash() })
	return n
}

// leave closes the node as it should be.
func (n *testNode) leave() {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := n.Close(ctx); err != nil {
		n.t.Fatal(err)
	}
}

// crash ends the node without a word to anybody.
func (n *testNode) crash() {
	n.life.abort()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = n.rooms.stop(ctx)
	n.store.close()
}

// open connects somebody.
func (n *testNode) open(ip string) person {
	n.t.Helper()
	var m person
	until(n.t, "an id is at hand", func() (ok bool) {
		m, ok = n.dir.Open(ip)
		return ok
	})
	return m
}

// recorded waits until the record of m stands, and returns its key.
func (s *server) recorded(m person) string {
	s.t.Helper()
	key := recordKey(m.Client)
	until(s.t, "the record stands", func() bool { return s.has("EXISTS", key) })
	return key
}

func recordKey(id chat.ClientID) string { return fmt.Sprintf("cr:{%02d}:%d", id%partitions, id) }

func memberKey(id chat.RoomID) string { return fmt.Sprintf("cr:{%02d}:%d:mem", id%partitions, id) }

// create makes a room with m in it.
func (n *testNode) create(m person) chat.RoomID {
	n.t.Helper()
	tag := n.tag()
	n.Create(tag, "room", false, m)
	return n.answered(tag).ID
}

// join brings m into the room.
func (n *testNode) join(room chat.RoomID, m person, resume bool) chat.RoomInfo {
	n.t.Helper()
	tag := n.tag()
	n.Join(tag, room, m, resume)
	return n.answered(tag)
}

func (n *testNode) answered(tag chat.Tag) (info chat.RoomInfo) {
	n.t.Helper()
	var code chat.Code
	until(n.t, "the room answers", func() (ok bool) {
		n.with(func() { info, ok = n.created[tag]; code = n.codes[tag] })
		return ok
	})
	if code != "" {
		n.t.Fatalf("room: %s", code)
	}
	return info
}

// resume takes a session over and returns the answer.
func (n *testNode) resume(token, ip string) (r chat.Resumption) {
	n.t.Helper()
	tag := n.tag()
	n.dir.Resume(tag, token, ip)
	until(n.t, "RESUME is answered", func() (ok bool) {
		n.with(func() { r, ok = n.resumed[tag] })
		return ok
	})
	return r
}

func (n *testNode) token(m person) string { return string(n.dir.Token(nil, m)) }
