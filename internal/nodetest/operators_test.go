package nodetest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"chatroom/wsproto"
)

// dialAs connects to a node from an address that a trusted proxy names ("" = the test's own), and
// returns what the node says first.
func dialAs(t testing.TB, n *Node, address string, o wsproto.DialOptions) (*Client, Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o.Protocols = []string{"chatroom.v1"}
	if address != "" {
		o.Headers = append(o.Headers, "X-Forwarded-For: "+address)
	}
	conn, err := wsproto.Dial(ctx, n.WebSocket(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	c := &Client{t: t, conn: conn}
	return c, c.Next()
}

// admitted connects from an address and greets it.
func admitted(t testing.TB, n *Node, address string) *Client {
	t.Helper()
	c, e := dialAs(t, n, address, wsproto.DialOptions{})
	if e.Type() != "CONNECT" {
		t.Fatalf("%s hears %v", address, e)
	}
	c.Welcome = e
	return c
}

// refused says whether the node turns an address away as banned; then it does so with the code and
// the close code of the contract.
func refused(t testing.TB, n *Node, address string, o wsproto.DialOptions) bool {
	t.Helper()
	c, e := dialAs(t, n, address, o)
	if e.Type() == "CONNECT" {
		c.Leave()
		return false
	}
	if e.Type() != "ERROR" || e.Text("code") != "BANNED" || e.Int("banCode") != 101010 {
		t.Fatalf("%s hears %v", address, e)
	}
	if code := c.ExpectClose(); code != 4501 {
		t.Fatalf("%s was closed with %d", address, code)
	}
	return true
}

// known waits until an operator on node n finds the client.
func known(t testing.TB, n *Node, token string, id int64) {
	t.Helper()
	Eventually(t, fmt.Sprint("client ", id, " is known"), func() bool {
		return Call(t, n, token, http.MethodGet, fmt.Sprintf("/admin/client/%d", id), "", nil) == http.StatusOK
	})
}

// within does something three times, and up to three times more until it took less than a second
// once. Each try has its own generous deadlines; the best one counts, because whatever else a
// machine does delays any of them.
func within(t *testing.T, what string, try func() time.Duration) {
	t.Helper()
	best := time.Hour
	for i := 0; i < 3 || i < 6 && best >= time.Second; i++ {
		took := try()
		t.Logf("%s: %v", what, took.Round(100*time.Microsecond))
		best = min(best, took)
	}
	if best >= time.Second {
		t.Errorf("%s: %v at best, and the contract says a second", what, best)
	}
}

// threeNodes are the node that an operator asks, and two others.
type threeNodes struct {
	here, there, elsewhere *Node
	token                  string
}

// act deletes something by the node that is asked.
func (n threeNodes) act(t *testing.T, path string, v any) {
	t.Helper()
	if status := Call(t, n.here, n.token, http.MethodDelete, path, "", v); status != http.StatusOK {
		t.Fatalf("DELETE %s: %d", path, status)
	}
}

// everywhere waits until something holds on each node.
func (n threeNodes) everywhere(t *testing.T, what string, holds func(*Node) bool) {
	t.Helper()
	for _, node := range []*Node{n.here, n.there, n.elsewhere} {
		Eventually(t, what, func() bool { return holds(node) })
	}
}

// TestOperatorsAreFeltEverywhereWithinASecond asks one node of three and looks at sockets of the two
// others.
func TestOperatorsAreFeltEverywhereWithinASecond(t *testing.T) {
	nodes, _ := Cluster(t, 3, "--trusted-proxies", "127.0.0.0/8")
	n := threeNodes{nodes[0], nodes[1], nodes[2], Login(t, nodes[0])}
	t.Run("kick", n.kick)
	t.Run("ban and its end", n.ban)
	t.Run("deletion of a room", n.deletion)
}

func (n threeNodes) kick(t *testing.T) {
	alice := Dial(t, n.elsewhere)
	room := alice.Create("Tea").Int("roomId")
	within(t, "a kick", func() time.Duration {
		bob := Dial(t, n.there)
		bob.Join(room)
		alice.Expect("USER_EVENT")
		known(t, n.here, n.token, bob.ID())
		begin := time.Now()
		n.act(t, fmt.Sprintf("/admin/client/%d?reason=rude", bob.ID()), nil)
		if e := bob.ExpectError("BANNED"); e.Int("banCode") != 101010 {
			t.Fatalf("bob hears %v", e)
		}
		if code := bob.ExpectClose(); code != 4500 {
			t.Fatalf("bob was closed with %d", code)
		}
		if e := alice.Expect("USER_EVENT"); e.Text("event") != "removed" || e.Int("members") != 1 {
			t.Fatalf("alice hears %v", e)
		}
		took := time.Since(begin)
		n.everywhere(t, "nobody finds him any more", func(node *Node) bool {
			return Call(t, node, n.token, http.MethodGet, fmt.Sprintf("/admin/client/%d", bob.ID()), "", nil) == http.StatusNotFound
		})
		return took
	})
}

func (n threeNodes) ban(t *testing.T) {
	const address = "203.0.113.7"
	neighbour := admitted(t, n.elsewhere, address)
	known(t, n.here, n.token, neighbour.ID())
	banned := func(node *Node) bool { return refused(t, node, address, wsproto.DialOptions{}) }
	var ends []time.Duration
	within(t, "a ban", func() time.Duration {
		eve := admitted(t, n.there, address)
		known(t, n.here, n.token, eve.ID())
		var removed struct {
			Ban struct {
				ID          string
				SessionOnly bool
				SharedWith  int
			}
		}
		begin := time.Now()
		n.act(t, fmt.Sprintf("/admin/client/%d?ban=10m", eve.ID()), &removed)
		eve.ExpectError("BANNED")
		if code := eve.ExpectClose(); code != 4501 {
			t.Fatalf("eve was closed with %d", code)
		}
		n.everywhere(t, "the address is refused", banned)
		took := time.Since(begin)
		if removed.Ban.ID == "" || removed.Ban.SessionOnly || removed.Ban.SharedWith < 1 {
			t.Fatalf("banned %+v", removed)
		}
		begin = time.Now()
		n.act(t, "/admin/bans/"+removed.Ban.ID, nil)
		n.everywhere(t, "the address is free", func(node *Node) bool { return !banned(node) })
		ends = append(ends, time.Since(begin))
		return took
	})
	t.Logf("the end of a ban: %v", ends)
	if slices.Min(ends) >= time.Second {
		t.Errorf("the end of a ban is felt after %v at best, and the contract says a second", slices.Min(ends))
	}
	neighbour.Create("Still here")
}

func (n threeNodes) deletion(t *testing.T) {
	within(t, "the deletion of a room", func() time.Duration {
		alice, bob := Dial(t, n.there), Dial(t, n.elsewhere)
		room := alice.Create("Tea").Int("roomId")
		bob.Join(room)
		alice.Expect("USER_EVENT")
		begin := time.Now()
		n.act(t, fmt.Sprintf("/admin/room/%d", room), nil)
		for _, who := range []*Client{alice, bob} {
			if e := who.Expect("USER_EVENT"); e.Text("event") != "room_deleted" {
				t.Fatalf("%d hears %v", who.ID(), e)
			}
		}
		took := time.Since(begin)
		for _, who := range []*Client{alice, bob} {
			who.Send(`{"type":"SEND_MESSAGE","id":"x","text":"anyone?"}`)
			who.ExpectError("NOT_IN_ROOM")
			who.Leave()
		}
		return took
	})
}
