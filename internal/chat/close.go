package chat

// CloseCode is the status code of a WebSocket Close frame (RFC 6455, section 7.4).
type CloseCode uint16

// The close codes of protocol 1 (docs/protocol.md, "Close codes"). A code is never renumbered.
const (
	CloseNormal           CloseCode = 1000 // the client leaves: its session ends
	CloseGoingAway        CloseCode = 1001 // drain, or a node that lost its lease
	CloseProtocolError    CloseCode = 1002
	CloseUnsupportedData  CloseCode = 1003 // a binary frame
	CloseInvalidPayload   CloseCode = 1007 // text that is not UTF-8
	ClosePolicyViolation  CloseCode = 1008
	CloseMessageTooBig    CloseCode = 1009
	CloseInternalError    CloseCode = 1011
	CloseTryAgainLater    CloseCode = 1013 // no capacity
	CloseSlowReader       CloseCode = 4000
	CloseHeartbeatLost    CloseCode = 4001
	CloseRemoved          CloseCode = 4500 // by an administrator; a new session is allowed
	CloseBanned           CloseCode = 4501
	CloseResumedElsewhere CloseCode = 4502
)

// CloseCodes lists every code that the server sends, in order.
var CloseCodes = [...]CloseCode{
	CloseNormal, CloseGoingAway, CloseProtocolError, CloseUnsupportedData, CloseInvalidPayload,
	ClosePolicyViolation, CloseMessageTooBig, CloseInternalError, CloseTryAgainLater,
	CloseSlowReader, CloseHeartbeatLost, CloseRemoved, CloseBanned, CloseResumedElsewhere,
}

// Reconnect says whether a client that was closed with this code comes back: it does after
// everything but its own close and the range 4500–4999.
func (c CloseCode) Reconnect() bool {
	return c != CloseNormal && (c < 4500 || c > 4999)
}

// Resumable says whether the client may take its place up again with RESUME. Abnormal closure
// (1006, which is never sent) keeps the place as 1001, 4000 and 4001 do.
func (c CloseCode) Resumable() bool {
	const abnormal = 1006
	return c == CloseGoingAway || c == abnormal || (c >= 4000 && c <= 4499)
}
