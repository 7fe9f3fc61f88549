package nodetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// inOrder walks through a list page by page, two at a time.
func inOrder(t *testing.T, n *Node, token, list, sort string) (ids []int64) {
	t.Helper()
	cursor := ""
	for range 50 {
		var page struct {
			Clients []int64 `json:"client_ids"`
			Rooms   []int64 `json:"room_ids"`
			Next    string  `json:"next_cursor"`
		}
		if status := Call(t, n, token, http.MethodGet, "/admin/"+list+"?limit=2&q=t&sort="+sort+"&cursor="+cursor, "", &page); status != http.StatusOK {
			t.Fatalf("%s by %s: %d", list, sort, status)
		}
		ids = append(append(ids, page.Clients...), page.Rooms...)
		if cursor = page.Next; cursor == "" {
			return ids
		}
	}
	t.Fatalf("%s by %s never ends", list, sort)
	return nil
}

// TestListsAreOrderedOnTheServer holds every order, both ways, against the records themselves.
func TestListsAreOrderedOnTheServer(t *testing.T) {
	behindProxies(t, func(t *testing.T, a, b *Node) {
		token := Login(t, a)
		Eventually(t, "each node knows the other", func() bool {
			var all struct{ Servers []struct{ ServerID string } }
			Call(t, b, token, http.MethodGet, "/admin/servers", "", &all)
			return a == b || len(all.Servers) == 2
		})
		var rooms, people []int64
		for i, name := range []string{"Tea", "bats", "Ätna", "tea", "TZ"} {
			who := admitted(t, []*Node{a, b}[i%2], fmt.Sprintf("203.0.113.%d", 100-11*i))
			who.Send(`{"type":"UPDATE_USERNAME","id":"n","username":"T%s"}`, name)
			who.Await("ACK", "USER_EVENT")
			room := who.Create(name).Int("roomId")
			rooms, people = append(rooms, room), append(people, who.ID())
			Eventually(t, "the new name is known", func() bool {
				var r struct{ Username string }
				return Call(t, b, token, http.MethodGet, fmt.Sprintf("/admin/client/%d", who.ID()), "", &r) == http.StatusOK && r.Username == "T"+name
			})
			for m := range (i * 3) % 5 {
				who.Say(fmt.Sprint(m), "text")
			}
			for range (i * 2) % 5 {
				guest := admitted(t, a, "198.51.100.1")
				guest.Join(room)
				people = append(people, guest.ID())
			}
		}
		for _, id := range people {
			known(t, b, token, id)
		}
		type record struct {
			Username, IP, ServerID, Name                                   string
			ActiveUsers, PeakUsers, MessageCount, LastMessageAt, CreatedAt int64
		}
		read := func(kind string, id int64) (r record) {
			if status := Call(t, a, token, http.MethodGet, fmt.Sprintf("/admin/%s/%d", kind, id), "", &r); status != http.StatusOK {
				t.Fatalf("%s %d: %d", kind, id, status)
			}
			return r
		}
		for _, list := range []struct {
			kind   string
			ids    []int64
			fields map[string]func(record) string
		}{
			{"client", slices.DeleteFunc(people, func(id int64) bool { return !strings.Contains(strings.ToLower(read("client", id).Username), "t") }), map[string]func(record) string{
				"username": func(r record) string { return strings.ToLower(r.Username) }, "ip": func(r record) string { return fmt.Sprintf("%15s", r.IP) },
				"serverId": func(r record) string { return r.ServerID },
			}},
			{"room", slices.DeleteFunc(rooms, func(id int64) bool { return !strings.Contains(strings.ToLower(read("room", id).Name), "t") }), map[string]func(record) string{
				"name": func(r record) string { return strings.ToLower(r.Name) }, "activeUsers": func(r record) string { return fmt.Sprintf("%20d", r.ActiveUsers) },
				"peakUsers": func(r record) string { return fmt.Sprintf("%20d", r.PeakUsers) }, "messageCount": func(r record) string { return fmt.Sprintf("%20d", r.MessageCount) },
				"lastMessageAt": func(r record) string { return fmt.Sprintf("%20d", r.LastMessageAt) }, "createdAt": func(r record) string { return fmt.Sprintf("%20d", r.CreatedAt) },
			}},
		} {
			for field, value := range list.fields {
				want := slices.Clone(list.ids)
				slices.SortFunc(want, func(x, y int64) int {
					if c := strings.Compare(value(read(list.kind, x)), value(read(list.kind, y))); c != 0 {
						return c
					}
					return int(x - y)
				})
				if got := inOrder(t, b, token, list.kind, field); !slices.Equal(got, want) {
					t.Errorf("%ss by %s: %v, want %v", list.kind, field, got, want)
				}
				slices.Reverse(want)
				if got := inOrder(t, a, token, list.kind, "-"+field); !slices.Equal(got, want) {
					t.Errorf("%ss by -%s: %v, want %v", list.kind, field, got, want)
				}
			}
		}
	})
}
