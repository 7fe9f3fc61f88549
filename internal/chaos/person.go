package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"chatroom/internal/chat"
)

const (
	// answerTimeout is how long a person waits for any answer before trying another node; a node
	// says UNAVAILABLE after 5 s, so an honest one is always heard within it.
	answerTimeout = 7 * time.Second
	// quietTimeout is how long a person bears a silent connection before asking with PING.
	quietTimeout = time.Second
)

// event holds the fields of every server event that a person looks at.
type event struct {
	Type      string      `json:"type"`
	ID        string      `json:"id"`
	Code      string      `json:"code"`
	Session   string      `json:"session"`
	Resumed   bool        `json:"resumed"`
	RoomID    chat.RoomID `json:"roomId"`
	Epoch     string      `json:"epoch"`
	Seq       uint64      `json:"seq"`
	MessageID string      `json:"messageId"`
	Text      string      `json:"text"`
	Duplicate bool        `json:"duplicate"`
	Messages  int         `json:"messages"`
	Recovered *bool       `json:"recovered"`
	Event     string      `json:"event"`
	Client    who         `json:"client"`
	From      who         `json:"from"`
}

type who struct {
	ClientID chat.ClientID `json:"clientId"`
}

// person is one member of a room: it connects, resumes, sends one message after the other and
// writes down everything. It decodes with encoding/json, so that a fault in our own codec shows.
type person struct {
	// Immutable after open.
	number  int
	nodes   []string
	history *History
	seed    *rand.Rand
	found   *meeting

	// Atomic; any goroutine.
	position atomic.Pointer[Place] // the last message seen; nil before the first
	pending  atomic.Bool           // a message waits for its acknowledgement
	quiet    atomic.Bool           // send nothing new

	// Guarded by run: one goroutine.
	conn      *link
	session   string
	room      chat.RoomID
	messageID string // of position
	count     int
	text      string                 // the message in flight; sent again with the same id until it is answered
	joined    bool                   // there is a stretch to resume
	gone      map[chat.ClientID]bool // who was seen leaving and not coming back
	lost      time.Time              // when the room was lost; zero = it is there
}

// meeting is how the people of one room learn its id from the one who made it.
type meeting struct {
	// Immutable after open.
	ready chan struct{}

	// Atomic; any goroutine.
	room atomic.Uint64
}

var errAgain = errors.New("connect again")

// run lives until ctx ends: connection after connection.
func (p *person) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := p.connection(ctx); err != nil && ctx.Err() == nil {
			p.closeLink()
			if p.lost.IsZero() {
				p.lost = time.Now()
			}
			pause(ctx, between(p.seed, 50, 400))
		}
	}
	p.closeLink()
}

func (p *person) closeLink() {
	if p.conn != nil {
		p.conn.close()
		p.conn = nil
	}
}

// connection is one connection's life: handshake, identity, room, then talk until something breaks.
func (p *person) connection(ctx context.Context) error {
	conn, err := dial(ctx, pick(p.seed, p.nodes))
	if err != nil {
		return err
	}
	p.conn = conn
	welcome, err := p.expect(ctx, "CONNECT", "")
	if err != nil {
		return err
	}
	if p.session == "" {
		p.session = welcome.Session
	} else if err := p.resume(ctx, welcome.Session); err != nil {
		return err
	}
	if err := p.enter(ctx); err != nil {
		return err
	}
	if !p.lost.IsZero() {
		p.history.Outage(time.Since(p.lost))
		p.lost = time.Time{}
	}
	return p.talk(ctx)
}

// resume takes the session up again. What follows a successful one is handled like any event.
func (p *person) resume(ctx context.Context, provisional string) error {
	request := map[string]any{"type": "RESUME", "id": "resume", "session": p.session}
	if at := p.position.Load(); at != nil && p.joined {
		request["epoch"], request["seq"], request["messageId"] = at.Epoch, at.Seq, p.messageID
	}
	if err := p.write(request); err != nil {
		return err
	}
	for {
		e, err := p.read(ctx, answerTimeout)
		switch {
		case err != nil:
			return err
		case e.Type == "CONNECT" && e.Resumed:
			p.history.Resumed()
			if !p.joined {
				return p.vacate(ctx)
			}
			return p.roomAfterResume(ctx)
		case e.Type == "ERROR" && e.Code == "UNAVAILABLE":
			return errAgain
		case e.Type == "ERROR" && e.Code == "SESSION_INVALID":
			// Until a session has entered a room nothing was promised for it: its record may be lost with
			// the node that had no link to Redis yet.
			if p.joined {
				p.history.Complain(p.number, "the session was gone at a resume")
			}
			p.session, p.joined, p.text = provisional, false, ""
			p.pending.Store(false)
			return nil
		case e.Type == "ERROR":
			return fmt.Errorf("resume: %s", e.Code)
		}
	}
}

