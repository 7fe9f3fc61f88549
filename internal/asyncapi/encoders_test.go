package asyncapi

import (
	"testing"

	"chatroom/internal/chat"
)

var uuid = chat.MessageID{0x7d, 0x44, 0x48, 0x40, 0x9d, 0xc0, 0x41, 0xd1, 0xb2, 0x45, 0x5f, 0xfd, 0xce, 0x74, 0xfa, 0xd2}

// encoded are events of every kind as the server writes them.
func encoded() map[string][]byte {
	const epoch, room = chat.Epoch(0x9f86d081884c7d65), chat.RoomID(48213)
	info := &chat.RoomInfo{ID: room, Name: "Lobby", CreatedAt: 1, CreatedBy: 10001, Members: 1, Epoch: epoch}
	body := chat.AppendMessageBody(nil, uuid, 10001, "Ada", "<b>\u2028\"\n", 5)
	welcome := &chat.Welcome{ClientID: 10001, Username: "User 10001", Session: []byte("t"), ServerID: uuid.String(), HeartbeatMs: 30000}
	events := map[string][]byte{
		"connect":         chat.AppendConnect(nil, "", welcome),
		"connect resumed": chat.AppendConnect(nil, "id", welcome),
		"joined room":     chat.AppendRoomJoined(nil, "id", info, 0, false, false),
		"recovered":       chat.AppendRoomJoined(nil, "", info, 200, true, true),
		"message":         append(chat.AppendMessageHead(nil, room, epoch, 1), body...),
		"ack":             chat.AppendAck(nil, "id"),
		"ack without id":  chat.AppendAck(nil, ""),
		"message ack":     chat.AppendMessageAck(nil, "id", room, epoch, 1, uuid, 5, false),
		"duplicate":       chat.AppendMessageAck(nil, "id", room, epoch, 1, uuid, 5, true),
		"rooms":           chat.AppendRooms(nil, "id", []chat.RoomSummary{{ID: room, Name: "Lobby", Members: 1, CreatedAt: 1}}, "c"),
		"no rooms":        chat.AppendRooms(nil, "", nil, ""),
		"history":         chat.AppendHistory(nil, "id", room, epoch, []chat.Entry{{Seq: 1, Body: body}, {Seq: 2, Body: body}}, true),
	}
	for _, code := range chat.Codes {
		f := chat.Failure{Code: code, Message: "Why."}
		if code == chat.Banned {
			f.BanCode = chat.BanCode
		}
		if code == chat.RateLimited {
			f.RetryAfterMs = 200
		}
		events[string(code)] = chat.AppendError(nil, "id", f)
	}
	for _, kind := range chat.EventKinds {
		e := &chat.UserEvent{Kind: kind, Members: 3, At: 5}
		switch kind {
		case chat.EventJoined, chat.EventRemoved:
			e.Client, e.Username = 10002, "Grace"
		case chat.EventLeft:
			e.Client, e.Username, e.Owner = 10002, "Grace", true
		case chat.EventRenamed:
			e.Client, e.Username, e.Previous = 10002, "Grace", "User 10002"
		}
		events[string(kind)] = chat.AppendUserEvent(nil, room, e)
	}
	return events
}

func TestEncodedEventsAreAsDescribed(t *testing.T) {
	for name, event := range encoded() {
		if err := Validate(event); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNotDescribedIsNoticed(t *testing.T) {
	for name, event := range map[string]string{
		"no JSON":               `{`,
		"client event":          `{"type":"PING"}`,
		"unknown field":         `{"type":"ACK","colour":"red"}`,
		"half a place":          `{"type":"ACK","id":"a","seq":1}`,
		"unknown code":          `{"type":"ERROR","code":"OOPS","message":"x"}`,
		"ban code of no ban":    `{"type":"ERROR","code":"CAPACITY","message":"x","banCode":101010}`,
		"joined by nobody":      `{"type":"USER_EVENT","event":"joined","roomId":1,"members":1,"at":1}`,
		"renamed from nothing":  `{"type":"USER_EVENT","event":"renamed","roomId":1,"client":{"clientId":1,"username":"x"},"members":1,"at":1}`,
		"server id is no UUID":  `{"type":"CONNECT","clientId":1,"username":"x","session":"t","resumed":false,"serverId":"x","protocol":1,"heartbeatMs":1,"resumeWindowMs":1,"limits":{"name":16,"username":16,"message":1,"replay":1,"event":16384}}`,
		"message without place": `{"type":"NEW_MESSAGE","roomId":1,"epoch":"9f86d081884c7d65","messageId":"7d444840-9dc0-41d1-b245-5ffdce74fad2","from":{"clientId":1,"username":"x"},"text":"x","at":1}`,
	} {
		if Validate([]byte(event)) == nil {
			t.Errorf("%s: %s", name, event)
		}
	}
}

func TestEncodedCommandsAreAsDescribed(t *testing.T) {
	position := chat.Position{Epoch: 1, Seq: 2, MessageID: uuid}
	for _, c := range []chat.Command{
		{Type: chat.CreateRoom, ID: []byte("a"), Name: "Lobby", Private: true},
		{Type: chat.JoinRoom, RoomID: 1, Replay: 10},
		{Type: chat.JoinRoom, RoomID: 1, HasPosition: true, Position: position},
		{Type: chat.SendMessage, ID: []byte("a"), Text: []byte("x"), RoomID: 3},
		{Type: chat.UpdateUsername, Name: "Ada"},
		{Type: chat.LeaveRoom},
		{Type: chat.ListRooms, Cursor: []byte("c"), Limit: 7},
		{Type: chat.GetHistory, HasAfter: true, After: 3, Limit: 9},
		{Type: chat.Resume, Session: []byte("s"), HasPosition: true, Position: position},
		{Type: chat.Ping, ID: []byte("~ !")},
	} {
		if err := ValidateCommand(chat.AppendCommand(nil, &c)); err != nil {
			t.Error(err)
		}
	}
}
