package wsproto

import (
	"errors"
	"fmt"
	"time"
)

// Defaults of Limits, and the time a server gives a handshake.
const (
	// DefaultHead is the greatest size of a request head in bytes, the blank line included.
	DefaultHead = 8 << 10
	// DefaultHeaders is the greatest number of header fields in a request head.
	DefaultHeaders = 64
	// DefaultMessage is the greatest payload of one message in bytes, summed over its fragments.
	DefaultMessage = 16 << 10
	// DefaultClientMessage is the same for what a client accepts of its server.
	DefaultClientMessage = 1 << 20
	// DefaultFragments is the greatest number of frames that make one message.
	DefaultFragments = 64
	// DefaultMessageTime is how long a frame or a fragmented message may take to arrive.
	DefaultMessageTime = 10 * time.Second
	// HandshakeTime is how long a connection may take to send its request head. The caller, who
	// has the timers, enforces it.
	HandshakeTime = 5 * time.Second
)

// Limits bounds what a peer can make this package hold or scan. The zero value means the defaults.
// Values are read only, so one Limits serves all connections. Any goroutine.
type Limits struct {
	// Head is the greatest size of a request head in bytes (DefaultHead); beyond it 431.
	Head int
	// Headers is the greatest number of header fields (DefaultHeaders); beyond it 431.
	Headers int
	// Message is the greatest payload of one message in bytes, summed over fragments
	// (DefaultMessage, for a client DefaultClientMessage); beyond it close code 1009.
	Message int
	// Fragments is the greatest number of frames in one message (DefaultFragments); beyond it
	// close code 1008. RFC 6455 names no such limit: empty fragments cost their sender six bytes.
	Fragments int
	// MessageTime is how long a message may take from its first byte to its last
	// (DefaultMessageTime); beyond it close code 1008.
	MessageTime time.Duration
}

// Validate reports every field that makes no sense, all at once. Any goroutine.
func (l *Limits) Validate() error {
	var faults []error
	fault := func(name string, v, most int64) {
		if v < 0 || v > most {
			faults = append(faults, fmt.Errorf("wsproto: limit %s is %d, want 0 (default) to %d", name, v, most))
		}
	}
	fault("Head", int64(l.Head), 1<<20)
	fault("Headers", int64(l.Headers), 1<<12)
	fault("Message", int64(l.Message), 1<<30)
	fault("Fragments", int64(l.Fragments), 1<<20)
	fault("MessageTime", int64(l.MessageTime), int64(time.Hour))
	return errors.Join(faults...)
}

func (l *Limits) head() int      { return orDefault(l.Head, DefaultHead) }
func (l *Limits) headers() int   { return orDefault(l.Headers, DefaultHeaders) }
func (l *Limits) fragments() int { return orDefault(l.Fragments, DefaultFragments) }

// message takes the mask bit of the peer's frames, which tells a server from a client.
func (l *Limits) message(mask byte) int {
	if mask == 0 {
		return orDefault(l.Message, DefaultClientMessage)
	}
	return orDefault(l.Message, DefaultMessage)
}

func (l *Limits) messageMillis() int64 {
	if l.MessageTime == 0 {
		return DefaultMessageTime.Milliseconds()
	}
	return l.MessageTime.Milliseconds()
}

func orDefault(v, def int) int {
	if v == 0 {
		return def
	}
	return v
}
