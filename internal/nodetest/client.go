package nodetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"chatroom/internal/asyncapi"
	"chatroom/wsproto"
)

// patience is how long a test waits for one event.
const patience = 20 * time.Second

// Event is any server event by its fields' names; numbers are json.Number.
type Event map[string]any

// Type is the event's type.
func (e Event) Type() string { return e.Text("type") }

// Text is a string field, or "" where it is missing or no string.
func (e Event) Text(field string) string {
	s, _ := e[field].(string)
	return s
}

// Int is a number field; it is 0 where it is missing.
func (e Event) Int(field string) int64 {
	n, _ := e[field].(json.Number)
	i, _ := n.Int64()
	return i
}

// Client is one person's connection in a test. Every event it reads is held against the AsyncAPI
// file.
type Client struct {
	t       testing.TB
	conn    *wsproto.Conn
	Welcome Event
}

// Dial connects to a node and reads the CONNECT.
func Dial(t testing.TB, n *Node) *Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var o wsproto.DialOptions
	o.Protocols = []string{"chatroom.v1"}
	conn, err := wsproto.Dial(ctx, n.WebSocket(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	c := &Client{t: t, conn: conn}
	c.Welcome = c.Expect("CONNECT")
	return c
}

// ID is the client's id.
func (c *Client) ID() int64 { return c.Welcome.Int("clientId") }

// Send sends one event given as JSON, with fmt's verbs filled in.
func (c *Client) Send(format string, args ...any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.conn.WriteText(ctx, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatal(err)
	}
}

// Next reads one event.
func (c *Client) Next() Event {
	c.t.Helper()
	e, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *Client) next() (Event, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	payload, err := c.conn.ReadMessage(ctx)
	if err != nil {
		return nil, err
	}
	if err := asyncapi.Validate(payload); err != nil {
		return nil, fmt.Errorf("%s is not as described: %w", payload, err)
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var e Event
	return e, d.Decode(&e)
}

// Expect reads one event and fails unless it has the type.
func (c *Client) Expect(kind string) Event {
	c.t.Helper()
	e := c.Next()
	if e.Type() != kind {
		c.t.Fatalf("got %v, want %s", e, kind)
	}
	return e
}

// ExpectError reads one event and fails unless it is an ERROR with the code.
func (c *Client) ExpectError(code string) Event {
	c.t.Helper()
	e := c.Expect("ERROR")
	if e.Text("code") != code {
		c.t.Fatalf("got %v, want %s", e, code)
	}
	return e
}

// Await reads events until one has the type; what it passes over must be of the types given.
func (c *Client) Await(kind string, passing ...string) Event {
	c.t.Helper()
	for {
		e := c.Next()
		if e.Type() == kind {
			return e
		}
		known := false
		for _, p := range passing {
			known = known || e.Type() == p
		}
		if !known {
			c.t.Fatalf("got %v, want %s", e, kind)
		}
	}
}

// ExpectClose reads until the node closes and returns the close code.
func (c *Client) ExpectClose() int {
	c.t.Helper()
	for {
		_, err := c.next()
		var closed *wsproto.CloseError
		if errors.As(err, &closed) {
			return int(closed.Code)
		}
		if err != nil {
			c.t.Fatalf("no close frame: %v", err)
		}
	}
}

// Create makes a room and returns its ROOM_JOINED.
func (c *Client) Create(name string) Event {
	c.t.Helper()
	c.Send(`{"type":"CREATE_ROOM","name":%q}`, name)
	return c.Expect("ROOM_JOINED")
}

// Join enters a room and returns its ROOM_JOINED; the replay follows.
func (c *Client) Join(room int64) Event {
	c.t.Helper()
	c.Send(`{"type":"JOIN_ROOM","roomId":%d}`, room)
	return c.Expect("ROOM_JOINED")
}

// Say sends a message and returns its ACK.
func (c *Client) Say(id, text string) Event {
	c.t.Helper()
	c.Send(`{"type":"SEND_MESSAGE","id":%q,"text":%q}`, id, text)
	return c.Await("ACK", "NEW_MESSAGE", "USER_EVENT")
}

// Lose ends the connection without a word, as a broken network does.
func (c *Client) Lose() { _ = c.conn.CloseNow() }

// Leave closes with 1000: the session ends.
func (c *Client) Leave() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.conn.Close(ctx, 1000, ""); err != nil {
		c.t.Fatal(err)
	}
}

// Login returns a token for the admin API of a node.
func Login(t testing.TB, n *Node) string {
	t.Helper()
	var answer struct{ Token string }
	if status := Call(t, n, "", http.MethodPost, "/admin/login", fmt.Sprintf(`{"username":%q,"password":%q}`, User, Password), &answer); status != http.StatusOK {
		t.Fatalf("login: %d", status)
	}
	return answer.Token
}

// Call asks the admin API and decodes the answer into v unless that is nil.
func Call(t testing.TB, n *Node, token, method, path, body string, v any) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, n.API()+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if v != nil {
		if err := json.Unmarshal(text, v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return answer.StatusCode
}
