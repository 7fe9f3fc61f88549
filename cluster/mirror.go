package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// runStats reports what this node counts.
func (l *life) runStats() {
	l.every(l.times.stats, func() {
		stats := l.stats()
		line, err := json.Marshal(stats)
		if err != nil {
			return
		}
		s := l.c.store
		// A report that is lost is followed by the next one.
		_ = s.do(l.ctx, s.client.B().Hset().Key(s.keys.tagged("nodes", "stats")).FieldValue().FieldValue(l.lease.node(), string(line)).Build()).Error()
	})
}

// stats is this node as operators see it.
func (l *life) stats() chat.ServerStats {
	stats := l.c.local.Stats()
	stats.ServerID, stats.Host, stats.Version = l.c.config.ServerID, l.c.config.Host, l.c.config.Version
	stats.LastUpdatedAt = l.lease.now()
	return stats
}

// Servers lists the nodes whose lease lasts, by server id. Its own line is of this moment, the
// others of the last two seconds. Blocks until ctx ends.
func (c *Cluster) Servers(ctx context.Context) ([]chat.ServerStats, error) {
	s := c.store
	b := s.client.B()
	r := s.doMulti(ctx,
		b.Zrange().Key(s.keys.tagged("nodes", "lease")).Min("0").Max("-1").Build(),
		b.Hgetall().Key(s.keys.tagged("nodes", "stats")).Build())
	alive, err := r[0].AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("cluster: servers: %w", err)
	}
	lines, err := r[1].AsStrMap()
	if err != nil {
		return nil, fmt.Errorf("cluster: servers: %w", err)
	}
	servers := []chat.ServerStats{c.life.stats()}
	for _, node := range alive {
		var stats chat.ServerStats
		if node == c.lease.node() || json.Unmarshal([]byte(lines[node]), &stats) != nil || stats.ServerID == c.config.ServerID {
			continue
		}
		servers = append(servers, stats)
	}
	slices.SortFunc(servers, func(x, y chat.ServerStats) int { return strings.Compare(x.ServerID, y.ServerID) })
	return servers, nil
}

// index gives every line of the 64 indexes of clients: id, and "node address name". One partition
// holds a sixty-fourth of the clients, so no single command is long.
func (l *life) index(ctx context.Context, yield func(id, line string)) error {
	s := l.c.store
	cmds := make(rueidis.Commands, partitions)
	for p := range cmds {
		cmds[p] = s.client.B().Hgetall().Key(s.keys.tags[p] + "clients").Build()
	}
	for _, r := range s.doMulti(ctx, cmds...) {
		lines, err := r.ToMessage()
		if err != nil {
			return err
		}
		entries, err := lines.AsStrMap()
		if err != nil {
			return err
		}
		for id, line := range entries {
			yield(id, line)
		}
	}
	return nil
}

// Clients lists client ids in ascending order behind the cursor; q filters by a part of the name,
// whatever its case. total counts all that match. Blocks until ctx ends.
func (c *Cluster) Clients(ctx context.Context, q, cursor string, limit int) (ids []chat.ClientID, total int64, next string, err error) {
	var from chat.ClientID
	if cursor != "" {
		if from = parseID[chat.ClientID](cursor); from == 0 || formatID(from) != cursor {
			return nil, 0, "", fmt.Errorf("cluster: clients: %w", chat.ErrUnknownCursor)
		}
	}
	q = strings.ToLower(q)
	all, err := c.life.clientIDList(ctx, q)
	if err != nil {
		return nil, 0, "", fmt.Errorf("cluster: clients: %w", err)
	}
	slices.Sort(all)
	at, found := slices.BinarySearch(all, from)
	if found {
		at++
	}
	end := min(at+limit, len(all))
	ids = all[at:end:end]
	if end < len(all) && len(ids) > 0 {
		next = formatID(ids[len(ids)-1])
	}
	return ids, int64(len(all)), next, nil
}

// clientIDList collects the ids of all clients whose folded name contains q.
func (l *life) clientIDList(ctx context.Context, q string) (all []chat.ClientID, err error) {
	if q != "" {
		err = l.index(ctx, func(id, line string) {
			f := strings.SplitN(line, " ", 3)
			if len(f) == 3 && strings.Contains(strings.ToLower(f[2]), q) {
				all = append(all, parseID[chat.ClientID](id))
			}
		})
		return all, err
	}
	s := l.c.store
	cmds := make(rueidis.Commands, partitions)
	for p := range cmds {
		cmds[p] = s.client.B().Hkeys().Key(s.keys.tags[p] + "clients").Build()
	}
	for _, r := range s.doMulti(ctx, cmds...) {
		ids, err := r.ToArray()
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			all = append(all, parseID[chat.ClientID](text(id)))
		}
	}
	return all, nil
}

// Client is one client. Its own node is asked for what the connection counts; when that does not
// answer within a second, the counts are up to two minutes old and nothing is unsent. Messages are
// those of all connections of the session; of one that was not seen to end, because its node died or
// because it was taken over while it stood, the last two minutes may be missing. Blocks until ctx ends.
func (c *Cluster) Client(ctx context.Context, id chat.ClientID) (record chat.ClientRecord, found bool, err error) {
	s := c.store
	f, err := s.do(ctx, s.client.B().Hmget().Key(c.sessions.recordKeys(id)[0]).Field("s", "n", "r", "v", "ip", "c", "l", "q", "o", "x", "d", "f", "i", "pi").Build()).ToArray()
	if err != nil {
		return record, false, fmt.Errorf("cluster: client: %w", err)
	}
	if f[0].IsNil() || !f[9].IsNil() {
		return record, false, nil
	}
	record = chat.ClientRecord{
		ID: id, Username: text(f[1]), ServerID: text(f[3]), IP: text(f[4]),
		ConnectedAt: integer(f[5]), LastSeenAt: integer(f[6]), Messages: integer(f[7]),
	}
	for _, x := range staysOf(text(f[2]), departedOf(text(f[11]), text(f[12]), text(f[13]))) {
		if !x.over {
			record.RoomID = x.room
		}
	}
	switch owner := text(f[8]); {
	case !f[10].IsNil(): // detached: the record is all there is
	case owner != c.lease.node():
		c.life.looks.ask(ctx, owner, &record)
	default:
		c.local.Sessions(func(r chat.ClientRecord) bool {
			if r.ID != id {
				return true
			}
			record.LastSeenAt, record.Messages, record.BytesPending = r.LastSeenAt, r.Messages, r.BytesPending
			return false
		})
	}
	return record, true, nil
}
