package cluster

import (
	"slices"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// rebuildChunk is how many members one rebuild brings back.
const rebuildChunk = 256

// rebuild brings back what Redis lost of the room, before anything new is sent. With resync the
// members are told that continuity could not be proven.
func (r *room) rebuild(resync bool) {
	if r.resyncing {
		return
	}
	r.resyncing = true
	r.pushFront(&op{kind: opRebuild, resync: resync})
	r.pump()
}

// sendRebuild sends the next members of this node; the last call also reads the log.
func (r *room) sendRebuild(o *op) {
	k, in := &r.keys, &r.info
	if o.clients == nil {
		o.clients = make([]chat.ClientID, 0, len(r.mine))
		for client := range r.mine {
			o.clients = append(o.clients, client)
		}
	}
	args := []string{decimal(uint64(r.id)), hex16(uint64(newEpoch())), in.Name, bit(in.Private), decimal(uint64(in.CreatedAt)),
		decimal(uint64(in.CreatedBy)), decimal(r.version), decimal(uint64(roomTTL / time.Second))}
	end := min(o.offset+rebuildChunk, len(o.clients))
	for _, client := range o.clients[o.offset:end] {
		if value, ok := r.mine[client]; ok {
			args = append(args, decimal(uint64(client)), value)
		}
	}
	r.submit(&job{
		call:  call{script: scriptRebuild, keys: []string{k.meta, k.members, k.tomb, k.rooms}, args: args},
		plain: r.retained(),
		done:  func(res, log rueidis.RedisResult) { r.rebuilt(o, end, res, log) },
	})
}

// rebuilt takes the answer to a rebuild: {OK, members, e, s, l, v, n, p, c, b}.
func (r *room) rebuilt(o *op, end int, res, log rueidis.RedisResult) {
	f, err := fields(res)
	var entries []chat.Entry
	if err == nil && f[0] == "OK" {
		entries, err = r.readLog(log, number(f[3]))
	}
	if err != nil {
		r.failed(o, err)
		return
	}
	if f[0] == "OK" && end < len(o.clients) && r.following {
		o.offset = end
		r.inFlight = nil
		r.pump()
		return
	}
	r.finished(o)
	r.resyncing = false
	switch {
	case !r.following:
	case f[0] != "OK":
		r.lostText(f)
	default:
		r.renew(o, f, entries)
	}
	r.pump()
}

// renew continues from what Redis has now.
func (r *room) renew(o *op, f []string, entries []chat.Entry) {
	info := r.infoOf(f[1], f[2], f[3], f[4], f[6], f[7], f[8], f[9])
	r.version = max(r.version, number(f[5]))
	r.sweepGhosts("0")
	if !o.resync && info.Epoch == r.info.Epoch {
		r.info.Members = info.Members
		return
	}
	recent, beyond := r.split(entries, info.Seq)
	ahead, answers := r.ahead, r.answers
	r.info, r.epoch, r.version = info, f[2], number(f[5])
	r.ahead, r.events, r.answers = nil, nil, nil
	r.gapSince, r.repairAt = time.Time{}, time.Time{}
	r.shard.rooms.c.feed.Resync(info, recent)
	for _, e := range ahead {
		r.keepTags([]chat.Entry{e})
	}
	r.settleTagged(recent)
	for _, a := range answers {
		a.give("")
	}
	if len(beyond) > 0 {
		r.offer(r.epoch, beyond)
	}
	r.replay()
}

// settleTagged answers those whose message the new beginning already holds.
func (r *room) settleTagged(recent []chat.Entry) {
	for i := range recent {
		e := recent[i]
		if e.Tag = r.claim(e.MessageID); e.Tag != 0 {
			r.answerPlaced(&e)
		}
	}
}

// sweepGhosts takes out members that Redis has under this node's name but that are not here: their
// leave was lost with the tail of a failover. Page by page, so that Redis is never held up.
func (r *room) sweepGhosts(cursor string) {
	r.submit(&job{
		plain: []string{"HSCAN", r.keys.members, cursor, "COUNT", "256"},
		done: func(_, res rueidis.RedisResult) {
			page, err := res.AsScanEntry()
			if err != nil || r.shard.byID[r.id] != r {
				return // the next rebuild looks again; the reaper does in the end
			}
			for pair := range slices.Chunk(page.Elements, 2) {
				r.buryGhost(chat.ClientID(number(pair[0])), pair[1])
			}
			if page.Cursor != 0 {
				r.sweepGhosts(decimal(page.Cursor))
			}
		},
	})
}

func (r *room) buryGhost(client chat.ClientID, value string) {
	m, ok := memberOf(client, value)
	if !ok || value[valueNode:valueSince] != r.shard.rooms.node || number(value[valueUntil:valueName]) != 0 {
		return // of another node, or a place that is kept
	}
	if _, here := r.mine[client]; here || r.awaits(client) {
		return
	}
	o := &op{kind: opLeave, member: m, out: departure{client: client, nonce: m.Nonce, incarnation: m.Incarnation}}
	o.prepare()
	o.deadline = time.Time{}
	r.push(o)
}

// awaits says whether a request of that client is under way.
func (r *room) awaits(client chat.ClientID) bool {
	return slices.ContainsFunc(r.queue, func(o *op) bool { return o.member.Client == client || o.out.client == client })
}
