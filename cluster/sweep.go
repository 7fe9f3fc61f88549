package cluster

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// sweepChunk is how many due sessions a node takes at a time.
const sweepChunk = 256

// runSweep ends detached sessions whose window is over, on behalf of whichever node had them.
func (l *life) runSweep() {
	l.every(l.times.sweep, func() {
		for {
			if n, err := l.sweep(l.ctx); err != nil || n < sweepChunk {
				return // what Redis did not answer is due again after times.hold
			}
		}
	})
}

// sweep takes one chunk of due sessions: close the record, leave the rooms, drop the record, free
// the id, strike it off the list. A node that dies in between leaves steps that are repeated.
func (l *life) sweep(ctx context.Context) (n int, err error) {
	s := l.c.store
	det := s.keys.tagged("nodes", "det")
	reply, err := s.run(ctx, scriptDue, []string{det}, []string{strconv.Itoa(sweepChunk), strconv.FormatInt(l.times.hold.Milliseconds(), 10)}).ToArray()
	if err != nil || len(reply) < 2 {
		return 0, err
	}
	due := make([]granted, len(reply)-1)
	calls := make([]call, len(due))
	for i := range due {
		id, grant, _ := strings.Cut(text(reply[i+1]), ":")
		due[i] = granted{id: parseID[uint64](id), grant: grant}
		calls[i] = call{script: scriptClose, keys: l.sessions.recordKeys(chat.ClientID(due[i].id))[:1], args: []string{"e"}}
	}
	var over []closed
	var off []granted // no session any more, or a connection carries it
	for i, res := range s.runMulti(ctx, calls) {
		word, rest, err := texts(res)
		if err != nil {
			return 0, err
		}
		switch {
		case word == "OK" && text(rest[4]) == due[i].grant:
			over = append(over, parseClosed(chat.ClientID(due[i].id), rest))
		case word == "LIVE" && integer(rest[0]) > 0: // detached anew: its entry is on its way
		case word == "LIVE":
			off = append(off, due[i])
		default:
			off = append(off, due[i])
			if err := l.clientIDs.freeNow(ctx, due[i:i+1]); err != nil {
				return 0, err
			}
		}
	}
	ended, err := l.finish(ctx, over)
	off = append(off, ended...)
	if len(off) > 0 {
		args := []string{strconv.FormatInt(integer(reply[0]), 10)}
		for _, g := range off {
			args = append(args, detMember(chat.ClientID(g.id), g.grant))
		}
		if e := s.run(ctx, scriptUndue, []string{det}, args).Error(); err == nil {
			err = e
		}
	}
	return len(due), err
}

// closed is a session whose record says that it ends.
type closed struct {
	member chat.Member
	rooms  []chat.RoomID
	grant  string
	node   string
	ip     string
	why    string
}

func parseClosed(id chat.ClientID, rest []rueidis.RedisMessage) closed {
	return closed{
		member: chat.Member{Client: id, Nonce: nonceOf(text(rest[0])), Incarnation: parseID[chat.Incarnation](text(rest[1])), Name: text(rest[2])},
		rooms:  parseRooms(text(rest[3])), grant: text(rest[4]), node: text(rest[5]), ip: text(rest[6]), why: text(rest[7]),
	}
}

func (c closed) departure() chat.Departure {
	if c.why == "r" || c.why == "b" {
		return chat.DepartureRemoved
	}
	return chat.DepartureLeft
}

// kick tells the node that carries a removed session.
func (c closed) kick() command {
	cause := chat.CauseRemoved
	if c.why == "b" {
		cause = chat.CauseBanned
	}
	return command{node: c.node, verb: verbKick, client: c.member.Client, incarnation: c.member.Incarnation, cause: cause}
}

// finish takes closed sessions out of their rooms, tells the connections of removed ones, drops
// their records and frees their ids. When a room does not answer in time none of them is finished,
// and all are due again.
func (l *life) finish(ctx context.Context, sessions []closed) (ended []granted, err error) {
	if len(sessions) == 0 {
		return nil, nil
	}
	if err := l.leaveRooms(ctx, sessions); err != nil {
		return nil, err
	}
	calls := make([]call, len(sessions))
	for i, c := range sessions {
		if c.departure() == chat.DepartureRemoved {
			if err := l.control.sendNow(ctx, c.kick()); err != nil {
				return nil, err
			}
		}
		calls[i] = call{script: scriptDrop, keys: l.sessions.recordKeys(c.member.Client),
			args: []string{formatID(c.member.Client), string(c.member.Nonce[:]), formatID(c.member.Incarnation)}}
	}
	for i, res := range l.c.store.runMulti(ctx, calls) {
		if err := res.Error(); err != nil {
			return nil, err
		}
		ended = append(ended, granted{id: uint64(sessions[i].member.Client), grant: sessions[i].grant})
	}
	if err := l.clientIDs.freeNow(ctx, ended); err != nil {
		return nil, err
	}
	return ended, nil
}

// leaveRooms takes closed sessions out of all their rooms at once and waits for it, for times.hold
// at most.
func (l *life) leaveRooms(ctx context.Context, sessions []closed) error {
	var open atomic.Int64
	done := make(chan struct{})
	left := func() {
		if open.Add(-1) == 0 {
			close(done)
		}
	}
	open.Store(1)
	for _, c := range sessions {
		for _, room := range c.rooms {
			open.Add(1)
			var once sync.Once
			l.c.depart(room, departure{client: c.member.Client, nonce: c.member.Nonce, why: c.departure()}, func() { once.Do(left) })
		}
	}
	left()
	timer := time.NewTimer(l.times.hold)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return context.DeadlineExceeded
	case <-ctx.Done():
		return ctx.Err()
	}
}
