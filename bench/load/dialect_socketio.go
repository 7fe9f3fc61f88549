package load

import (
	"bytes"
	"strconv"
)

// socketIODialect is Socket.IO 5 over Engine.IO 4 with the WebSocket transport alone: events
// "join" (a number, answered by "joined") and "m" (a text).
type socketIODialect struct{}

func (socketIODialect) path() string                  { return "/socket.io/?EIO=4&transport=websocket" }
func (socketIODialect) protocol() string              { return "" }
func (socketIODialect) sequenced() bool               { return false }
func (socketIODialect) greeting() bool                { return true }
func (socketIODialect) appendHello(dst []byte) []byte { return append(dst, "40"...) }

func (d socketIODialect) appendCreate(dst []byte, r *room) []byte { return d.appendJoin(dst, r) }

func (socketIODialect) appendJoin(dst []byte, r *room) []byte {
	dst = append(dst, `42["join",`...)
	dst = strconv.AppendUint(dst, uint64(r.mark), 10)
	return append(dst, ']')
}

func (socketIODialect) appendSend(dst []byte, _ *room, _ uint32, text []byte) []byte {
	dst = append(dst, `42["m","`...)
	dst = append(dst, text...)
	return append(dst, `"]`...)
}

func (socketIODialect) decode(payload []byte, e *event) []byte {
	switch {
	case bytes.HasPrefix(payload, []byte(`42["m","`)) && len(payload) > 10:
		e.kind, e.text = evMessage, payload[8:len(payload)-2]
	case bytes.HasPrefix(payload, []byte(`42["joined"`)):
		e.kind = evJoined
	case bytes.HasPrefix(payload, []byte("40")):
		e.kind = evWelcome
	case bytes.Equal(payload, []byte("2")):
		e.kind, e.reply = evReply, "3"
	case len(payload) > 0 && payload[0] == '0':
		e.kind = evOther // the transport's own hello
	default:
		e.kind = evBad
	}
	return nil
}
