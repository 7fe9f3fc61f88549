package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"chatroom/engine"
	"chatroom/wsproto"
)

// patience is how long a test waits for what must come: generous, for a loaded machine.
const patience = 20 * time.Second

// node is an engine with its embedded log, on a free port.
type node struct {
	*engine.Engine
	embedded *engine.Embedded
	addr     string
}

// quick turns off the limits that a test client would hit.
func quick(cfg engine.Config) engine.Config {
	cfg.Listen = "127.0.0.1:0"
	if cfg.MessageRate == (engine.Rate{}) {
		cfg.MessageRate = engine.Rate{Off: true}
	}
	if cfg.HandshakeRate == (engine.Rate{}) {
		cfg.HandshakeRate = engine.Rate{Off: true}
	}
	if cfg.Loops == 0 {
		cfg.Loops = 2
	}
	if cfg.Drain == 0 {
		cfg.Drain = -1
	}
	return cfg
}

func start(t testing.TB, cfg engine.Config, pages engine.Pages, prepare ...func(*engine.Engine)) *node {
	t.Helper()
	cfg = quick(cfg)
	e, err := engine.New(cfg, pages)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Engine: e, embedded: engine.NewEmbedded(cfg, e)}
	e.Use(n.embedded, n.embedded.Directory())
	for _, f := range prepare {
		f(e)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := e.Start(ctx); err != nil {
		t.Fatal(err)
	}
	n.addr = e.Addr().String()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := e.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		n.embedded.Close()
		select {
		case err := <-e.Failed():
			t.Error(err)
		default:
		}
	})
	return n
}

// client is one WebSocket of a test.
type client struct {
	t    testing.TB
	conn *wsproto.Conn

	id      int64
	name    string
	session string
	closed  *wsproto.CloseError // what the server closed with
}

// message is one server event.
type message map[string]any

func (m message) text(field string) string {
	s, _ := m[field].(string)
	return s
}

func (m message) number(field string) int64 {
	n, _ := m[field].(json.Number)
	i, _ := n.Int64()
	return i
}

// is reports the type.
func (m message) is(kind string) bool { return m.text("type") == kind }

// dialRaw opens a WebSocket without reading anything.
func (n *node) dialRaw(t testing.TB, headers ...string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := wsproto.Dial(ctx, "ws://"+n.addr+"/ws", wsproto.DialOptions{
		RequestOptions: wsproto.RequestOptions{Protocols: []string{"chatroom.v1"}, Headers: headers},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &client{t: t, conn: conn}
}

// dial opens a WebSocket and reads its CONNECT.
func (n *node) dial(t testing.TB, headers ...string) *client {
	t.Helper()
	c := n.dialRaw(t, headers...)
	c.identify(c.want("CONNECT"))
	return c
}

func (c *client) identify(connect message) {
	c.id, c.name, c.session = connect.number("clientId"), connect.text("username"), connect.text("session")
}

// send writes an event as it stands.
func (c *client) send(format string, args ...any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if err := c.conn.WriteText(ctx, []byte(text)); err != nil {
		c.t.Fatalf("send %s: %v", text, err)
	}
}

// next reads the next event; nil when the server has closed, see closed.
func (c *client) next() message {
	c.t.Helper()
	m, err := c.read(patience)
	if err != nil {
		c.t.Fatalf("client %d: %v", c.id, err)
	}
	return m
}

var errQuiet = errors.New("nothing came")

func (c *client) read(within time.Duration) (message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	payload, err := c.conn.ReadMessage(ctx)
	switch {
	case err == nil:
	case errors.As(err, &c.closed):
		return nil, nil
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded): // the socket may notice before ctx does
		return nil, errQuiet
	default:
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	var m message
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: %w", payload, err)
	}
	return m, nil
}

// want reads the next event, which must have this type.
func (c *client) want(kind string) message {
	c.t.Helper()
	m := c.next()
	if m == nil {
		c.t.Fatalf("client %d: closed %v, want %s", c.id, c.closed, kind)
	}
	if !m.is(kind) {
		c.t.Fatalf("client %d: got %v, want %s", c.id, m, kind)
	}
	return m
}

// until passes over events until one of this type comes.
func (c *client) until(kind string) message {
	c.t.Helper()
	for {
		m := c.next()
		if m == nil {
			c.t.Fatalf("client %d: closed %v, want %s", c.id, c.closed, kind)
		}
		if m.is(kind) {
			return m
		}
	}
}

// wantClose passes over events until the server closes, with this code.
func (c *client) wantClose(code int) {
	c.t.Helper()
	for c.closed == nil {
		c.next()
	}
	if int(c.closed.Code) != code {
		c.t.Fatalf("client %d: closed with %v, want %d", c.id, c.closed, code)
	}
}

// wantError reads an ERROR with this code.
func (c *client) wantError(code string) message {
	c.t.Helper()
	m := c.want("ERROR")
	if m.text("code") != code {
		c.t.Fatalf("client %d: got %v, want %s", c.id, m, code)
	}
	return m
}

// quiet makes sure that everything sent so far was answered, and that nothing else came: a PING's
// answer must be the next event.
func (c *client) quiet() {
	c.t.Helper()
	c.send(`{"type":"PING","id":"quiet"}`)
	if m := c.want("ACK"); m.text("id") != "quiet" {
		c.t.Fatalf("client %d: unexpected %v", c.id, m)
	}
}

// create makes a room with c in it.
func (c *client) create(name string) (room int64) {
	c.t.Helper()
	c.send(`{"type":"CREATE_ROOM","id":"c","name":%q}`, name)
	return c.want("ROOM_JOINED").number("roomId")
}

// join enters a room and reads its replay.
func (c *client) join(room int64) (joined message, replay []message) {
	c.t.Helper()
	c.send(`{"type":"JOIN_ROOM","id":"j","roomId":%d}`, room)
	return c.entered()
}

// entered reads ROOM_JOINED and the replay behind it.
func (c *client) entered() (joined message, replay []message) {
	c.t.Helper()
	joined = c.want("ROOM_JOINED")
	for range joined.number("messages") {
		replay = append(replay, c.want("NEW_MESSAGE"))
	}
	return joined, replay
}

// say sends a message and waits for its ACK, passing over what others say.
func (c *client) say(id, text string) message {
	c.t.Helper()
	c.send(`{"type":"SEND_MESSAGE","id":%q,"text":%q}`, id, text)
	for {
		m := c.next()
		if m == nil {
			c.t.Fatalf("client %d: closed %v", c.id, c.closed)
		}
		if (m.is("ACK") || m.is("ERROR")) && m.text("id") == id {
			return m
		}
	}
}

// lose drops the connection without a word.
func (c *client) lose() { c.conn.CloseNow() }

// leave closes the connection with 1000.
func (c *client) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.conn.Close(ctx, wsproto.CloseNormal, ""); err != nil {
		c.t.Error(err)
	}
}

// eventually polls until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// raw opens a TCP connection.
func (n *node) raw(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", n.addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}
