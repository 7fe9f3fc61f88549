package chaos

import (
	"context"
	"errors"
	"time"

	"chatroom/wsproto"
)

// errNothing says that nothing came in the time given; the connection is as good as before.
var errNothing = errors.New("nothing came")

// link is one WebSocket of a person.
type link struct {
	// Immutable after open.
	conn *wsproto.Conn
}

func dial(ctx context.Context, url string) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var o wsproto.DialOptions
	o.Protocols = []string{"chatroom.v1"}
	c, err := wsproto.Dial(ctx, url, o)
	if err != nil {
		return nil, err
	}
	return &link{c}, nil
}

// read returns the next event's bytes, valid until the next call, or errNothing.
func (l *link) read(ctx context.Context, within time.Duration) ([]byte, error) {
	bound, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	payload, err := l.conn.ReadMessage(bound)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, errNothing
	}
	return payload, err
}

func (l *link) write(payload []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return l.conn.WriteText(ctx, payload)
}

// close drops the connection as a lost one: the place is kept.
func (l *link) close() { _ = l.conn.CloseNow() }
