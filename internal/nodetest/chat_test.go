package nodetest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// worlds are the two ways to run: two people on one node in memory, and on two nodes with Redis.
func worlds(t *testing.T, play func(t *testing.T, a, b *Node)) {
	t.Run("embedded", func(t *testing.T) {
		n := Start(t)
		play(t, n, n)
	})
	t.Run("redis", func(t *testing.T) {
		nodes, _ := Cluster(t, 2)
		play(t, nodes[0], nodes[1])
	})
}

func TestTwoPeopleChat(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, b)
		if alice.ID() == bob.ID() {
			t.Fatalf("two clients have the id %d", alice.ID())
		}
		room := alice.Create("Tea")
		joined := bob.Join(room.Int("roomId"))
		if joined.Text("epoch") != room.Text("epoch") || joined.Int("members") != 2 || joined.Int("createdBy") != alice.ID() {
			t.Fatalf("joined %v, created %v", joined, room)
		}
		if e := alice.Expect("USER_EVENT"); e.Text("event") != "joined" || e.Int("members") != 2 {
			t.Fatalf("alice hears %v", e)
		}
		for i := range int64(20) {
			ack := alice.Say(fmt.Sprint("m", i), fmt.Sprint("text ", i))
			m := bob.Expect("NEW_MESSAGE")
			if ack.Int("seq") != i+1 || m.Int("seq") != i+1 || m.Text("messageId") != ack.Text("messageId") || m.Text("text") != fmt.Sprint("text ", i) {
				t.Fatalf("acknowledged %v, received %v", ack, m)
			}
		}
		if again := alice.Say("m3", "text 3"); again["duplicate"] != true || again.Int("seq") != 4 {
			t.Fatalf("the same id again: %v", again)
		}
		bob.Send(`{"type":"UPDATE_USERNAME","id":"n","username":"Bob"}`)
		if e := alice.Expect("USER_EVENT"); e.Text("event") != "renamed" || e.Text("previous") == "" {
			t.Fatalf("alice hears %v", e)
		}
		bob.Await("ACK", "USER_EVENT")
		bob.Send(`{"type":"LEAVE_ROOM","id":"l"}`)
		bob.Await("ACK", "USER_EVENT")
		if e := alice.Expect("USER_EVENT"); e.Text("event") != "left" || e.Int("members") != 1 {
			t.Fatalf("alice hears %v", e)
		}
	})
}

func TestResumeElsewhereBringsWhatWasMissed(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, a)
		room := alice.Create("Tea")
		bob.Join(room.Int("roomId"))
		alice.Expect("USER_EVENT")
		alice.Say("1", "before")
		last := bob.Expect("NEW_MESSAGE")
		bob.Lose()
		for i := range 10 {
			alice.Say(fmt.Sprint("gap", i), fmt.Sprint("missed ", i))
		}
		again := Dial(t, b)
		again.Send(`{"type":"RESUME","id":"r","session":%q,"epoch":%q,"seq":%d,"messageId":%q}`,
			bob.Welcome.Text("session"), last.Text("epoch"), last.Int("seq"), last.Text("messageId"))
		if c := again.Expect("CONNECT"); c.Int("clientId") != bob.ID() || c["resumed"] != true || c.Text("session") != bob.Welcome.Text("session") {
			t.Fatalf("resumed %v", c)
		}
		if j := again.Expect("ROOM_JOINED"); j["recovered"] != true || j.Int("messages") != 10 {
			t.Fatalf("joined %v", j)
		}
		for i := range int64(10) {
			if m := again.Expect("NEW_MESSAGE"); m.Int("seq") != last.Int("seq")+1+i {
				t.Fatalf("message %d behind %d", m.Int("seq"), last.Int("seq"))
			}
		}
		again.Say("back", "here again")
		if m := alice.Expect("NEW_MESSAGE"); m.Text("text") != "here again" {
			t.Fatalf("alice hears %v", m)
		}
	})
}

func TestTakingOverClosesTheFormerConnection(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		first := Dial(t, a)
		first.Create("Tea")
		second := Dial(t, b)
		second.Send(`{"type":"RESUME","session":%q}`, first.Welcome.Text("session"))
		second.Expect("CONNECT")
		if j := second.Expect("ROOM_JOINED"); j.Int("members") != 1 {
			t.Fatalf("joined %v", j)
		}
		if code := first.ExpectClose(); code != 4502 {
			t.Fatalf("the former connection was closed with %d", code)
		}
		second.Say("1", "still in")
	})
}

