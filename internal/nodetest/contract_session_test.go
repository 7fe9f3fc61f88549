package nodetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// fields are the names of an event's fields in order, but for the type.
func fields(e Event) string {
	names := slices.Sorted(maps.Keys(e))
	return strings.Join(slices.DeleteFunc(names, func(n string) bool { return n == "type" }), " ")
}

// resume asks for a session on a new connection; more are fields behind it, each with its comma.
func resume(t *testing.T, n *Node, session, more string) (*Client, Event) {
	t.Helper()
	c := Dial(t, n)
	c.Send(`{"type":"RESUME","id":"r","session":%q%s}`, session, more)
	return c, c.Next()
}

func TestConnectTellsIdentityAndLimits(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		for _, n := range []*Node{a, b} {
			w := Dial(t, n).Welcome
			if got := fields(w); got != "clientId heartbeatMs limits protocol resumeWindowMs resumed serverId session username" {
				t.Errorf("CONNECT has %s", got)
			}
			if w.Text("username") != fmt.Sprint("User ", w.Int("clientId")) || w["resumed"] != false || w.Int("protocol") != 1 ||
				w.Int("heartbeatMs") != 30000 || w.Int("resumeWindowMs") != 30000 {
				t.Errorf("CONNECT says %v", w)
			}
			limits, _ := w["limits"].(map[string]any)
			if l := Event(limits); fields(l) != "event message name replay username" || l.Int("event") != 25024 || l.Int("message") != 2000 || l.Int("replay") != 200 {
				t.Errorf("limits are %v", limits)
			}
		}
	})
}

func TestResumeBelievesOnlyPositionsThatExist(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, b)
		room := alice.Create("Tea")
		epoch := room.Text("epoch")
		bob.Join(room.Int("roomId"))
		alice.Expect("USER_EVENT")
		var last []Event
		for i := range 60 {
			alice.Say(fmt.Sprint(i), "text")
			last = append(last, bob.Expect("NEW_MESSAGE"))
		}
		mid := last[57].Text("messageId") // of seq 58
		for i, v := range []struct {
			position  string
			recovered bool
			first     int64 // seq of the first message that follows
		}{
			{fmt.Sprintf(`,"epoch":%q,"seq":58,"messageId":%q`, epoch, mid), true, 59},
			{fmt.Sprintf(`,"epoch":%q,"seq":58`, epoch), true, 59},
			{fmt.Sprintf(`,"epoch":%q,"seq":60`, epoch), true, 61},
			{"", false, 11},
			{fmt.Sprintf(`,"epoch":%q,"seq":61`, epoch), false, 11},
			{fmt.Sprintf(`,"epoch":%q,"seq":9007199254740991`, epoch), false, 11},
			{fmt.Sprintf(`,"epoch":%q,"seq":57,"messageId":%q`, epoch, mid), false, 11},
			{`,"epoch":"0123456789abcdef","seq":58`, false, 11},
		} {
			bob.Lose()
			n := []*Node{a, b}[i%2]
			again, c := resume(t, n, bob.Welcome.Text("session"), v.position)
			if c["resumed"] != true || c.Int("clientId") != bob.ID() || c.Text("id") != "r" {
				t.Fatalf("RESUME %s: %v", v.position, c)
			}
			j := again.Expect("ROOM_JOINED")
			if j["recovered"] != v.recovered || j.Int("messages") != 61-v.first || j.Int("members") != 2 || j.Int("seq") != 60 {
				t.Fatalf("RESUME %s: %v", v.position, j)
			}
			for seq := v.first; seq <= 60; seq++ {
				if m := again.Expect("NEW_MESSAGE"); m.Int("seq") != seq {
					t.Fatalf("RESUME %s: %v instead of %d", v.position, m, seq)
				}
			}
			bob.conn = again.conn
		}
		// Nobody heard of any of it.
		bob.Send(`{"type":"SEND_MESSAGE","id":"end","text":"end"}`)
		if m := alice.Next(); m.Text("text") != "end" {
			t.Fatalf("alice hears %v", m)
		}
	})
}