// vacate leaves the room whose ROOM_JOINED was lost with the connection, if there is one: nothing of it
// was seen, and nobody else was told of it.
func (p *person) vacate(ctx context.Context) error {
	if err := p.write(map[string]any{"type": "LEAVE_ROOM", "id": "vacate"}); err != nil {
		return err
	}
	for {
		e, err := p.read(ctx, answerTimeout)
		switch {
		case err != nil:
			return err
		case e.ID != "vacate": // of that room
		case e.Type == "ACK" || e.Code == "NOT_IN_ROOM":
			return nil
		default:
			return errAgain
		}
	}
}

// roomAfterResume waits for the ROOM_JOINED that follows a resumed CONNECT.
func (p *person) roomAfterResume(ctx context.Context) error {
	for {
		e, err := p.read(ctx, answerTimeout)
		switch {
		case err != nil:
			return err
		case e.Type == "ROOM_JOINED":
			p.handle(e)
			return nil
		case e.Type == "ERROR" && e.Code == "UNAVAILABLE":
			return errAgain
		case e.Type == "ERROR":
			p.history.Complain(p.number, "the room was gone at a resume: "+e.Code)
			p.joined = false
			return nil
		}
	}
}

// enter brings the person into its room when it is in none: the first of a room makes it.
func (p *person) enter(ctx context.Context) error {
	if p.joined {
		return nil
	}
	request := map[string]any{"type": "CREATE_ROOM", "id": "enter", "name": "chaos"}
	if room := p.found.room.Load(); room != 0 {
		request = map[string]any{"type": "JOIN_ROOM", "id": "enter", "roomId": room, "replay": 20}
	} else if p.number%peoplePerRoom != 0 {
		select {
		case <-p.found.ready:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(quietTimeout):
			return p.ping(ctx)
		}
		return p.enter(ctx)
	}
	if err := p.write(request); err != nil {
		return err
	}
	e, err := p.expect(ctx, "ROOM_JOINED", "enter")
	if err != nil {
		return err
	}
	p.handle(e)
	if p.found.room.CompareAndSwap(0, uint64(e.RoomID)) {
		close(p.found.ready)
	}
	return nil
}

// ping asks whether the node is still there.
func (p *person) ping(ctx context.Context) error {
	if err := p.write(map[string]any{"type": "PING", "id": "ping"}); err != nil {
		return err
	}
	_, err := p.expect(ctx, "ACK", "ping")
	if err == nil {
		err = p.enter(ctx)
	}
	return err
}

// expect handles events until one of the type and id comes.
func (p *person) expect(ctx context.Context, kind, id string) (event, error) {
	deadline := time.Now().Add(answerTimeout)
	for {
		e, err := p.read(ctx, time.Until(deadline))
		if err != nil {
			return e, err
		}
		if e.Type == kind && e.ID == id {
			return e, nil
		}
		if e.Type == "ERROR" && e.ID == id {
			if id == "enter" && (e.Code == "ROOM_NOT_FOUND" || e.Code == "ROOM_DELETED") {
				p.history.Complain(p.number, "the room has vanished: "+e.Code)
			}
			return e, fmt.Errorf("%s: %s", kind, e.Code)
		}
		p.handle(e)
	}
}

func (p *person) write(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.conn.write(b)
}

func (p *person) read(ctx context.Context, within time.Duration) (event, error) {
	var e event
	payload, err := p.conn.read(ctx, within)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		p.history.Complain(p.number, fmt.Sprintf("an event that is no JSON: %q", payload))
	}
	return e, err
}
