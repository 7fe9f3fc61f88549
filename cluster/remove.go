package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"chatroom/internal/chat"
)

// RemoveClient puts a client out, wherever it is connected: ban record, then membership, then a
// command to its node, which closes the connection within a second. Blocks until ctx ends.
func (c *Cluster) RemoveClient(ctx context.Context, r chat.Removal) (chat.Removed, error) {
	removed, err := c.life.remove(ctx, r)
	if err != nil {
		return removed, fmt.Errorf("cluster: remove client: %w", err)
	}
	return removed, nil
}

func (l *life) remove(ctx context.Context, r chat.Removal) (removed chat.Removed, err error) {
	if err := l.sessions.settled(ctx, r.Client); err != nil {
		return removed, err
	}
	s := l.c.store
	record, err := s.do(ctx, s.client.B().Hmget().Key(l.sessions.recordKeys(r.Client)[0]).Field("s", "ip", "g").Build()).ToArray()
	if err != nil {
		return removed, err
	}
	nonce, ip, grant := text(record[0]), text(record[1]), text(record[2])
	if nonce == "" {
		return removed, nil
	}
	how := "r"
	if r.Ban > 0 {
		how = "b"
		if removed, err = l.ban(ctx, r, nonce, ip); err != nil {
			return removed, err
		}
	}
	// Should this node die before the end, the sweep of another one goes on from here.
	det := s.keys.tagged("nodes", "det")
	due := float64(l.lease.now() + l.times.hold.Milliseconds())
	member := detMember(r.Client, grant)
	if err := s.do(ctx, s.client.B().Zadd().Key(det).ScoreMember().ScoreMember(due, member).Build()).Error(); err != nil {
		return removed, err
	}
	word, rest, err := texts(s.run(ctx, scriptClose, l.sessions.recordKeys(r.Client)[:1], []string{how}))
	if err != nil {
		return removed, err
	}
	if word != "OK" {
		return removed, nil // it went by itself meanwhile
	}
	session := parseClosed(r.Client, rest)
	if _, err := l.finish(ctx, []closed{session}, l.times.hold); err != nil {
		return removed, err
	}
	removed.Total = 1
	return removed, s.run(ctx, scriptUndue, []string{det}, []string{strconv.FormatInt(int64(due), 10), member}).Error()
}

// newBanID draws one: like every id in a path of the admin API a number of at most sixteen digits.
func newBanID() string { return strconv.FormatUint(rand.Uint64N(1<<52)+1, 10) }

// settled waits until what this node knows of a client stands in Redis.
func (s *sessions) settled(ctx context.Context, id chat.ClientID) error {
	for {
		s.mu.Lock()
		n := s.byID[id]
		wait := n != nil && !n.written
		s.mu.Unlock()
		if !wait {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// ban writes the record of a ban and tells every node.
func (l *life) ban(ctx context.Context, r chat.Removal, nonce, ip string) (removed chat.Removed, err error) {
	b := ban{Nonce: []byte(nonce), Ban: chat.Ban{
		ID: newBanID(), ClientID: r.Client, Until: l.lease.now() + r.Ban.Milliseconds(), By: r.By, Reason: r.Reason,
	}}
	removed.BanID = b.ID
	if at := canonical(ip); at != "" && (r.Bannable == nil || r.Bannable(ip)) {
		b.IP = at
		if removed.SharedWith, err = l.sharing(ctx, b.IP, r.Client); err != nil {
			return removed, err
		}
	} else {
		removed.SessionOnly = true
	}
	if err := l.bans.put(ctx, false, b); err != nil {
		return removed, err
	}
	l.bans.want()
	return removed, l.control.sendNow(ctx, command{node: everyNode, verb: verbBans})
}

// sharing counts the other clients that are connected from a banned address.
func (l *life) sharing(ctx context.Context, ip string, but chat.ClientID) (n int64, err error) {
	err = l.index(ctx, func(id, line string) {
		f := strings.SplitN(line, " ", 3)
		if len(f) == 3 && !strings.HasSuffix(f[0], "~") && canonical(f[1]) == ip && parseID[chat.ClientID](id) != but {
			n++
		}
	})
	return n, err
}

// Bans lists the bans in force. Blocks until ctx ends.
func (c *Cluster) Bans(ctx context.Context) ([]chat.Ban, error) {
	if err := c.bans.current(ctx); err != nil {
		return nil, fmt.Errorf("cluster: bans: %w", err)
	}
	return c.bans.all(), nil
}

// current makes the node's copy as new as Redis.
func (b *bans) current(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.read(ctx)
}

// LiftBan ends a ban on every node within a second; found is false when there is none of that id.
// Blocks until ctx ends.
func (c *Cluster) LiftBan(ctx context.Context, id string) (found bool, err error) {
	s := c.store
	if id == "" || strings.HasPrefix(id, "s:") || id == "v" {
		return false, nil
	}
	record, err := s.do(ctx, s.client.B().Hmget().Key(c.bans.key()).Field(id).Build()).ToArray()
	if err != nil {
		return false, fmt.Errorf("cluster: lift ban: %w", err)
	}
	var r ban
	if len(record) != 1 || record[0].IsNil() || json.Unmarshal([]byte(text(record[0])), &r) != nil || r.Until <= c.lease.now() {
		return false, nil
	}
	n, err := s.run(ctx, scriptLift, []string{c.bans.key()}, []string{id, string(r.Nonce)}).AsInt64()
	if err != nil {
		return false, fmt.Errorf("cluster: lift ban: %w", err)
	}
	if err := errors.Join(c.bans.current(ctx), c.control.sendNow(ctx, command{node: everyNode, verb: verbBans})); err != nil {
		return n == 1, fmt.Errorf("cluster: lift ban: %w", err)
	}
	return n == 1, nil
}
