package chat

import (
	"bytes"
	"strings"
	"testing"
)

func TestDecodeCommandReads(t *testing.T) {
	const uuid = "00112233-4455-6677-8899-aabbccddeeff"
	id, _ := ParseMessageID(uuid)
	tests := []struct {
		name, payload string
		want          Command
	}{
		{"create", `{"type":"CREATE_ROOM","name":" Lobby "}`, Command{Type: CreateRoom, Name: "Lobby"}},
		{"create private", `{"type":"CREATE_ROOM","id":"1","name":"L","private":true}`, Command{Type: CreateRoom, ID: []byte("1"), Name: "L", Private: true}},
		{"create public", `{"type":"CREATE_ROOM","name":"L","private":false}`, Command{Type: CreateRoom, Name: "L"}},
		{"join", `{"type":"JOIN_ROOM","roomId":12345}`, Command{Type: JoinRoom, RoomID: 12345, Replay: 50}},
		{"join without replay", `{"type":"JOIN_ROOM","roomId":12345,"replay":0}`, Command{Type: JoinRoom, RoomID: 12345}},
		{"join at", `{"type":"JOIN_ROOM","roomId":7,"epoch":"00000000000000ff","seq":9}`, Command{Type: JoinRoom, RoomID: 7, Replay: 50, HasPosition: true, Position: Position{Epoch: 255, Seq: 9}}},
		{"join at message", `{"type":"JOIN_ROOM","roomId":7,"epoch":"00000000000000ff","seq":0,"messageId":"` + strings.ToUpper(uuid) + `"}`, Command{Type: JoinRoom, RoomID: 7, Replay: 50, HasPosition: true, Position: Position{Epoch: 255, MessageID: id}}},
		{"join at another server's epoch", `{"type":"JOIN_ROOM","roomId":7,"epoch":"FF","seq":9}`, Command{Type: JoinRoom, RoomID: 7, Replay: 50, HasPosition: true, Position: Position{Seq: 9}}},
		{"join at the nil UUID", `{"type":"JOIN_ROOM","roomId":7,"epoch":"00000000000000ff","seq":9,"messageId":"00000000-0000-0000-0000-000000000000"}`, Command{Type: JoinRoom, RoomID: 7, Replay: 50, HasPosition: true, Position: Position{Seq: 9}}},
		{"send", `{"type":"SEND_MESSAGE","id":"a","text":"hi"}`, Command{Type: SendMessage, ID: []byte("a"), Text: []byte("hi")}},
		{"send, type last", ` { "text" : "hi" , "id" : "a" , "type" : "SEND_MESSAGE" } `, Command{Type: SendMessage, ID: []byte("a"), Text: []byte("hi")}},
		{"send escaped", `{"\u0074ype":"SEND\u005fMESSAGE","id":"\u0061","text":"\"\\\/\n\t\ud83d\ude00é\u2028 "}`, Command{Type: SendMessage, ID: []byte("a"), Text: []byte("\"\\/\n\t😀é\u2028 ")}},
		{"send to", `{"type":"SEND_MESSAGE","id":"a","text":" hi ","roomId":5}`, Command{Type: SendMessage, ID: []byte("a"), Text: []byte(" hi "), RoomID: 5}},
		{"send decomposed", "{\"type\":\"SEND_MESSAGE\",\"id\":\"a\",\"text\":\"e\u0301\"}", Command{Type: SendMessage, ID: []byte("a"), Text: []byte("e\u0301")}},
		{"rename", `{"type":"UPDATE_USERNAME","username":"e\u0301"}`, Command{Type: UpdateUsername, Name: "é"}},
		{"leave", `{"type":"LEAVE_ROOM"}`, Command{Type: LeaveRoom}},
		{"list", `{"type":"LIST_ROOMS"}`, Command{Type: ListRooms, Limit: 50}},
		{"list on", `{"type":"LIST_ROOMS","cursor":"c","limit":100}`, Command{Type: ListRooms, Cursor: []byte("c"), Limit: 100}},
		{"history", `{"type":"GET_HISTORY"}`, Command{Type: GetHistory, Limit: 50}},
		{"history before", `{"type":"GET_HISTORY","before":0,"limit":1}`, Command{Type: GetHistory, HasBefore: true, Limit: 1}},
		{"history after", `{"type":"GET_HISTORY","after":9,"limit":200}`, Command{Type: GetHistory, After: 9, HasAfter: true, Limit: 200}},
		{"resume", `{"type":"RESUME","session":"tok"}`, Command{Type: Resume, Session: []byte("tok"), Replay: 50}},
		{"resume at", `{"type":"RESUME","session":"tok","epoch":"000000000000000a","seq":3,"messageId":"` + uuid + `"}`, Command{Type: Resume, Session: []byte("tok"), Replay: 50, HasPosition: true, Position: Position{Epoch: 10, Seq: 3, MessageID: id}}},
		{"ping", `{"type":"PING","id":"1"}`, Command{Type: Ping, ID: []byte("1")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, code := decode(t, test.payload)
			if code != "" {
				t.Fatalf("refused: %s", code)
			}
			requireSame(t, c, &test.want)

			again := AppendCommand(nil, c)
			c, code = decode(t, string(again))
			if code != "" {
				t.Fatalf("refused %s: %s", again, code)
			}
			requireSame(t, c, &test.want)
		})
	}
}