func TestResumeIsTheFirstEventOrNone(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice := Dial(t, a)
		alice.Create("Tea")
		session := alice.Welcome.Text("session")
		late := Dial(t, b)
		late.Send(`{"type":"PING"}`)
		late.Expect("ACK")
		late.Send(`{"type":"RESUME","session":%q}`, session)
		late.ExpectError("BAD_REQUEST")
		forged := "A" + session[1:len(session)-2] + "AA"
		for _, s := range []string{forged, "x"} {
			c, answer := resume(t, b, s, "")
			if answer.Text("code") != "SESSION_INVALID" || answer.Text("id") != "r" {
				t.Fatalf("RESUME %q: %v", s, answer)
			}
			if made := c.Create("Mine"); made.Int("createdBy") != c.ID() {
				t.Errorf("the connection goes on as %v", made)
			}
		}
		alice.Say("1", "undisturbed")
	})
}

// TestSessionMovesAtOnce: each resumption follows the one before it at once, while the node that
// lost the session has not heard of it.
func TestSessionMovesAtOnce(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, a)
		room := alice.Create("Tea")
		bob.Join(room.Int("roomId"))
		alice.Expect("USER_EVENT")
		said := alice.Say("same", "once")
		bob.Expect("NEW_MESSAGE")
		former := alice
		for i := range 20 {
			n := []*Node{b, a}[i%2]
			next, c := resume(t, n, alice.Welcome.Text("session"), "")
			if c["resumed"] != true || c.Int("clientId") != alice.ID() || c.Text("session") != alice.Welcome.Text("session") {
				t.Fatalf("resumption %d: %v", i, c)
			}
			if code := former.ExpectClose(); code != 4502 {
				t.Fatalf("connection %d was closed with %d", i, code)
			}
			former = next
		}
		former.Expect("ROOM_JOINED")
		former.Expect("NEW_MESSAGE") // her own
		again := former.Say("same", "once")
		if again["duplicate"] != true || again.Int("seq") != said.Int("seq") || again.Text("messageId") != said.Text("messageId") || again.Int("at") != said.Int("at") {
			t.Fatalf("acknowledged %v, then %v", said, again)
		}
		former.Say("next", "twice")
		if m := bob.Next(); m.Text("text") != "twice" || m.Int("seq") != said.Int("seq")+1 {
			t.Fatalf("bob hears %v", m)
		}
	})
}

func TestOnlyAGoodbyeEndsTheSession(t *testing.T) {
	play := func(t *testing.T, a, b *Node) {
		alice := Dial(t, a)
		room := alice.Create("Tea")
		left := func(who *Client) {
			t.Helper()
			e := alice.Expect("USER_EVENT")
			client, _ := e["client"].(map[string]any)
			if e.Text("event") != "left" || Event(client).Int("clientId") != who.ID() || e.Int("members") != 1 {
				t.Fatalf("alice hears %v", e)
			}
			if _, answer := resume(t, a, who.Welcome.Text("session"), ""); answer.Text("code") != "SESSION_INVALID" {
				t.Fatalf("a session that has ended: %v", answer)
			}
		}
		for _, end := range []func(*Client){(*Client).Leave, (*Client).Lose} {
			bob := Dial(t, b)
			if j := bob.Join(room.Int("roomId")); j.Int("members") != 2 {
				t.Fatalf("joined %v", j)
			}
			alice.Expect("USER_EVENT")
			end(bob)
			left(bob) // after the window when he is lost
		}
	}
	t.Run("embedded", func(t *testing.T) {
		n := Start(t, "--resume-window", "500ms")
		play(t, n, n)
	})
	t.Run("redis", func(t *testing.T) {
		nodes, _ := Cluster(t, 2, "--resume-window", "500ms")
		play(t, nodes[0], nodes[1])
	})
}
