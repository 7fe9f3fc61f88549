package chat

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

const nasty = "<b>\"\\\n\t\u2028😀é{}'"

var someMessage = MessageID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// examples are server events of every type, with the event that a client reads out of them.
func examples() []struct {
	name, json string
	want       Event
} {
	room := RoomInfo{ID: 12345, Name: nasty, CreatedAt: 1700000000000, CreatedBy: 10001, Members: 3, Epoch: 0xabc, Seq: 7}
	body := AppendMessageBody(nil, someMessage, 10001, nasty, nasty, 1700000000001)
	whole := append(AppendMessageHead(nil, 12345, 0xabc, 7), body...)
	message := Event{Type: TypeNewMessage, RoomID: 12345, Epoch: 0xabc, Seq: 7, MessageID: someMessage, At: 1700000000001, Client: 10001, Username: []byte(nasty), Text: []byte(nasty)}
	joined := Event{Type: TypeRoomJoined, RoomID: 12345, Name: []byte(nasty), CreatedAt: 1700000000000, CreatedBy: 10001, Members: 3, Epoch: 0xabc, Seq: 7, Replayed: 2}
	recovered, fresh := joined, joined
	recovered.ID, recovered.Positioned, recovered.Recovered, recovered.Replayed = []byte("a"), true, true, 0
	fresh.Positioned = true
	connect := Event{Type: TypeConnect, Client: 10001, Username: []byte("User 10001"), Session: []byte("tok"), ServerID: []byte("6f1d"), Protocol: 1, HeartbeatMs: 30000, ResumeWindowMs: 10000, Sizes: Sizes{16, 16, 2000, 200, 25024}}
	resumed := connect
	resumed.ID, resumed.Resumed = []byte("r"), true
	welcome := Welcome{ClientID: 10001, Username: "User 10001", Session: []byte("tok"), ServerID: "6f1d", HeartbeatMs: 30000, ResumeWindowMs: 10000}
	back := welcome
	back.Resumed = true
	user := func(e UserEvent) string { return string(AppendUserEvent(nil, 12345, &e)) }
	return []struct {
		name, json string
		want       Event
	}{
		{"connect", string(AppendConnect(nil, "", &welcome)), connect},
		{"connect resumed", string(AppendConnect(nil, "r", &back)), resumed},
		{"room joined", string(AppendRoomJoined(nil, "", &room, 2, false, false)), joined},
		{"room joined recovered", string(AppendRoomJoined(nil, "a", &room, 0, true, true)), recovered},
		{"room joined unasked", string(AppendRoomJoined(nil, []byte(nil), &room, 2, true, false)), fresh},
		{"new message", string(whole), message},
		{"ack", string(AppendAck(nil, []byte("x~ \"\\"))), Event{Type: TypeAck, ID: []byte("x~ \"\\")}},
		{"ack without id", string(AppendAck(nil, "")), Event{Type: TypeAck}},
		{"ack of a message", string(AppendMessageAck(nil, "a", 12345, 0xabc, 7, someMessage, 5, false)), Event{Type: TypeAck, ID: []byte("a"), RoomID: 12345, Epoch: 0xabc, Seq: 7, MessageID: someMessage, At: 5, Placed: true}},
		{"ack of a duplicate", string(AppendMessageAck(nil, "a", 12345, 0xabc, 7, someMessage, 5, true)), Event{Type: TypeAck, ID: []byte("a"), RoomID: 12345, Epoch: 0xabc, Seq: 7, MessageID: someMessage, At: 5, Placed: true, Duplicate: true}},
		{"joined", user(UserEvent{Kind: EventJoined, Client: 10002, Username: nasty, Members: 4, At: 9}), Event{Type: TypeUserEvent, Kind: EventJoined, RoomID: 12345, Client: 10002, Username: []byte(nasty), Members: 4, At: 9}},
		{"left", user(UserEvent{Kind: EventLeft, Client: 10002, Username: "x", Owner: true, Members: 1, At: 9}), Event{Type: TypeUserEvent, Kind: EventLeft, RoomID: 12345, Client: 10002, Username: []byte("x"), Owner: true, Members: 1, At: 9}},
		{"renamed", user(UserEvent{Kind: EventRenamed, Client: 10002, Username: "new", Previous: nasty, Members: 4, At: 9}), Event{Type: TypeUserEvent, Kind: EventRenamed, RoomID: 12345, Client: 10002, Username: []byte("new"), Previous: []byte(nasty), Members: 4, At: 9}},
		{"removed", user(UserEvent{Kind: EventRemoved, Client: 10002, Username: "x", Members: 0, At: 9}), Event{Type: TypeUserEvent, Kind: EventRemoved, RoomID: 12345, Client: 10002, Username: []byte("x"), At: 9}},
		{"room deleted", user(UserEvent{Kind: EventRoomDeleted, At: 9}), Event{Type: TypeUserEvent, Kind: EventRoomDeleted, RoomID: 12345, At: 9}},
		{"members", user(UserEvent{Kind: EventMembers, Members: 500, At: 9}), Event{Type: TypeUserEvent, Kind: EventMembers, RoomID: 12345, Members: 500, At: 9}},
		{"no rooms", string(AppendRooms(nil, "l", nil, "")), Event{Type: TypeRooms, ID: []byte("l")}},
		{"rooms", string(AppendRooms(nil, "l", []RoomSummary{{1, nasty, 2, 3}, {4, "b", 5, 6}}, "next")), Event{Type: TypeRooms, ID: []byte("l"), Cursor: []byte("next"), Rooms: []RoomSummary{{1, nasty, 2, 3}, {4, "b", 5, 6}}}},
		{"no history", string(AppendHistory(nil, "h", 12345, 0xabc, nil, false)), Event{Type: TypeHistory, ID: []byte("h"), RoomID: 12345, Epoch: 0xabc}},
		{"history", string(AppendHistory(nil, "h", 12345, 0xabc, []Entry{{Seq: 6, Body: body}, {Seq: 7, Body: body}}, true)), Event{Type: TypeHistory, ID: []byte("h"), RoomID: 12345, Epoch: 0xabc, More: true, Messages: []Event{withSeq(message, 6), message}}},
		{"error", string(AppendError(nil, "e", Failure{Code: RateLimited, Message: nasty, RetryAfterMs: 200})), Event{Type: TypeError, ID: []byte("e"), Code: RateLimited, Message: []byte(nasty), RetryAfterMs: 200}},
		{"ban", string(AppendError(nil, "", Failure{Code: Banned, Message: "Bye.", BanCode: BanCode})), Event{Type: TypeError, Code: Banned, Message: []byte("Bye."), BanCode: BanCode}},
	}
}

