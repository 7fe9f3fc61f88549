package asyncapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"chatroom/internal/chat"
)

// at walks the description along the keys.
func at(t *testing.T, keys ...string) any {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	node := d.tree
	for _, key := range keys {
		m, ok := node.(map[string]any)
		if !ok || m[key] == nil {
			t.Fatalf("no %s", strings.Join(keys, "."))
		}
		node = m[key]
	}
	return node
}

func words[T ~string](list []T) []string {
	var all []string
	for _, w := range list {
		all = append(all, string(w))
	}
	return all
}

func enum(t *testing.T, keys ...string) []string {
	var all []string
	for _, v := range at(t, keys...).([]any) {
		all = append(all, v.(string))
	}
	return all
}

func TestListsAreTheCodecs(t *testing.T) {
	if got, want := enum(t, "components", "schemas", "errorCode", "enum"), words(chat.Codes[:]); !slices.Equal(got, want) {
		t.Errorf("error codes %v, the codec has %v", got, want)
	}
	if got, want := enum(t, "components", "schemas", "userEvent", "enum"), words(chat.EventKinds[:]); !slices.Equal(got, want) {
		t.Errorf("user events %v, the codec has %v", got, want)
	}
	var want []string
	for _, c := range chat.CommandTypes {
		want = append(want, c.String())
	}
	for _, e := range chat.EventTypes {
		want = append(want, e.String())
	}
	slices.Sort(want)
	for _, place := range [][]string{{"components", "messages"}, {"channels", "chat", "messages"}} {
		if got := slices.Sorted(maps.Keys(at(t, place...).(map[string]any))); !slices.Equal(got, want) {
			t.Errorf("%v: %v, the codec has %v", place, got, want)
		}
	}
	for _, limit := range []struct {
		keys []string
		want int
	}{
		{[]string{"JOIN_ROOM", "properties", "replay", "maximum"}, chat.MaxReplay},
		{[]string{"JOIN_ROOM", "properties", "replay", "default"}, chat.DefaultReplay},
		{[]string{"LIST_ROOMS", "properties", "limit", "maximum"}, chat.MaxRooms},
		{[]string{"LIST_ROOMS", "properties", "limit", "default"}, chat.DefaultRooms},
		{[]string{"GET_HISTORY", "properties", "limit", "maximum"}, chat.MaxHistory},
		{[]string{"GET_HISTORY", "properties", "limit", "default"}, chat.DefaultHistory},
		{[]string{"name", "maxLength"}, chat.MaxName},
		{[]string{"roomId", "maximum"}, chat.MaxInteger},
		{[]string{"ERROR", "properties", "banCode", "const"}, chat.BanCode},
		{[]string{"CONNECT", "properties", "protocol", "const"}, chat.Protocol},
	} {
		if got := fmt.Sprint(at(t, append([]string{"components", "schemas"}, limit.keys...)...)); got != fmt.Sprint(limit.want) {
			t.Errorf("%v is %s, the codec has %d", limit.keys, got, limit.want)
		}
	}
	if got := at(t, "channels", "chat", "bindings", "ws", "headers", "properties", "Sec-WebSocket-Protocol", "const"); got != chat.Subprotocol {
		t.Errorf("subprotocol %v", got)
	}
}

func TestReferencesLeadSomewhere(t *testing.T) {
	var walk func(node any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, item := range node {
				walk(item)
			}
		case map[string]any:
			if ref, ok := node["$ref"].(string); ok {
				at(t, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			}
			for _, item := range node {
				walk(item)
			}
		}
	}
	walk(at(t))
}

// TestExamplesAreTaken reads every example with the codec and the schema of its message.
func TestExamplesAreTaken(t *testing.T) {
	for name, message := range at(t, "components", "messages").(map[string]any) {
		examples, _ := message.(map[string]any)["examples"].([]any)
		if len(examples) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, example := range examples {
			text, err := json.Marshal(example.(map[string]any)["payload"])
			if err != nil {
				t.Fatal(err)
			}
			if isCommand(name) {
				if err := ValidateCommand(text); err != nil {
					t.Error(err)
				}
				if code, sentence := chat.DecodeCommand(text, new(chat.Command), chat.Limits{}); code != "" {
					t.Errorf("%s: %s %s", name, code, sentence)
				}
				continue
			}
			if err := Validate(text); err != nil {
				t.Error(err)
			}
			if err := chat.DecodeEvent(text, new(chat.Event)); err != nil {
				t.Error(err)
			}
		}
	}
}

func isCommand(name string) bool {
	return slices.ContainsFunc(chat.CommandTypes[:], func(c chat.CommandType) bool { return c.String() == name })
}

func TestEveryOperationHasItsCommand(t *testing.T) {
	var got []string
	for _, operation := range at(t, "operations").(map[string]any) {
		o := operation.(map[string]any)
		if o["action"] == "receive" {
			ref := o["messages"].([]any)[0].(map[string]any)["$ref"].(string)
			got = append(got, ref[strings.LastIndexByte(ref, '/')+1:])
		}
	}
	slices.Sort(got)
	var want []string
	for _, c := range chat.CommandTypes {
		want = append(want, c.String())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("operations for %v, the codec has %v", got, want)
	}
}
