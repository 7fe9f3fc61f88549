package wsproto

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// CloseCode is the status code of a Close frame (RFC 6455 section 7.4).
type CloseCode uint16

// The registered codes this package sends or expects (RFC 6455 section 7.4.1, IANA registry).
// 4000–4999 are for private use and belong to the caller.
const (
	CloseNormal          CloseCode = 1000
	CloseGoingAway       CloseCode = 1001
	CloseProtocolError   CloseCode = 1002
	CloseUnsupportedData CloseCode = 1003
	// CloseNoStatus stands for a Close frame without a code. It is never on the wire.
	CloseNoStatus CloseCode = 1005
	// CloseAbnormal stands for a connection that ended without a Close frame. Never on the wire.
	CloseAbnormal       CloseCode = 1006
	CloseInvalidPayload CloseCode = 1007
	ClosePolicy         CloseCode = 1008
	CloseTooBig         CloseCode = 1009
	CloseInternalError  CloseCode = 1011
	CloseServiceRestart CloseCode = 1012
	CloseTryAgainLater  CloseCode = 1013
)

// closeHeader is the size of the header AppendClose writes.
const closeHeader = 2

// maxCloseReason is what a control payload leaves beside the code (RFC 6455 section 5.5).
const maxCloseReason = maxControl - 2

// CloseError is the end of a connection: why this side must close it, or, from Conn, with what the
// peer closed it. Values that Decoder returns are shared and never change. Any goroutine.
type CloseError struct {
	// Code goes into the Close frame.
	Code CloseCode
	// Reason is a sentence for a person, at most 123 bytes of UTF-8.
	Reason string
}

// Error implements error.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("wsproto: closed with %d", e.Code)
	}
	return fmt.Sprintf("wsproto: closed with %d: %s", e.Code, e.Reason)
}

// AppendClose appends the Close frame of a server with code and reason. A reason over 123 bytes is
// cut at a code point. CloseNoStatus and 0 give an empty payload, as the answer to an empty Close
// (RFC 6455 sections 5.5.1 and 7.1.5). Any goroutine.
func AppendClose(dst []byte, code CloseCode, reason string) []byte {
	if code == 0 || code == CloseNoStatus {
		return append(dst, finBit|byte(OpClose), 0)
	}
	reason = cutReason(reason)
	dst = append(dst, finBit|byte(OpClose), byte(2+len(reason)))
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...)
}

func cutReason(reason string) string {
	if len(reason) <= maxCloseReason {
		return reason
	}
	n := maxCloseReason
	for n > 0 && !utf8.RuneStart(reason[n]) {
		n--
	}
	return reason[:n]
}

// ValidCloseCode reports whether code may stand in a Close frame (RFC 6455 sections 7.4.1 and
// 7.4.2; 1012–1014 are registered since). Not allowed are the codes that only describe a
// connection (1005, 1006, 1015), the reserved 1004, and whatever no registry can hand out: below
// 1000, 1016–2999 (for the protocol itself, none defined) and 5000 up. Any goroutine.
func ValidCloseCode(code CloseCode) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014:
		return true
	default:
		return code >= 3000 && code <= 4999
	}
}

// parseClose reads the payload of a Close frame (RFC 6455 section 5.5.1): nothing, or a code and a
// reason in UTF-8.
func parseClose(payload []byte) (Event, *CloseError) {
	if len(payload) == 0 {
		return Event{Kind: EventClose, Code: CloseNoStatus}, nil
	}
	if len(payload) == 1 {
		return Event{}, errCloseLength
	}
	code := CloseCode(binary.BigEndian.Uint16(payload))
	if !ValidCloseCode(code) {
		return Event{}, errCloseCode
	}
	if !utf8.Valid(payload[2:]) {
		return Event{}, errCloseReason
	}
	return Event{Kind: EventClose, Code: code, Payload: payload[2:]}, nil
}