func withSeq(e Event, seq uint64) Event {
	e.Seq = seq
	return e
}

// plain is e without what does not count in a comparison.
func plain(e Event) Event {
	e.scan, e.fields = scanner{}, [eventFieldCount]value{}
	for _, view := range []*[]byte{&e.ID, &e.Username, &e.Text, &e.Session, &e.ServerID, &e.Name, &e.Previous, &e.Cursor, &e.Message} {
		*view = append([]byte{}, *view...)
	}
	e.Rooms = append([]RoomSummary{}, e.Rooms...)
	messages := []Event{}
	for _, m := range e.Messages {
		messages = append(messages, plain(m))
	}
	e.Messages = messages
	return e
}

func TestEventsAreJSONAndReadBack(t *testing.T) {
	var e Event
	for _, example := range examples() {
		t.Run(example.name, func(t *testing.T) {
			if !json.Valid([]byte(example.json)) {
				t.Fatalf("not JSON: %s", example.json)
			}
			if err := DecodeEvent([]byte(example.json), &e); err != nil {
				t.Fatalf("%v: %s", err, example.json)
			}
			if got, want := plain(e), plain(example.want); !reflect.DeepEqual(got, want) {
				t.Fatalf("got\n%+v\nwant\n%+v\nfrom %s", got, want, example.json)
			}
		})
	}
}

func TestDecodeEventRefuses(t *testing.T) {
	tests := []struct{ name, payload string }{
		{"nothing", ``},
		{"null", `null`},
		{"no type", `{}`},
		{"type of a client", `{"type":"PING"}`},
		{"trailing data", `{"type":"ACK"}x`},
		{"field twice", `{"type":"ACK","id":"a","id":"a"}`},
		{"id a number", `{"type":"ACK","id":1}`},
		{"error without code", `{"type":"ERROR","message":"x"}`},
		{"error without message", `{"type":"ERROR","code":"BANNED"}`},
		{"message without from", `{"type":"NEW_MESSAGE","roomId":1,"epoch":"0000000000000001","seq":1,"messageId":"00112233-4455-6677-8899-aabbccddeeff","text":"x","at":1}`},
		{"message with a short epoch", `{"type":"NEW_MESSAGE","roomId":1,"epoch":"1","seq":1,"messageId":"00112233-4455-6677-8899-aabbccddeeff","from":{"clientId":1,"username":"x"},"text":"x","at":1}`},
		{"message with a broken from", `{"type":"NEW_MESSAGE","roomId":1,"epoch":"0000000000000001","seq":1,"messageId":"00112233-4455-6677-8899-aabbccddeeff","from":{"clientId":"1","username":"x"},"text":"x","at":1}`},
		{"acknowledged nowhere", `{"type":"ACK","id":"a","seq":1}`},
		{"unknown user event", `{"type":"USER_EVENT","event":"waved","roomId":1,"members":1,"at":1}`},
		{"joined without client", `{"type":"USER_EVENT","event":"joined","roomId":1,"members":1,"at":1}`},
		{"rooms of numbers", `{"type":"ROOMS","rooms":[1]}`},
		{"history with half a message", `{"type":"HISTORY","roomId":1,"epoch":"0000000000000001","more":false,"messages":[{"seq":1}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := DecodeEvent([]byte(test.payload), new(Event)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestHistorySizeIsNeverTooSmall(t *testing.T) {
	body := AppendMessageBody(nil, someMessage, 1, "x", "y", 1)
	id := strings.Repeat(`"`, MaxRequestID)
	entries := []Entry{{Seq: MaxInteger, Body: body}, {Seq: MaxInteger, Body: body}}
	got := len(AppendHistory(nil, id, MaxInteger, 1<<63, entries, false))
	if most := HistoryFrame + 2*HistorySize(len(body)); got > most {
		t.Errorf("%d bytes, reckoned %d", got, most)
	}
}

func TestAppendStringReplacesWhatIsNotUTF8(t *testing.T) {
	if got := string(AppendString(nil, "a\xffb\xc3")); got != "\"a\ufffdb\ufffd\"" {
		t.Errorf("got %s", got)
	}
}
