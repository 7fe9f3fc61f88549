package cluster

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// sweepChunk is how many due sessions a node takes at a time.
const sweepChunk = 256

// runSweep ends detached sessions whose window is over, on behalf of whichever node had them.
func (l *life) runSweep() {
	l.every(l.times.sweep, func() {
		for n := sweepChunk; n == sweepChunk; {
			n = l.sweep(l.ctx)
		}
	})
}

// sweep takes one chunk of due sessions: close the record, leave the rooms, drop the record, free
// the id, strike it off the list. A node that dies in between leaves steps that are repeated. What
// Redis, or one shard of it, did not answer is due again after times.hold; the others go on.
func (l *life) sweep(ctx context.Context) (n int) {
	s := l.c.store
	det := s.keys.tagged("nodes", "det")
	reply, err := s.run(ctx, scriptDue, []string{det}, []string{strconv.Itoa(sweepChunk), strconv.FormatInt(l.times.hold.Milliseconds(), 10)}).ToArray()
	if err != nil || len(reply) < 2 {
		return 0
	}
	due := make([]granted, len(reply)-1)
	calls := make([]call, len(due))
	for i := range due {
		id, grant, _ := strings.Cut(text(reply[i+1]), ":")
		due[i] = granted{id: parseID[uint64](id), grant: grant}
		calls[i] = call{script: scriptClose, keys: l.sessions.recordKeys(chat.ClientID(due[i].id))[:1], args: []string{"e"}}
	}
	var over []closed
	var none, off []granted // no session any more; to be struck off
	for i, res := range s.runMulti(ctx, calls) {
		word, rest, err := texts(res)
		switch {
		case err != nil:
		case word == "OK" && text(rest[4]) == due[i].grant:
			over = append(over, parseClosed(chat.ClientID(due[i].id), rest))
		case word == "LIVE" && integer(rest[0]) > 0: // detached anew: its entry is on its way
		case word == "LIVE": // a connection carries it
			off = append(off, due[i])
		default:
			none = append(none, due[i])
		}
	}
	if l.clientIDs.freeNow(ctx, none) == nil {
		off = append(off, none...)
	}
	ended, _ := l.finish(ctx, over, requestDeadline)
	if off = append(off, ended...); len(off) > 0 {
		args := []string{strconv.FormatInt(integer(reply[0]), 10)}
		for _, g := range off {
			args = append(args, detMember(chat.ClientID(g.id), g.grant))
		}
		_ = s.run(ctx, scriptUndue, []string{det}, args).Error() // else they are due again, and found to have gone
	}
	return len(due)
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

// errRoomSilent says that a session could not be taken out of a room yet.
var errRoomSilent = errors.New("cluster: a room gives no answer")

// finish takes closed sessions out of their rooms, for which it waits no longer than patience, tells
// the connections of removed ones, drops their records and frees their ids. It returns those that are
// finished, and an error unless these are all: the others are due again.
func (l *life) finish(ctx context.Context, sessions []closed, patience time.Duration) (ended []granted, err error) {
	gone := l.leaveRooms(ctx, sessions, patience)
	if len(gone) < len(sessions) {
		err = errRoomSilent
	}
	var dropped []granted
	var calls []call
	for _, c := range gone {
		if c.departure() == chat.DepartureRemoved {
			if e := l.control.sendNow(ctx, c.kick()); e != nil {
				err = e
				continue
			}
		}
		dropped = append(dropped, granted{id: uint64(c.member.Client), grant: c.grant})
		calls = append(calls, call{script: scriptDrop, keys: l.sessions.recordKeys(c.member.Client),
			args: []string{formatID(c.member.Client), string(c.member.Nonce[:]), formatID(c.member.Incarnation)}})
	}
	for i, res := range l.c.store.runMulti(ctx, calls) {
		if e := res.Error(); e != nil {
			err = e
			continue
		}
		ended = append(ended, dropped[i])
	}
	if e := l.clientIDs.freeNow(ctx, ended); e != nil {
		return nil, e
	}
	return ended, err
}

// leaveRooms takes closed sessions out of all their rooms at once and returns those that have left
// when all have or patience is over.
func (l *life) leaveRooms(ctx context.Context, sessions []closed, patience time.Duration) (gone []closed) {
	left := make([]<-chan struct{}, len(sessions))
	for i, c := range sessions {
		left[i] = l.leaving.leave(l.c, c)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i, c := range sessions {
		select {
		case <-left[i]:
		case <-ctx.Done():
		}
		select {
		case <-left[i]:
			gone = append(gone, c)
		default:
		}
	}
	return gone
}