func TestKickBanAndDeletionReachEveryNode(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		token := Login(t, a)
		alice, bob, eve := Dial(t, a), Dial(t, b), Dial(t, b)
		room := alice.Create("Tea")
		bob.Join(room.Int("roomId"))
		alice.Expect("USER_EVENT")

		begin := time.Now()
		var removed struct{ TotalRemoved int }
		if status := Call(t, a, token, "DELETE", fmt.Sprintf("/admin/client/%d?reason=rude", bob.ID()), "", &removed); status != 200 || removed.TotalRemoved != 1 {
			t.Fatalf("kick: %d, %+v", status, removed)
		}
		if e := bob.ExpectError("BANNED"); e.Int("banCode") != 101010 {
			t.Fatalf("bob hears %v", e)
		}
		if code := bob.ExpectClose(); code != 4500 {
			t.Fatalf("bob was closed with %d", code)
		}
		t.Logf("kicked on another node within %v", time.Since(begin).Round(time.Millisecond))
		if e := alice.Expect("USER_EVENT"); e.Text("event") != "removed" || e.Int("members") != 1 {
			t.Fatalf("alice hears %v", e)
		}

		if status := Call(t, a, token, "DELETE", fmt.Sprintf("/admin/client/%d?ban=10m", eve.ID()), "", nil); status != 200 {
			t.Fatalf("ban: %d", status)
		}
		eve.ExpectError("BANNED")
		if code := eve.ExpectClose(); code != 4501 {
			t.Fatalf("eve was closed with %d", code)
		}
		back := Dial(t, a)
		back.Send(`{"type":"RESUME","session":%q}`, eve.Welcome.Text("session"))
		back.ExpectError("BANNED")

		if status := Call(t, b, token, "DELETE", fmt.Sprintf("/admin/room/%d", room.Int("roomId")), "", nil); status != 200 {
			t.Fatalf("deletion: %d", status)
		}
		if e := alice.Expect("USER_EVENT"); e.Text("event") != "room_deleted" {
			t.Fatalf("alice hears %v", e)
		}
		alice.Send(`{"type":"SEND_MESSAGE","id":"x","text":"anyone?"}`)
		alice.ExpectError("NOT_IN_ROOM")
		alice.Send(`{"type":"JOIN_ROOM","roomId":%d}`, room.Int("roomId"))
		if e := alice.Expect("ERROR"); e.Text("code") != "ROOM_DELETED" && e.Text("code") != "ROOM_NOT_FOUND" {
			t.Fatalf("alice hears %v", e)
		}
	})
}

func TestRoomsDieWithTheirLastMember(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, b)
		room := alice.Create("Tea")
		listed := func() int {
			bob.Send(`{"type":"LIST_ROOMS"}`)
			rooms, _ := bob.Expect("ROOMS")["rooms"].([]any)
			return len(rooms)
		}
		Eventually(t, "the room is listed", func() bool { return listed() == 1 })
		alice.Leave()
		Eventually(t, "the room is gone", func() bool { return listed() == 0 })
		bob.Send(`{"type":"JOIN_ROOM","roomId":%d}`, room.Int("roomId"))
		bob.ExpectError("ROOM_NOT_FOUND")
	})
}

// TestResumeTellsOfADeletedRoom: whose room was deleted while nobody could tell is told at RESUME,
// whether the server still took the old connection for a good one or had noticed that it was lost.
func TestResumeTellsOfADeletedRoom(t *testing.T) {
	for _, noticed := range []string{"half open", "lost behind", "lost before"} {
		t.Run(noticed, func(t *testing.T) {
			worlds(t, func(t *testing.T, a, b *Node) {
				token := Login(t, a)
				alice, witness := Dial(t, a), Dial(t, a)
				room := alice.Create("Tea").Int("roomId")
				witness.Join(room)
				alice.Expect("USER_EVENT")
				lose := func() {
					alice.Lose()
					Eventually(t, "only the witness is connected", func() bool { return connected(t, a, token) == 1 })
				}
				if noticed == "lost before" {
					lose()
				}
				if status := Call(t, b, token, "DELETE", fmt.Sprintf("/admin/room/%d", room), "", nil); status != 200 {
					t.Fatalf("deletion: %d", status)
				}
				witness.Expect("USER_EVENT")
				if noticed == "lost behind" {
					alice.Expect("USER_EVENT")
					lose()
				}
				back := Dial(t, b)
				back.Send(`{"type":"RESUME","session":%q}`, alice.Welcome.Text("session"))
				if e := back.Expect("CONNECT"); e["resumed"] != true || e.Int("clientId") != alice.ID() {
					t.Fatalf("resumed: %v", e)
				}
				back.ExpectError("ROOM_DELETED")
				back.Create("Coffee")
				again := Dial(t, a)
				again.Send(`{"type":"RESUME","session":%q}`, alice.Welcome.Text("session"))
				again.Expect("CONNECT")
				if e := again.Expect("ROOM_JOINED"); e.Text("name") != "Coffee" {
					t.Fatalf("back in %v", e)
				}
			})
		})
	}
}

// connected counts the connections of the whole cluster, as its operators see them.
func connected(t *testing.T, n *Node, token string) (sum int) {
	var answer struct {
		Servers []struct{ ActiveConnections int }
	}
	if status := Call(t, n, token, "GET", "/admin/servers", "", &answer); status != 200 {
		t.Fatalf("servers: %d", status)
	}
	for _, server := range answer.Servers {
		sum += server.ActiveConnections
	}
	return sum
}

// TestAShutNodeLeavesNothingRunning: every goroutine of ours ends with its node.
func TestAShutNodeLeavesNothingRunning(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		Dial(t, a).Join(Dial(t, b).Create("Tea").Int("roomId"))
	})
	stacks := make([]byte, 4<<20)
	Eventually(t, "no goroutine of ours is left", func() bool {
		running := string(stacks[:runtime.Stack(stacks, true)])
		for _, part := range []string{"chatroom/engine.(", "chatroom/cluster.(", "chatroom/admin.(", "chatroom/internal/node."} {
			if strings.Contains(running, part) {
				return false
			}
		}
		return true
	})
}
