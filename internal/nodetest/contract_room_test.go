package nodetest

import (
	"fmt"
	"strings"
	"testing"
)

func TestEventsTakeEffectInOrderWithoutWaiting(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, b)
		tea := alice.Create("Tea").Int("roomId")
		bob.Join(tea)
		alice.Expect("USER_EVENT")
		for _, e := range []string{
			`{"type":"SEND_MESSAGE","id":"1","text":"in tea"}`,
			`{"type":"CREATE_ROOM","id":"2","name":"Milk"}`,
			`{"type":"SEND_MESSAGE","id":"3","text":"in milk"}`,
			`{"type":"UPDATE_USERNAME","id":"4","username":"Bob"}`,
			fmt.Sprintf(`{"type":"SEND_MESSAGE","id":"5","text":"astray","roomId":%d}`, tea),
			`{"type":"LEAVE_ROOM","id":"6"}`,
			`{"type":"SEND_MESSAGE","id":"7","text":"nowhere"}`,
			`{"type":"JOIN_ROOM","id":"8","roomId":1}`,
			fmt.Sprintf(`{"type":"JOIN_ROOM","id":"9","roomId":%d,"replay":0}`, tea),
			`{"type":"SEND_MESSAGE","id":"10","text":"back"}`,
		} {
			bob.Send("%s", e)
		}
		want := strings.Fields("ACK ROOM_JOINED ACK ACK NOT_IN_ROOM ACK NOT_IN_ROOM ROOM_NOT_FOUND ROOM_JOINED ACK")
		for i := 0; i < len(want); {
			e := bob.Next()
			if e.Type() == "USER_EVENT" { // his own new name
				continue
			}
			if e.Text("id") != fmt.Sprint(i+1) || (e.Type() != want[i] && e.Text("code") != want[i]) {
				t.Fatalf("answer %d is %v, want %s", i+1, e, want[i])
			}
			i++
		}
		for _, want := range []string{"in tea", "left", "joined", "back"} {
			if e := alice.Next(); e.Text("text") != want && e.Text("event") != want {
				t.Fatalf("alice hears %v, want %s", e, want)
			}
		}
	})
}

func TestPrivateRoomsAreJoinedAndNotListed(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob, eve := Dial(t, a), Dial(t, b), Dial(t, b)
		alice.Send(`{"type":"CREATE_ROOM","name":"Secret","private":true}`)
		secret := alice.Expect("ROOM_JOINED")
		open := eve.Create("Open")
		var rooms []any
		Eventually(t, "the open room is listed", func() bool {
			bob.Send(`{"type":"LIST_ROOMS","id":"l","limit":100}`)
			e := bob.Expect("ROOMS")
			if fields(e) != "id rooms" {
				t.Fatalf("the list ends with %v", e)
			}
			rooms, _ = e["rooms"].([]any)
			return len(rooms) > 0
		})
		room, _ := rooms[0].(map[string]any)
		if r := Event(room); len(rooms) != 1 || r.Int("roomId") != open.Int("roomId") || r.Text("name") != "Open" || r.Int("members") != 1 || r.Int("createdAt") != open.Int("createdAt") {
			t.Fatalf("listed %v", rooms)
		}
		if j := bob.Join(secret.Int("roomId")); j.Text("name") != "Secret" || j.Int("members") != 2 {
			t.Fatalf("joined %v", j)
		}
		// The creator's leaving is marked, for the others alone.
		alice.Expect("USER_EVENT")
		alice.Send(`{"type":"LEAVE_ROOM","id":"l"}`)
		if e := alice.Next(); e.Type() != "ACK" || fields(e) != "id" {
			t.Fatalf("leaving: %v", e)
		}
		if e := bob.Expect("USER_EVENT"); e.Text("event") != "left" || e["owner"] != true || e.Int("members") != 1 {
			t.Fatalf("bob hears %v", e)
		}
	})
}

func TestAbsentMembersLearnOfTheDeletion(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		token := Login(t, a)
		alice, bob, eve := Dial(t, a), Dial(t, b), Dial(t, b)
		room := alice.Create("Tea").Int("roomId")
		for _, c := range []*Client{bob, eve} {
			c.Join(room)
			alice.Expect("USER_EVENT")
		}
		bob.Expect("USER_EVENT")
		bob.Lose()
		var answer struct{ TotalRemoved int }
		if status := Call(t, b, token, "DELETE", fmt.Sprint("/admin/room/", room), "", &answer); status != 200 || answer.TotalRemoved != 3 {
			t.Fatalf("deletion: %d, %+v", status, answer)
		}
		for _, c := range []*Client{alice, eve} {
			e := c.Expect("USER_EVENT")
			if e.Text("event") != "room_deleted" || e.Int("roomId") != room || fields(e) != "at event members roomId" || e.Int("members") != 0 {
				t.Fatalf("heard %v", e)
			}
		}
		again, c := resume(t, a, bob.Welcome.Text("session"), "")
		if c["resumed"] != true {
			t.Fatalf("resumed %v", c)
		}
		again.ExpectError("ROOM_DELETED")
		again.Create("Elsewhere")
		if status := Call(t, a, token, "DELETE", fmt.Sprint("/admin/room/", room), "", nil); status != 404 {
			t.Fatalf("deletion of nothing: %d", status)
		}
	})
}

func TestCrowdsComingAreCounted(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		alice := Dial(t, a)
		room := alice.Create("Tea").Int("roomId")
		const crowd = 60
		var people []*Client
		for i := range crowd {
			people = append(people, Dial(t, []*Node{a, b}[i%2]))
		}
		for _, c := range people {
			c.Send(`{"type":"JOIN_ROOM","roomId":%d}`, room)
		}
		joined, members := 0, int64(1)
		for members < crowd+1 {
			e := alice.Expect("USER_EVENT")
			if e.Int("members") < members {
				t.Fatalf("%d members, then %v", members, e)
			}
			members = e.Int("members")
			switch e.Text("event") {
			case "joined":
				joined++
			case "members":
				if fields(e) != "at event members roomId" {
					t.Fatalf("counted: %v", e)
				}
			default:
				t.Fatalf("alice hears %v", e)
			}
		}
		t.Logf("%d of %d were told one by one", joined, crowd)
	})
}

func TestEveryNodeKnowsWhatAClientCounts(t *testing.T) {
	worlds(t, func(t *testing.T, a, b *Node) {
		token := Login(t, a)
		alice, bob := Dial(t, a), Dial(t, b)
		room := alice.Create("Tea").Int("roomId")
		for i := range 7 {
			alice.Say(fmt.Sprint(i), "text")
		}
		for _, n := range []*Node{a, b} {
			var record map[string]any
			Eventually(t, "her node says in time what it counts", func() bool {
				if status := Call(t, n, token, "GET", fmt.Sprint("/admin/client/", alice.ID()), "", &record); status != 200 {
					t.Fatalf("client: %d", status)
				}
				return record["messages"] == 7.0
			})
			if record["roomId"] != float64(room) || record["serverId"] != alice.Welcome.Text("serverId") || record["lastSeenAt"].(float64) < record["connectedAt"].(float64) {
				t.Errorf("alice is %v", record)
			}
			known(t, n, token, bob.ID())
			Call(t, n, token, "GET", fmt.Sprint("/admin/client/", bob.ID()), "", &record)
			if at, there := record["roomId"]; at != nil || !there {
				t.Errorf("bob, who is in no room, is %v", record)
			}
		}
	})
}
