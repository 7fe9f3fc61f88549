package load

import (
	"strconv"

	"chatroom/internal/chat"
)

// chatroomDialect is protocol chatroom.v1.
type chatroomDialect struct{}

func (chatroomDialect) path() string                  { return "/ws" }
func (chatroomDialect) protocol() string              { return "chatroom.v1" }
func (chatroomDialect) sequenced() bool               { return true }
func (chatroomDialect) greeting() bool                { return true }
func (chatroomDialect) appendHello(dst []byte) []byte { return dst }

func (chatroomDialect) appendCreate(dst []byte, r *room) []byte {
	return chat.AppendCommand(dst, &chat.Command{Type: chat.CreateRoom, Name: "bench " + strconv.FormatUint(uint64(r.mark), 36)})
}

func (chatroomDialect) appendJoin(dst []byte, r *room) []byte { return appendJoinRoom(dst, r.id, 0) }

// appendSend does by hand what chat.AppendCommand does: the text needs no escapes.
func (chatroomDialect) appendSend(dst []byte, r *room, number uint32, text []byte) []byte {
	dst = append(dst, `{"type":"SEND_MESSAGE","id":"`...)
	dst = appendMessageID(dst, r.mark, number)
	dst = append(dst, `","text":"`...)
	dst = append(dst, text...)
	return append(dst, `"}`...)
}

// appendMessageID appends the id of a SEND_MESSAGE: room and number, so that its ACK names the
// message.
func appendMessageID(dst []byte, mark, number uint32) []byte {
	dst = append(dst, 'm')
	dst = appendHex32(dst, mark)
	return appendHex32(dst, number)
}

// parseMessageID reads what appendMessageID wrote.
func parseMessageID(id []byte) (mark, number uint32, ok bool) {
	if len(id) != 17 || id[0] != 'm' {
		return 0, 0, false
	}
	mark, ok1 := parseHex32(id[1:9])
	number, ok2 := parseHex32(id[9:])
	return mark, number, ok1 && ok2
}

func appendJoinRoom(dst []byte, id uint64, replay int) []byte {
	return chat.AppendCommand(dst, &chat.Command{Type: chat.JoinRoom, RoomID: chat.RoomID(id), Replay: replay})
}

// appendResume appends a RESUME from the last message seen; without an id the position is not
// checked for a fork.
func appendResume(dst []byte, session, epoch string, seq uint64, id chat.MessageID) []byte {
	c := chat.Command{Type: chat.Resume, Session: []byte(session)}
	if e, err := strconv.ParseUint(epoch, 16, 64); err == nil {
		c.HasPosition = true
		c.Position = chat.Position{Epoch: chat.Epoch(e), Seq: seq, MessageID: id}
	}
	return chat.AppendCommand(dst, &c)
}

// appendOp appends the command of an operation that is answered on the same connection.
func appendOp(dst []byte, op Op, id uint64) []byte {
	c := chat.Command{Type: chat.Ping, ID: strconv.AppendUint([]byte{'o'}, id, 36)}
	switch op {
	case OpRename:
		c.Type, c.Name = chat.UpdateUsername, "u"+strconv.FormatUint(id, 36)
	case OpRejoin:
		c.Type = chat.LeaveRoom
	case OpList:
		c.Type, c.Limit = chat.ListRooms, 20
	case OpHistory:
		c.Type, c.Limit = chat.GetHistory, 20
	}
	return chat.AppendCommand(dst, &c)
}

// decode reads with the harness's own scanner. chat.DecodeEvent proves more and takes twice as long
// (615 against 272 ns for a NEW_MESSAGE), which in rooms of two would make the generator the
// bottleneck; so a sample of the events is held against it, see Worker.proof.
func (chatroomDialect) decode(payload []byte, e *event) []byte {
	f := scanFields(payload)
	for {
		key, value, ok := f.next()
		if !ok {
			break
		}
		switch string(key) {
		case "type":
			e.kind = chatroomKind(value)
		case "id":
			e.id = value
		case "roomId":
			e.room, _ = parseUint(value)
		case "epoch":
			e.epoch = value
		case "seq":
			e.seq, _ = parseUint(value)
		case "messageId":
			e.messageID = value
		case "text":
			e.text = value
		case "messages":
			if len(value) > 0 && value[0] == '[' {
				e.list = value
			} else {
				e.messages, _ = parseUint(value)
			}
		case "rooms":
			e.list = value
		case "recovered":
			e.recovered = string(value) == "true"
		case "resumed":
			e.resumed = string(value) == "true"
		case "duplicate":
			e.duplicate = string(value) == "true"
		case "clientId":
			e.client, _ = parseUint(value)
		case "session":
			e.session = value
		case "code":
			e.code = value
		}
	}
	if f.bad {
		e.kind = evBad
	}
	return nil
}

func chatroomKind(name []byte) eventKind {
	switch string(name) {
	case "CONNECT":
		return evWelcome
	case "ROOM_JOINED":
		return evJoined
	case "NEW_MESSAGE":
		return evMessage
	case "ACK":
		return evAck
	case "USER_EVENT":
		return evUser
	case "ROOMS":
		return evRooms
	case "HISTORY":
		return evHistory
	case "ERROR":
		return evError
	}
	return evOther
}
