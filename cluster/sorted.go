package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"chatroom/internal/chat"
)

// sortBatch is how many rooms one exchange reads for an order.
const sortBatch = 1024

// ClientKeys gives every client whose name contains q, whatever its case, with one field, in any
// order. It reads the 64 indexes of clients and no client by itself, which is why a client's counters
// are no field of it. Blocks until ctx ends.
func (c *Cluster) ClientKeys(ctx context.Context, q string, by chat.SortField) (keys []chat.SortKey, err error) {
	var servers map[string]string
	if by == chat.SortServerID {
		if servers, err = c.life.serverIDs(ctx); err != nil {
			return nil, fmt.Errorf("cluster: clients in order: %w", err)
		}
	}
	q = strings.ToLower(q)
	err = c.life.index(ctx, func(id, line string) {
		f := strings.SplitN(line, " ", 3)
		if len(f) != 3 {
			return
		}
		name := strings.ToLower(f[2])
		if !strings.Contains(name, q) {
			return
		}
		key := chat.SortKey{ID: number(id)}
		switch by {
		case chat.SortUsername:
			key.Text = name
		case chat.SortIP:
			if ip, err := netip.ParseAddr(f[1]); err == nil {
				bytes := ip.As16()
				key.Text = string(bytes[:])
			}
		case chat.SortServerID:
			key.Text = servers[strings.TrimSuffix(f[0], "~")]
		}
		keys = append(keys, key)
	})
	if err != nil {
		return nil, fmt.Errorf("cluster: clients in order: %w", err)
	}
	return keys, nil
}

// serverIDs gives the server id of each node that has reported.
func (l *life) serverIDs(ctx context.Context) (map[string]string, error) {
	s := l.c.store
	lines, err := s.do(ctx, s.client.B().Hgetall().Key(s.keys.tagged("nodes", "stats")).Build()).AsStrMap()
	if err != nil {
		return nil, err
	}
	ids := make(map[string]string, len(lines)+1)
	for node, line := range lines {
		var stats chat.ServerStats
		if json.Unmarshal([]byte(line), &stats) == nil {
			ids[node] = stats.ServerID
		}
	}
	ids[l.lease.node()] = l.c.config.ServerID
	return ids, nil
}

// sortMeta names the field of a room's hash behind each field of its record; how many are in a room
// is no field of it.
var sortMeta = map[chat.SortField]string{
	chat.SortRoomName: "n", chat.SortPeakUsers: "k", chat.SortMessageCount: "s", chat.SortLastMessageAt: "a", chat.SortCreatedAt: "c",
}

// RoomKeys does for rooms what ClientKeys does for clients. It reads every room's name and the field,
// in batches of short commands. Blocks until ctx ends.
func (c *Cluster) RoomKeys(ctx context.Context, q string, by chat.SortField) (keys []chat.SortKey, err error) {
	s := c.store
	b := s.client.B()
	lists := make([]completed, partitions)
	for p := range lists {
		lists[p] = b.Zrange().Key(s.keys.rooms(p)).Min("0").Max("-1").Build()
	}
	var ids []string
	for _, r := range s.doMulti(ctx, lists...) {
		page, err := r.AsStrSlice()
		if err != nil {
			return nil, fmt.Errorf("cluster: rooms in order: %w", err)
		}
		ids = append(ids, page...)
	}
	q = strings.ToLower(q)
	for batch := range slices.Chunk(ids, sortBatch) {
		if keys, err = c.rooms.sortKeys(ctx, keys, batch, q, by); err != nil {
			return nil, fmt.Errorf("cluster: rooms in order: %w", err)
		}
	}
	return keys, nil
}

// sortKeys appends those of a batch of rooms; rooms that went by their TTL are left out.
func (r *rooms) sortKeys(ctx context.Context, keys []chat.SortKey, ids []string, q string, by chat.SortField) ([]chat.SortKey, error) {
	b := r.c.store.client.B()
	counted, each := by == chat.SortActiveUsers, 1
	if counted {
		each = 2
	}
	cmds := make([]completed, 0, each*len(ids))
	for _, id := range ids {
		k := r.c.store.keys.room(parseID[chat.RoomID](id))
		if counted {
			cmds = append(cmds, b.Hmget().Key(k.meta).Field("n").Build(), b.Hlen().Key(k.members).Build())
		} else {
			cmds = append(cmds, b.Hmget().Key(k.meta).Field("n", sortMeta[by]).Build())
		}
	}
	results := r.c.store.doMulti(ctx, cmds...)
	for i, id := range ids {
		meta, err := results[each*i].ToArray()
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(text(meta[0]))
		if meta[0].IsNil() || !strings.Contains(name, q) {
			continue
		}
		key := chat.SortKey{ID: number(id)}
		switch {
		case counted:
			if key.Number, err = results[2*i+1].AsInt64(); err != nil {
				return nil, err
			}
		case by == chat.SortRoomName:
			key.Text = name
		default:
			key.Number = integer(meta[1])
		}
		keys = append(keys, key)
	}
	return keys, nil
}
