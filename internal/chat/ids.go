// Package chat is the wire vocabulary of the chat server: commands, events, codes, limits and
// their codec, and the values in which engine, cluster and admin meet. It imports only the
// standard library and golang.org/x/text, and nothing of this module.
package chat

// ClientID names a client in the whole cluster. It is a name, never a secret.
type ClientID uint64

// RoomID names a room in the whole cluster.
type RoomID uint64

// MessageID is the UUID of a message (RFC 9562, sixteen bytes); zero means "not given".
type MessageID [16]byte

// Epoch names one life of a room's sequence: a new one begins when the room is made and after
// every fork. On the wire it is a string of sixteen lower-case hexadecimal digits. Zero means
// "not given".
type Epoch uint64

// Nonce is the random part of a session. The idempotency of SEND_MESSAGE is kept per nonce, so it
// lasts over a RESUME.
type Nonce [12]byte

// Incarnation is a random number drawn for each connection that carries a session. A log refuses
// what comes under another incarnation than the newest: that fences a former connection.
type Incarnation uint64

// Tag is the caller's own mark on a request; it comes back with the answer. Zero means "no answer
// wanted".
type Tag uint64
