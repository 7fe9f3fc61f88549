package cluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"chatroom/internal/chat"
)

// listRounds bounds how often List looks further for rooms that are not private, and listPage how
// many rooms one round reads.
const (
	listRounds = 20
	listPage   = 256
)

// summary is a room as lists need it.
type summary struct {
	chat.RoomSummary
	private bool
}

// List answers Feed.Listed with public rooms by rising id. The cursor is the last id seen.
func (c *Cluster) List(tag chat.Tag, cursor string, limit int) {
	after, ok := parseCursor(cursor)
	if !ok || limit < 1 {
		c.feed.Listed(tag, nil, "", chat.BadRequest)
		return
	}
	c.rooms.listing(func(ctx context.Context) {
		found, next, err := c.rooms.list(ctx, after, limit)
		if err != nil {
			c.rooms.complain(err)
			c.feed.Listed(tag, nil, "", chat.Unavailable)
			return
		}
		c.feed.Listed(tag, found, next, "")
	}, func() { c.feed.Listed(tag, nil, "", chat.Unavailable) })
}

// listing runs a list on a goroutine of its own; beyond a few at a time it is refused.
func (r *rooms) listing(do func(ctx context.Context), refuse func()) {
	select {
	case r.lists <- struct{}{}:
	default:
		refuse()
		return
	}
	r.tasks.Go(func() {
		defer func() { <-r.lists }()
		ctx, cancel := context.WithTimeout(r.life, answerDeadline)
		defer cancel()
		do(ctx)
	})
}

func (r *rooms) list(ctx context.Context, after uint64, limit int) (found []chat.RoomSummary, next string, err error) {
	for range listRounds {
		ids, err := r.idsAfter(ctx, after, listPage)
		if err != nil {
			return nil, "", err
		}
		rooms, err := r.summaries(ctx, ids)
		if err != nil {
			return nil, "", err
		}
		for _, s := range rooms {
			if s.private {
				continue
			}
			if len(found) == limit {
				return found, formatCursor(uint64(found[limit-1].ID)), nil
			}
			found = append(found, s.RoomSummary)
		}
		if len(ids) < listPage {
			return found, "", nil
		}
		after = ids[len(ids)-1]
	}
	return found, formatCursor(after), nil
}

// idsAfter returns the next room ids behind after, rising, at most limit: one range of each
// partition, no scan.
func (r *rooms) idsAfter(ctx context.Context, after uint64, limit int) ([]uint64, error) {
	b := r.c.store.client.B()
	cmds := make([]completed, partitions)
	for p := range cmds {
		cmds[p] = b.Zrangebyscore().Key(r.c.store.keys.rooms(p)).Min("("+decimal(after)).Max("+inf").Limit(0, int64(limit)).Build()
	}
	ids := make([]uint64, 0, limit)
	for _, res := range r.c.store.doMulti(ctx, cmds...) {
		page, err := res.AsStrSlice()
		if err != nil {
			return nil, err
		}
		for _, id := range page {
			ids = append(ids, number(id))
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], nil
}

// summaries reads rooms; those that went by their TTL are taken out of the lists.
func (r *rooms) summaries(ctx context.Context, ids []uint64) ([]summary, error) {
	b := r.c.store.client.B()
	cmds := make([]completed, 0, 2*len(ids))
	for _, id := range ids {
		k := r.c.store.keys.room(chat.RoomID(id))
		cmds = append(cmds, b.Hmget().Key(k.meta).Field("n", "p", "c").Build(), b.Hlen().Key(k.members).Build())
	}
	results := r.c.store.doMulti(ctx, cmds...)
	out := make([]summary, 0, len(ids))
	var stale []call
	for i, id := range ids {
		meta, err := results[2*i].ToArray()
		if err != nil {
			return nil, err
		}
		members, err := results[2*i+1].AsInt64()
		if err != nil {
			return nil, err
		}
		if meta[0].IsNil() {
			k := r.c.store.keys.room(chat.RoomID(id))
			stale = append(stale, call{script: scriptPrune, keys: []string{k.meta, k.rooms}, args: []string{decimal(id)}})
			continue
		}
		name, _ := meta[0].ToString()
		private, _ := meta[1].ToString()
		created, _ := meta[2].AsInt64()
		out = append(out, summary{private: private == "1", RoomSummary: chat.RoomSummary{
			ID: chat.RoomID(id), Name: name, Members: int(members), CreatedAt: created}})
	}
	r.c.store.runMulti(ctx, stale) // a failure only leaves them for the next list
	return out, nil
}

// Rooms lists ids of all rooms, private ones included, by rising id; q filters by a part of the name
// (case-folded). Blocks until ctx ends.
func (c *Cluster) Rooms(ctx context.Context, q, cursor string, limit int) (ids []chat.RoomID, total int64, next string, err error) {
	after, ok := parseCursor(cursor)
	switch {
	case !ok || limit < 1:
		err = chat.ErrUnknownCursor
	case q == "":
		ids, total, next, err = c.rooms.allRooms(ctx, after, limit)
	default:
		ids, total, next, err = c.rooms.named(ctx, strings.ToLower(q), after, limit)
	}
	if err != nil {
		return nil, 0, "", fmt.Errorf("cluster: rooms: %w", err)
	}
	return ids, total, next, nil
}

// named is allRooms for those whose folded name contains q.
func (r *rooms) named(ctx context.Context, q string, after uint64, limit int) (ids []chat.RoomID, total int64, next string, err error) {
	for from := uint64(0); ; {
		page, err := r.idsAfter(ctx, from, listPage)
		if err != nil {
			return nil, 0, "", err
		}
		rooms, err := r.summaries(ctx, page)
		if err != nil {
			return nil, 0, "", err
		}
		for _, s := range rooms {
			if !strings.Contains(strings.ToLower(s.Name), q) {
				continue
			}
			total++
			if uint64(s.ID) <= after {
				continue
			}
			if len(ids) < limit {
				ids = append(ids, s.ID)
			} else if next == "" {
				next = formatCursor(uint64(ids[limit-1]))
			}
		}
		if len(page) < listPage {
			return ids, total, next, nil
		}
		from = page[len(page)-1]
	}
}

func (r *rooms) allRooms(ctx context.Context, after uint64, limit int) (ids []chat.RoomID, total int64, next string, err error) {
	b := r.c.store.client.B()
	cmds := make([]completed, partitions)
	for p := range cmds {
		cmds[p] = b.Zcard().Key(r.c.store.keys.rooms(p)).Build()
	}
	for _, res := range r.c.store.doMulti(ctx, cmds...) {
		n, err := res.AsInt64()
		if err != nil {
			return nil, 0, "", err
		}
		total += n
	}
	page, err := r.idsAfter(ctx, after, limit+1)
	if err != nil {
		return nil, 0, "", err
	}
	if len(page) > limit {
		page = page[:limit]
		next = formatCursor(page[limit-1])
	}
	for _, id := range page {
		ids = append(ids, chat.RoomID(id))
	}
	return ids, total, next, nil
}

// parseCursor reads a cursor of ours; the empty one is the beginning.
func parseCursor(cursor string) (after uint64, ok bool) {
	if cursor == "" {
		return 0, true
	}
	after, err := strconv.ParseUint(cursor, 36, 64)
	return after, err == nil && after <= 1<<53 && formatCursor(after) == cursor
}

func formatCursor(id uint64) string { return strconv.FormatUint(id, 36) }
