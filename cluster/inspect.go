package cluster

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

type completed = rueidis.Completed

// Room reads everything that operators see of a room. Blocks until ctx ends.
func (c *Cluster) Room(ctx context.Context, id chat.RoomID) (record chat.RoomRecord, found bool, err error) {
	if record, found, err = c.rooms.record(ctx, id); err != nil {
		return record, false, fmt.Errorf("cluster: room: %w", err)
	}
	return record, found, nil
}

func (r *rooms) record(ctx context.Context, id chat.RoomID) (record chat.RoomRecord, found bool, err error) {
	s, k := r.c.store, r.c.store.keys.room(id)
	b := s.client.B()
	results := s.doMulti(ctx,
		b.Hmget().Key(k.meta).Field("n", "c", "b", "s", "a", "k").Build(),
		b.Hlen().Key(k.members).Build(),
		b.Lrange().Key(k.past).Start(0).Stop(pastLimit-1).Build())
	meta, err := results[0].ToArray()
	if err != nil {
		return record, false, err
	}
	if meta[0].IsNil() {
		return record, false, nil
	}
	at := func(i int) int64 {
		v, _ := meta[i].AsInt64()
		return v
	}
	record.ID = id
	record.Name, _ = meta[0].ToString()
	record.CreatedAt, record.CreatedBy = at(1), chat.ClientID(at(2))
	record.MessageCount, record.LastMessageAt, record.PeakUsers = at(3), at(4), int(at(5))
	members, err := results[1].AsInt64()
	if err != nil {
		return record, false, err
	}
	record.ActiveUsers = int(members)
	past, err := results[2].AsStrSlice()
	if err != nil {
		return record, false, err
	}
	if err := r.people(ctx, &record, k.members); err != nil {
		return record, false, err
	}
	for _, line := range past {
		if f := strings.SplitN(line, "\x00", 4); len(f) == 4 {
			record.Participants = append(record.Participants, chat.Participant{ClientID: chat.ClientID(number(f[0])),
				Username: f[3], JoinedAt: int64(number(f[1])), LeftAt: int64(number(f[2]))})
		}
	}
	slices.SortStableFunc(record.Participants, func(a, b chat.Participant) int { return int(b.JoinedAt - a.JoinedAt) })
	record.Participants = record.Participants[:min(len(record.Participants), pastLimit)]
	return record, true, nil
}

// people reads a room's members page by page: participants and the servers they are connected to.
func (r *rooms) people(ctx context.Context, record *chat.RoomRecord, members string) error {
	servers := map[string]bool{}
	for cursor := uint64(0); ; {
		page, err := r.c.store.do(ctx, r.c.store.client.B().Hscan().Key(members).Cursor(cursor).Count(512).Build()).AsScanEntry()
		if err != nil {
			return err
		}
		for pair := range slices.Chunk(page.Elements, 2) {
			m, ok := memberOf(chat.ClientID(number(pair[0])), pair[1])
			if !ok {
				continue
			}
			servers[pair[1][valueNode:valueSince]] = true
			record.Participants = append(record.Participants, chat.Participant{ClientID: m.Client, Username: m.Name,
				JoinedAt: int64(number(pair[1][valueJoined:valueUntil]))})
		}
		if cursor = page.Cursor; cursor == 0 {
			break
		}
	}
	record.Servers = make([]string, 0, len(servers))
	for node := range servers {
		record.Servers = append(record.Servers, formatUUID(node))
	}
	slices.Sort(record.Servers)
	return nil
}

// formatUUID gives 32 digits the form of a UUID.
func formatUUID(digits string) string {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 16 {
		return digits
	}
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

// DeleteRoom ends a room: its members hear EventRoomDeleted and stay connected. It returns how many
// there were; found is false when there is no such room. Blocks until ctx ends.
func (c *Cluster) DeleteRoom(ctx context.Context, id chat.RoomID) (members int64, found bool, err error) {
	type result struct {
		members int64
		found   bool
		known   bool
	}
	answer := make(chan result, 1)
	o := &op{kind: opDelete}
	o.prepare()
	o.deleted = func(members int64, found, known bool) { answer <- result{members, found, known} }
	c.rooms.shardOf(id).post(post{kind: postOp, room: id, op: o})
	timeout := time.NewTimer(answerDeadline + time.Second)
	defer timeout.Stop()
	select {
	case r := <-answer:
		if !r.known {
			return 0, false, errUnavailable
		}
		return r.members, r.found, nil
	case <-ctx.Done():
		return 0, false, fmt.Errorf("cluster: delete room: %w", ctx.Err())
	case <-timeout.C:
		return 0, false, errUnavailable
	}
}
