package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"chatroom/internal/chat"
)

func refuseAll(context.Context, string, int) (bool, int64, error) { return false, 7100, nil }

func banOf(id string) chat.Ban {
	return chat.Ban{ID: id, ClientID: 1, IP: "203.0.113.9", Until: time.Now().Add(time.Hour).UnixMilli(), By: testUser}
}

// body gets a path with a good token and decodes the answer.
func (f *fixture) body(method, path, token string, v any) {
	f.Helper()
	a := f.do(call{method: method, path: path, token: token})
	if a.status != http.StatusOK {
		f.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	a.into(f.T, v)
}

func TestListsPageAndSearch(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	type ids struct {
		Clients []uint64 `json:"client_ids"`
		Rooms   []uint64 `json:"room_ids"`
		Total   int      `json:"total"`
		Next    string   `json:"next_cursor"`
	}
	var seen []uint64
	cursor := ""
	for pages := 0; ; pages++ {
		var l ids
		f.body("GET", "/admin/client?limit=2&cursor="+cursor, token, &l)
		seen = append(seen, l.Clients...)
		if l.Total != 5 || pages > 3 {
			t.Fatalf("page %d: %+v", pages, l)
		}
		if cursor = l.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 5 || seen[0] != 10000 || seen[4] != 10004 {
		t.Errorf("clients %v", seen)
	}
	var found ids
	f.body("GET", "/admin/rooms?q=LOB", token, &found)
	if len(found.Rooms) != 1 || found.Rooms[0] != 20000 || found.Total != 1 {
		t.Errorf("search: %+v", found)
	}
	a := f.do(call{path: "/admin/rooms?q=nothing", token: token})
	if string(a.body) != `{"room_ids":[],"total":0,"next_cursor":""}` {
		t.Errorf("nothing found: %s", a.body)
	}
}

func TestClientOutsideARoomSaysSo(t *testing.T) {
	f := start(t, nil)
	var client map[string]json.RawMessage
	for path, room := range map[string]string{"/admin/client/10000": "20000", "/admin/client/10001": "null"} {
		f.body("GET", path, f.login(), &client)
		if string(client["roomId"]) != room || len(client) != 9 {
			t.Errorf("%s is %s", path, client)
		}
	}
}

func TestRoomWithoutPeopleHasEmptyLists(t *testing.T) {
	f := start(t, nil)
	var room map[string]json.RawMessage
	f.body("GET", "/admin/room/20001", f.login(), &room)
	for _, name := range []string{"participants", "servers"} {
		if string(room[name]) != "[]" {
			t.Errorf("%s is %s", name, room[name])
		}
	}
}

func TestHostileNamesAreData(t *testing.T) {
	f := start(t, nil)
	a := f.do(call{path: "/admin/client/10001", token: f.login()})
	var record chat.ClientRecord
	a.into(t, &record)
	if record.Username != "<b>Eve" {
		t.Errorf("name %q", record.Username)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/json; charset=utf-8" {
		t.Errorf("content type %q", ct)
	}
}

func TestRemoveAndBan(t *testing.T) {
	f := start(t, nil)
	token := f.login()
	var r removal
	f.body("DELETE", "/admin/client/10000?reason=spam", token, &r)
	if r.TotalRemoved != 1 || r.Message == "" || r.Ban != nil {
		t.Errorf("removal: %+v", r)
	}
	f.body("DELETE", "/admin/client/10002?ban=10m&reason=more%20spam", token, &r)
	if r.Ban == nil || r.Ban.ID != "b-10002" || r.Ban.SessionOnly || r.Ban.SharedWith != 2 {
		t.Errorf("ban: %+v", r.Ban)
	}
	f.body("DELETE", "/admin/client/10001?ban=24h", token, &r)
	if r.Ban == nil || !r.Ban.SessionOnly || r.Ban.SharedWith != 0 {
		t.Errorf("ban of a loopback address: %+v", r.Ban)
	}
	var bans struct{ Bans []chat.Ban }
	f.body("GET", "/admin/bans", token, &bans)
	if len(bans.Bans) != 2 || bans.Bans[0].By != testUser || bans.Bans[0].Reason != "more spam" || bans.Bans[1].IP != "" {
		t.Errorf("bans: %+v", bans)
	}
	var lifted struct{ Message string }
	f.body("DELETE", "/admin/bans/b-10002", token, &lifted)
	f.body("DELETE", "/admin/room/20000?reason=off%20topic", token, &r)
	if r.TotalRemoved != 4 {
		t.Errorf("room: %+v", r)
	}
	f.do(call{method: "DELETE", path: "/admin/room/20000", token: token})

	var audit struct{ Entries []chat.AuditEntry }
	f.body("GET", "/admin/audit", token, &audit)
	want := []string{"delete room 20000 not found", "delete room 20000 ok", "lift ban b-10002 ok", "ban client 10001 ok", "ban client 10002 ok", "remove client 10000 ok", "login  ok"}
	if len(audit.Entries) != len(want) {
		t.Fatalf("audit: %+v", audit)
	}
	for i, e := range audit.Entries {
		if got := e.Action + " " + e.Target + " " + e.Result; got != want[i] || e.By != testUser || e.At == 0 || e.IP == "" {
			t.Errorf("audit %d: %+v, want %s", i, e, want[i])
		}
	}
	if audit.Entries[1].Reason != "off topic" {
		t.Errorf("reason: %+v", audit.Entries[1])
	}
}

func TestHealthAndReadiness(t *testing.T) {
	f := start(t, nil)
	var health struct {
		Uptime    *int64
		Message   string
		Timestamp int64
	}
	f.body("GET", "/health", "", &health)
	if health.Uptime == nil || health.Message != "OK" || time.Since(time.UnixMilli(health.Timestamp)).Abs() > time.Minute {
		t.Errorf("health: %+v", health)
	}
	if a := f.do(call{path: "/ready"}); a.status != http.StatusOK || string(a.body) != `{"ready":true}` {
		t.Errorf("ready: %d %s", a.status, a.body)
	}
	f.node.set(func(m *memory) { m.reason = "Redis can't be reached." })
	a := f.do(call{path: "/ready"})
	if a.status != http.StatusServiceUnavailable || a.code(t) != "NOT_READY" {
		t.Errorf("not ready: %d %s", a.status, a.body)
	}
	if err := CheckHealth(context.Background(), f.base+"/health"); err != nil {
		t.Error(err)
	}
	if err := CheckHealth(context.Background(), f.base+"/ready"); err == nil {
		t.Error("a node that is not ready passed its check")
	}
}
