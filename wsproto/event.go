package wsproto

// EventKind says what a Decoder found.
type EventKind uint8

// The kinds of Event.
const (
	// EventNone: the bytes hold no further event; wait for more.
	EventNone EventKind = iota
	// EventText: a whole text message, valid UTF-8.
	EventText
	// EventBinary: a whole binary message. Only from a decoder that accepts them.
	EventBinary
	// EventPing: answer with a pong of the same payload (RFC 6455 section 5.5.2).
	EventPing
	// EventPong: the payload of a former ping, or unsolicited (section 5.5.3).
	EventPong
	// EventClose: the peer closes; whatever it sends afterwards is ignored (section 5.5.1).
	EventClose
)

// Event is one thing a peer said.
type Event struct {
	// Kind says what it is.
	Kind EventKind
	// Code is the status code of an EventClose, CloseNoStatus when it had none.
	Code CloseCode
	// Payload is the message, the control payload, or the reason of an EventClose: a view into the
	// bytes given to Next, or of the decoder's own buffer. It dies at the next call of Next and at
	// the caller's Discard, whichever is first.
	Payload []byte
}

// The violations that end a connection, one per rule.
//
// Frozen: shared by recipients, written by none.
var (
	errReserved     = &CloseError{CloseProtocolError, "reserved bit set"}
	errOpcode       = &CloseError{CloseProtocolError, "reserved opcode"}
	errUnmasked     = &CloseError{CloseProtocolError, "client frame is not masked"}
	errMasked       = &CloseError{CloseProtocolError, "server frame is masked"}
	errControlSize  = &CloseError{CloseProtocolError, "control frame over 125 bytes"}
	errControlFin   = &CloseError{CloseProtocolError, "fragmented control frame"}
	errContinuation = &CloseError{CloseProtocolError, "continuation without a message"}
	errInterleaved  = &CloseError{CloseProtocolError, "new message inside a fragmented one"}
	errLengthSign   = &CloseError{CloseProtocolError, "length with its highest bit set"}
	errLengthForm   = &CloseError{CloseProtocolError, "length is not in its minimal form"}
	errCloseLength  = &CloseError{CloseProtocolError, "close payload of one byte"}
	errCloseCode    = &CloseError{CloseProtocolError, "close code not allowed"}
	errCloseReason  = &CloseError{CloseInvalidPayload, "close reason is not valid UTF-8"}
	errBinary       = &CloseError{CloseUnsupportedData, "binary messages are not accepted"}
	errText         = &CloseError{CloseInvalidPayload, "text is not valid UTF-8"}
	errFragments    = &CloseError{ClosePolicy, "too many fragments"}
	errSlow         = &CloseError{ClosePolicy, "message took too long"}
	errTooBig       = &CloseError{CloseTooBig, "message too big"}
)
