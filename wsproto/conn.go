package wsproto

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Conn is a blocking WebSocket client for tests and tools. One goroutine may read while another
// writes. It answers pings by itself while it reads.
type Conn struct {
	// Immutable after open.
	conn     net.Conn
	protocol string
	manual   bool

	// Owned by the reading goroutine. bytes[used:] is what was received and not yet decoded.
	decoder Decoder
	bytes   []byte
	used    int

	// Guarded by mu.
	mu  chan struct{} // a lock that a context can give up waiting for
	out []byte
}

// Frame is a frame as WriteFrame sends it: nothing is checked, so that tests can break each rule.
type Frame struct {
	Op  Opcode
	Fin bool
	// RSV are the three reserved bits, RSV1 = 4.
	RSV byte
	// Unmasked leaves the mask out, which RFC 6455 section 5.1 forbids a client.
	Unmasked bool
	Payload  []byte
}

// AppendRawFrame appends the frame as it stands, with a random mask key. Any goroutine.
func AppendRawFrame(dst []byte, f Frame) []byte {
	start := len(dst)
	if f.Unmasked {
		dst = append(AppendHeader(dst, f.Op, f.Fin, len(f.Payload)), f.Payload...)
	} else {
		dst = AppendMaskedFrame(dst, f.Op, f.Fin, f.Payload)
	}
	dst[start] |= f.RSV << 4 & rsvBits
	return dst
}

// Protocol returns the subprotocol that the server chose, or "". Any goroutine.
func (c *Conn) Protocol() string { return c.protocol }

// NetConn returns the connection beneath. Any goroutine.
func (c *Conn) NetConn() net.Conn { return c.conn }

// ReadEvent waits for the next event of the server, pings, pongs and the Close frame included; its
// payload is valid until the next call. A ping was already answered, unless DialOptions.ManualPong
// is set. An error of the protocol is a *CloseError with the code to close with.
func (c *Conn) ReadEvent(ctx context.Context) (Event, error) {
	stop := c.bound(ctx, c.conn.SetReadDeadline)
	defer stop()
	for {
		ev, n, cerr := c.decoder.Next(c.bytes[c.used:], 0)
		c.used += n
		if cerr != nil {
			return Event{}, fmt.Errorf("wsproto: read: server broke the protocol: %w", cerr)
		}
		if ev.Kind == EventPing && !c.manual {
			if err := c.WriteFrame(ctx, Frame{Op: OpPong, Fin: true, Payload: ev.Payload}); err != nil {
				return Event{}, err
			}
		}
		if ev.Kind != EventNone {
			return ev, nil
		}
		if err := c.fill(); err != nil {
			return Event{}, c.failure(ctx, "read", err)
		}
	}
}

// fill reads once more, behind what is not yet decoded.
func (c *Conn) fill() error {
	left := copy(c.bytes, c.bytes[c.used:])
	c.bytes, c.used = c.bytes[:left], 0
	if cap(c.bytes)-left < 4096 {
		c.bytes = append(make([]byte, 0, 2*cap(c.bytes)+4096), c.bytes...)
	}
	n, err := c.conn.Read(c.bytes[left:cap(c.bytes)])
	c.bytes = c.bytes[:left+n]
	if n > 0 {
		return nil
	}
	return err
}

// ReadMessage waits for the next message and returns its payload, valid until the next call. Pings
// are answered, pongs passed over. When the server closes it answers the Close frame and returns a
// *CloseError with the server's code (CloseNoStatus without one).
func (c *Conn) ReadMessage(ctx context.Context) ([]byte, error) {
	for {
		ev, err := c.ReadEvent(ctx)
		if err != nil {
			return nil, err
		}
		switch ev.Kind {
		case EventText, EventBinary:
			return ev.Payload, nil
		case EventClose:
			cerr := &CloseError{Code: ev.Code, Reason: string(ev.Payload)}
			// The server may be gone already; its code is what the caller waits for.
			_ = c.writeClose(ctx, ev.Code, "")
			return nil, cerr
		}
	}
}

// WriteText sends a whole text message.
func (c *Conn) WriteText(ctx context.Context, payload []byte) error {
	return c.WriteFrame(ctx, Frame{Op: OpText, Fin: true, Payload: payload})
}

// WriteFrame sends one frame as it stands.
func (c *Conn) WriteFrame(ctx context.Context, f Frame) error {
	return c.write(ctx, func(dst []byte) []byte { return AppendRawFrame(dst, f) })
}

// WriteRaw sends bytes as they are.
func (c *Conn) WriteRaw(ctx context.Context, b []byte) error {
	return c.write(ctx, func(dst []byte) []byte { return append(dst, b...) })
}

func (c *Conn) writeClose(ctx context.Context, code CloseCode, reason string) error {
	var payload [maxControl + closeHeader]byte
	frame := AppendClose(payload[:0], code, reason)
	return c.WriteFrame(ctx, Frame{Op: OpClose, Fin: true, Payload: frame[closeHeader:]})
}

// write encodes into the connection's buffer and sends it. A write that runs out of time may have
// sent a part of a frame: the connection is of no use then.
func (c *Conn) write(ctx context.Context, encode func([]byte) []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wsproto: write: %w", err)
	}
	select {
	case c.mu <- struct{}{}:
		defer func() { <-c.mu }()
	case <-ctx.Done():
		return fmt.Errorf("wsproto: write: %w", ctx.Err())
	}
	stop := c.bound(ctx, c.conn.SetWriteDeadline)
	defer stop()
	c.out = encode(c.out[:0])
	if _, err := c.conn.Write(c.out); err != nil {
		return c.failure(ctx, "write", err)
	}
	return nil
}

// Close closes with code and reason (RFC 6455 section 7.1.2): it sends the Close frame, passes over
// what the server still sends until its Close frame or the end of the connection, and closes the
// connection in any case. It returns nil when the server answered or ended the connection. It
// reads, so no other goroutine may be reading.
func (c *Conn) Close(ctx context.Context, code CloseCode, reason string) error {
	defer c.conn.Close()
	if err := c.writeClose(ctx, code, reason); err != nil {
		return err
	}
	for {
		ev, err := c.ReadEvent(ctx)
		if ev.Kind == EventClose || err != nil && ctx.Err() == nil && !isTimeout(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// CloseNow ends the connection without a Close frame, as a lost one. Any goroutine.
func (c *Conn) CloseNow() error { return c.conn.Close() }

// bound makes the deadline and the cancellation of ctx those of the connection, until stop.
func (c *Conn) bound(ctx context.Context, set func(time.Time) error) (stop func()) {
	deadline, _ := ctx.Deadline() // the zero time means none to net.Conn too
	_ = set(deadline)
	if ctx.Done() == nil {
		return func() {}
	}
	cancelled := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(cancelled)
		_ = set(time.Unix(1, 0))
	})
	return func() {
		if !unhook() {
			<-cancelled // else it could hit the deadline of the next call
		}
	}
}

// failure names the context's end as the cause when it is.
func (c *Conn) failure(ctx context.Context, verb string, err error) error {
	if isTimeout(err) {
		if ctx.Err() != nil {
			err = ctx.Err()
		} else {
			err = context.DeadlineExceeded
		}
	}
	return fmt.Errorf("wsproto: %s: %w", verb, err)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
