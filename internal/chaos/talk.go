package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chatroom/internal/chat"
)

// talk sends and receives until the connection breaks or nothing is answered any more.
func (p *person) talk(ctx context.Context) error {
	next := time.Now()
	var sentAt, asked time.Time // zero = nothing waits
	if p.text != "" {
		sentAt = time.Now()
		if err := p.sendText(); err != nil {
			return err
		}
	}
	heard := time.Now()
	for ctx.Err() == nil {
		now := time.Now()
		switch {
		case !sentAt.IsZero() && now.Sub(sentAt) > answerTimeout, !asked.IsZero() && now.Sub(asked) > 3*time.Second:
			return errAgain
		case p.text == "" && !p.quiet.Load() && now.After(next):
			p.compose()
			sentAt = now
			if err := p.sendText(); err != nil {
				return err
			}
		case asked.IsZero() && now.Sub(heard) > quietTimeout:
			asked = now
			if err := p.write(map[string]any{"type": "PING", "id": "alive"}); err != nil {
				return err
			}
		}
		e, err := p.read(ctx, 20*time.Millisecond)
		if errors.Is(err, errNothing) {
			continue
		}
		if err != nil {
			return err
		}
		heard, asked = time.Now(), time.Time{}
		p.handle(e)
		again, err := p.answered(e)
		if err != nil {
			return err
		}
		switch {
		case again:
			pause(ctx, between(p.seed, 100, 300))
			sentAt = time.Now()
			if err := p.sendText(); err != nil {
				return err
			}
		case p.text == "" && !sentAt.IsZero():
			sentAt, next = time.Time{}, time.Now().Add(between(p.seed, 20, 250))
		}
	}
	return ctx.Err()
}

func (p *person) compose() {
	p.count++
	p.text = fmt.Sprintf("p%d-%d", p.number, p.count)
	p.pending.Store(true)
	p.history.Sent(p.number, p.text)
}

func (p *person) sendText() error {
	return p.write(map[string]any{"type": "SEND_MESSAGE", "id": p.text, "text": p.text, "roomId": p.room})
}

// answered looks whether an event answers the message in flight. again asks for the same send once
// more: its outcome is unknown.
func (p *person) answered(e event) (again bool, err error) {
	if p.text == "" || e.ID != p.text {
		return false, nil
	}
	switch {
	case e.Type == "ACK":
		p.history.Acked(Ack{p.number, p.text, Place{e.RoomID, e.Epoch, e.Seq}, e.MessageID, e.Duplicate})
		p.text = ""
		p.pending.Store(false)
		return false, nil
	case e.Type == "ERROR" && (e.Code == "UNAVAILABLE" || e.Code == "RATE_LIMITED"):
		return true, nil
	case e.Type == "ERROR":
		p.history.Complain(p.number, fmt.Sprintf("%q was refused: %s", p.text, e.Code))
		return false, fmt.Errorf("send: %s", e.Code)
	}
	return false, nil
}

// handle writes down what an event shows of the room.
func (p *person) handle(e event) {
	switch e.Type {
	case "ROOM_JOINED":
		recovered := e.Recovered != nil && *e.Recovered
		if !p.joined || !recovered {
			p.history.Begin(p.number, e.RoomID, p.joined)
			if p.joined {
				p.history.Rebased()
			}
			p.position.Store(nil)
			p.messageID = ""
		}
		p.room, p.joined = e.RoomID, true
		p.gone = map[chat.ClientID]bool{} // events of people are not recovered
	case "USER_EVENT":
		if e.Event == "left" || e.Event == "removed" {
			p.gone[e.Client.ClientID] = true
		} else if e.Event == "joined" {
			delete(p.gone, e.Client.ClientID)
		}
	case "NEW_MESSAGE":
		if p.gone[e.From.ClientID] {
			p.history.Complain(p.number, fmt.Sprintf("%q of %d, who had left", e.Text, e.From.ClientID))
		}
		p.saw(e, e.Text)
	case "ACK":
		if e.Seq != 0 && !e.Duplicate && p.text != "" && e.ID == p.text {
			p.saw(e, p.text)
		}
	}
}

func (p *person) saw(e event, text string) {
	at := Place{e.RoomID, e.Epoch, e.Seq}
	p.history.Saw(p.number, Sight{at, e.MessageID, text})
	p.messageID = e.MessageID
	p.position.Store(&at)
}