// requireSame compares what two commands say.
func requireSame(t *testing.T, got, want *Command) {
	t.Helper()
	same := got.Type == want.Type && bytes.Equal(got.ID, want.ID) && bytes.Equal(got.Text, want.Text) &&
		bytes.Equal(got.Session, want.Session) && bytes.Equal(got.Cursor, want.Cursor) &&
		got.Name == want.Name && got.Private == want.Private && got.RoomID == want.RoomID &&
		got.Replay == want.Replay && got.Position == want.Position && got.HasPosition == want.HasPosition &&
		got.Before == want.Before && got.After == want.After && got.HasBefore == want.HasBefore &&
		got.HasAfter == want.HasAfter && got.Limit == want.Limit
	if !same {
		g, w := *got, *want
		g.scan, g.fields, w.scan, w.fields = scanner{}, [fieldCount]value{}, scanner{}, [fieldCount]value{}
		t.Fatalf("got\n%+v\nwant\n%+v", g, w)
	}
}

func TestDecodeCommandForgetsTheFormerOne(t *testing.T) {
	c := new(Command)
	first := []byte(`{"type":"JOIN_ROOM","id":"a","roomId":5,"epoch":"000000000000000a","seq":3,"x":1}`)
	if code, sentence := DecodeCommand(first, c, Limits{}); code != "" {
		t.Fatal(code, sentence)
	}
	if code, sentence := DecodeCommand([]byte(`{"type":"PING"}`), c, Limits{}); code != "" {
		t.Fatal(code, sentence)
	}
	requireSame(t, c, &Command{Type: Ping})
}

func TestDecodeCommandManyFields(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"type":"PING"`)
	for i := range 3000 {
		b.WriteString(`,"` + strings.Repeat("k", i%7) + strings.Repeat("x", i%11) + string(rune('0'+i%10)) + itoa(i) + `":0`)
	}
	if _, code := decode(t, b.String()+`}`); code != "" {
		t.Errorf("different names: %s", code)
	}
	if _, code := decode(t, b.String()+`,"zz":1,"zz":1}`); code != BadJSON {
		t.Errorf("a name twice among many: %q", code)
	}
}

func itoa(i int) string {
	return strings.Repeat("a", i/100) + string(rune('a'+i/10%10)) + string(rune('a'+i%10))
}

func TestDecodeCommandHonoursTheMessageLimit(t *testing.T) {
	payload := func() []byte { return []byte(`{"type":"SEND_MESSAGE","id":"a","text":"12345"}`) }
	if code, _ := DecodeCommand(payload(), new(Command), Limits{Message: 5}); code != "" {
		t.Errorf("five of five: %s", code)
	}
	if code, sentence := DecodeCommand(payload(), new(Command), Limits{Message: 4}); code != TextInvalid || !strings.Contains(sentence, "4") {
		t.Errorf("five of four: %s %s", code, sentence)
	}
}
