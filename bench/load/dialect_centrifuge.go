package load

import (
	"bytes"
	"strconv"
)

// centrifugeDialect is the JSON protocol of centrifugal/centrifuge: one JSON object per line,
// several lines in one message.
type centrifugeDialect struct{}

func (centrifugeDialect) path() string     { return "/connection/websocket" }
func (centrifugeDialect) protocol() string { return "" }
func (centrifugeDialect) sequenced() bool  { return false }
func (centrifugeDialect) greeting() bool   { return true }

func (centrifugeDialect) appendHello(dst []byte) []byte {
	return append(dst, `{"id":1,"connect":{}}`...)
}

func (d centrifugeDialect) appendCreate(dst []byte, r *room) []byte { return d.appendJoin(dst, r) }

func (centrifugeDialect) appendJoin(dst []byte, r *room) []byte {
	dst = append(dst, `{"id":2,"subscribe":{"channel":"`...)
	dst = strconv.AppendUint(dst, uint64(r.mark), 10)
	return append(dst, `"}}`...)
}

func (centrifugeDialect) appendSend(dst []byte, r *room, number uint32, text []byte) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, uint64(number)+10, 10)
	dst = append(dst, `,"publish":{"channel":"`...)
	dst = strconv.AppendUint(dst, uint64(r.mark), 10)
	dst = append(dst, `","data":"`...)
	dst = append(dst, text...)
	return append(dst, `"}}`...)
}

func (centrifugeDialect) decode(payload []byte, e *event) (rest []byte) {
	if end := bytes.IndexByte(payload, '\n'); end >= 0 {
		payload, rest = payload[:end], payload[end+1:]
	}
	if len(payload) <= 2 { // {} is a ping and its own answer
		e.kind, e.reply = evReply, "{}"
		return rest
	}
	f := scanFields(payload)
	for {
		key, value, ok := f.next()
		if !ok {
			break
		}
		switch string(key) {
		case "connect":
			e.kind = evWelcome
		case "subscribe":
			e.kind = evJoined
		case "push":
			e.kind, e.text = evMessage, centrifugeText(value)
		case "error":
			e.kind, e.code = evError, value
			return rest
		}
	}
	if f.bad {
		e.kind = evBad
	}
	return rest
}

// centrifugeText finds push.pub.data.
func centrifugeText(push []byte) []byte {
	for _, want := range []string{"pub", "data"} {
		f := scanFields(push)
		push = nil
		for {
			key, value, ok := f.next()
			if !ok {
				break
			}
			if string(key) == want {
				push = value
			}
		}
	}
	return push
}
