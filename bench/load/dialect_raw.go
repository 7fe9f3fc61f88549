package load

import "strconv"

// rawDialect is what the built-in limit, gws and ws speak: "J<number>" joins a room and is
// answered by itself, every other text goes to all members of the room, its sender included.
type rawDialect struct{}

func (rawDialect) path() string                              { return "/ws" }
func (rawDialect) protocol() string                          { return "" }
func (rawDialect) sequenced() bool                           { return false }
func (rawDialect) greeting() bool                            { return false }
func (rawDialect) appendHello(dst []byte) []byte             { return dst }
func (d rawDialect) appendCreate(dst []byte, r *room) []byte { return d.appendJoin(dst, r) }

func (rawDialect) appendJoin(dst []byte, r *room) []byte {
	return strconv.AppendUint(append(dst, 'J'), uint64(r.mark), 10)
}

func (rawDialect) appendSend(dst []byte, _ *room, _ uint32, text []byte) []byte {
	return append(dst, text...)
}

func (rawDialect) decode(payload []byte, e *event) []byte {
	switch {
	case len(payload) > 0 && payload[0] == 'J':
		e.kind = evJoined
		e.room, _ = parseUint(payload[1:])
	case len(payload) > 0 && payload[0] == '~':
		e.kind, e.text = evMessage, payload
	default:
		e.kind = evBad
	}
	return nil
}
