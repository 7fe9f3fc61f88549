package chat

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"unicode/utf8"
)

// FuzzCommand holds the codec against encoding/json, which is more lenient: whatever the codec
// takes is JSON of one object to it too, with the same type and id, and whatever is no JSON to it
// is BAD_JSON here. What was accepted is also written and read again.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		`{"type":"SEND_MESSAGE","id":"a","text":"\ud83d\ude00\n","roomId":1}`,
		`{"type":"JOIN_ROOM","roomId":12345,"epoch":"00000000000000ff","seq":9,"messageId":"00112233-4455-6677-8899-aabbccddeeff"}`,
		`{"type":"CREATE_ROOM","name":" L\u0301 ","private":true}`,
		`{"type":"GET_HISTORY","before":9,"limit":200}`, `{"type":"LIST_ROOMS","cursor":"c","limit":100}`,
		`{"type":"RESUME","session":"tok"}`, `{"type":"UPDATE_USERNAME","username":"x"}`,
		`{"type":"PING","x":{"a":[1,-0.5e+3,null,true,{}]},"\u0079":"\ud800"}`,
		`{"TYPE":"PING"}`, `null`, `[[[[[[[[[[[[[[[[[[`, "\ufeff{}", `{"a":1,"\u0061":2}`, `{"seq":1e400}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c := new(Command)
		code, sentence := DecodeCommand(bytes.Clone(payload), c, Limits{})
		if (code == "") != (sentence == "") {
			t.Fatalf("code %q, sentence %q", code, sentence)
		}
		if !json.Valid(payload) || !utf8.Valid(payload) {
			if code != BadJSON {
				t.Fatalf("%q is not JSON and was answered %q", payload, code)
			}
			return
		}
		if code == BadJSON {
			return
		}
		requireUnique(t, payload)
		if code != "" {
			return
		}
		var lenient struct{ Type, ID *string }
		if err := json.Unmarshal(payload, &lenient); err != nil {
			t.Fatalf("accepted %q: %v", payload, err)
		}
		if *lenient.Type != c.Type.String() || lenient.ID != nil && *lenient.ID != string(c.ID) {
			t.Fatalf("%q: type %s id %q", payload, c.Type, c.ID)
		}
		again := new(Command)
		if code, sentence := DecodeCommand(AppendCommand(nil, c), again, Limits{}); code != "" {
			t.Fatalf("written again it is %s: %s", code, sentence)
		}
		if c.Type == JoinRoom && c.HasPosition {
			again.Replay = c.Replay // not written next to a position
		}
		requireSame(t, again, c)
	})
}

// requireUnique walks the tokens and fails when an object has a name twice or is nested too deeply.
func requireUnique(t *testing.T, payload []byte) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	type level struct {
		names map[string]bool // nil in an array
		key   bool            // a name comes next
	}
	var open []level
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("accepted %q: %v", payload, err)
		}
		top := len(open) - 1
		switch token {
		case json.Delim('{'):
			open = append(open, level{map[string]bool{}, true})
		case json.Delim('['):
			open = append(open, level{})
		case json.Delim('}'), json.Delim(']'):
			open, top = open[:top], top-1
		default:
			if top >= 0 && open[top].key {
				name := token.(string)
				if open[top].names[name] {
					t.Fatalf("accepted %q, in which %q stands twice", payload, name)
				}
				open[top].names[name], open[top].key = true, false
				continue
			}
		}
		if len(open) > MaxDepth {
			t.Fatalf("accepted depth %d", len(open))
		}
		if d, opened := token.(json.Delim); (!opened || d == '}' || d == ']') && top >= 0 {
			open[top].key = open[top].names != nil
		}
	}
}

// FuzzEvent proves that whatever DecodeEvent takes is JSON, and that it never fails otherwise than
// by an error.
func FuzzEvent(f *testing.F) {
	for _, example := range examples() {
		f.Add([]byte(example.json))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if err := DecodeEvent(bytes.Clone(payload), new(Event)); err == nil && !json.Valid(payload) {
			t.Fatalf("accepted %q", payload)
		}
	})
}

// FuzzString proves that AppendString writes what encoding/json reads back as the same text.
func FuzzString(f *testing.F) {
	f.Add(nasty)
	f.Add("\x00\x1f\x7f\u0080\u2028\ufffd")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(AppendString(nil, s), &back); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(s)); back != want {
			t.Fatalf("got %q, want %q", back, want)
		}
	})
}
