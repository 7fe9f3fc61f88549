package cluster

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"

	"chatroom/internal/chat"
)

// reapChunk is how many records a reaper takes at a time.
const reapChunk = 256

// reaper cleans up behind nodes whose lease was taken away. Who died is a list in Redis; a lock
// that ends by itself says who works at it. Every step can be repeated, so another node goes on
// where one has died.
type reaper struct {
	// Immutable after open.
	l     *life
	found chan map[string]int64

	// Atomic; any goroutine.
	count  atomic.Uint64
	broken atomic.Int64 // tests only: the chunk before which the reaper gives up for good, by -1; 0 = never

	// Owned by the goroutine of run.
	begun map[string]*cleanup
}

func newReaper(l *life) *reaper {
	return &reaper{l: l, found: make(chan map[string]int64, 1), begun: make(map[string]*cleanup)}
}

// see says which nodes are to be cleaned up, with the end of their lease. Does not block.
func (r *reaper) see(dead map[string]int64) {
	if len(dead) == 0 {
		return
	}
	select {
	case r.found <- dead:
	default:
	}
}

func (r *reaper) run() {
	for {
		select {
		case <-r.l.ctx.Done():
			return
		case dead := <-r.found:
			for node := range r.begun {
				if _, still := dead[node]; !still {
					delete(r.begun, node) // another node has finished it
				}
			}
			for node, end := range dead {
				if done, err := r.reap(r.l.ctx, node, end); err == nil && done {
					r.count.Add(1)
					r.l.c.store.log.Warn("cleaned up behind a dead node", "node", node)
				}
			}
		}
	}
}

// lock takes or extends the right to clean up behind node.
func (r *reaper) lock(ctx context.Context, node string) (bool, error) {
	s := r.l.c.store
	got, err := s.run(ctx, scriptLock, []string{s.keys.tagged("nodes", "reaping:"+node)},
		[]string{r.l.lease.node(), strconv.FormatInt(r.l.times.hold.Milliseconds(), 10)}).AsInt64()
	return got == 1, err
}

// cleanup is the work behind one dead node, as far as this one has come with it.
type cleanup struct {
	node   string
	until  int64            // Redis ms at which places without a time of their own end
	marked [partitions]bool // the sessions of these are detached
	step   func() (ok bool, err error)
	lost   bool // the last step did not keep the lock
}

// begin returns what is to be done behind node, after taking the lock; nil when another node is at it
// or it was done meanwhile: who died is told with every heartbeat, so also what is long finished.
func (r *reaper) begin(ctx context.Context, node string, leaseEnd int64) (*cleanup, error) {
	broken := r.broken.Load()
	if broken < 0 {
		return nil, nil
	}
	if ok, err := r.lock(ctx, node); err != nil || !ok {
		return nil, err
	}
	s := r.l.c.store
	open, err := s.do(ctx, s.client.B().Hexists().Key(s.keys.tagged("nodes", "reap")).Field(node).Build()).AsBool()
	if err != nil || !open {
		return nil, err
	}
	until := leaseEnd + r.l.c.config.ResumeWindow.Milliseconds()
	c := r.begun[node]
	if c == nil || c.until != until {
		c = &cleanup{node: node, until: until}
		r.begun[node] = c
	}
	chunk := int64(0)
	c.step = func() (ok bool, err error) {
		if chunk++; chunk == broken {
			r.broken.Store(-1)
			return false, nil
		}
		ok, err = r.lock(ctx, node)
		c.lost = err != nil || !ok
		return ok, err
	}
	return c, nil
}

// reap marks the sessions of a dead node detached until its lease's end and the resume window, and
// frees the ids that no session has. done is false when another node does it, or when a shard of a
// Redis Cluster did not answer: the sessions on the others are not kept waiting for it.
func (r *reaper) reap(ctx context.Context, node string, leaseEnd int64) (done bool, err error) {
	c, err := r.begin(ctx, node, leaseEnd)
	if c == nil {
		return false, err
	}
	var silent error
	for p := range c.marked {
		if c.marked[p] {
			continue
		}
		ok, err := r.mark(ctx, c, p)
		switch {
		case err != nil && !c.lost:
			silent = err
		case err != nil || !ok:
			return false, err
		default:
			c.marked[p] = true
		}
	}
	if done, err := r.reapIDs(ctx, node, c.step); err != nil || !done {
		return false, err
	}
	if silent != nil {
		return false, silent
	}
	delete(r.begun, node)
	s := r.l.c.store
	b := s.client.B()
	for _, res := range s.doMulti(ctx,
		b.Hdel().Key(s.keys.tagged("nodes", "stats")).Field(node).Build(),
		b.Hdel().Key(s.keys.tagged("nodes", "reap")).Field(node).Build(),
		b.Del().Key(s.keys.tagged("nodes", "reaping:"+node)).Build(),
	) {
		if err := res.Error(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// mark marks the dead node's sessions of one partition; ok is false when the lock is another's.
func (r *reaper) mark(ctx context.Context, c *cleanup, p int) (ok bool, err error) {
	s := r.l.c.store
	for cursor := uint64(0); ; {
		if ok, err := c.step(); err != nil || !ok {
			return false, err
		}
		e, err := s.do(ctx, s.client.B().Hscan().Key(s.keys.tags[p]+"clients").Cursor(cursor).Count(reapChunk).Build()).AsScanEntry()
		if err != nil {
			return false, err
		}
		var orphans []chat.ClientID
		for i := 0; i+1 < len(e.Elements); i += 2 {
			// Detached ones as well: their node may have died before they were listed.
			if owner, _, _ := strings.Cut(e.Elements[i+1], " "); strings.TrimSuffix(owner, "~") == c.node {
				orphans = append(orphans, parseID[chat.ClientID](e.Elements[i]))
			}
		}
		if err := r.orphan(ctx, c.node, c.until, orphans); err != nil {
			return false, err
		}
		if cursor = e.Cursor; cursor == 0 {
			return true, nil
		}
	}
}

// orphan marks sessions of a dead node detached and enters them for the sweep.
func (r *reaper) orphan(ctx context.Context, node string, until int64, ids []chat.ClientID) error {
	if len(ids) == 0 {
		return nil
	}
	s := r.l.c.store
	ttl := strconv.FormatInt((sessionTTL + r.l.c.config.ResumeWindow).Milliseconds(), 10)
	calls := make([]call, len(ids))
	for i, id := range ids {
		calls[i] = call{script: scriptOrphan, keys: r.l.sessions.recordKeys(id), args: []string{node, strconv.FormatInt(until, 10), ttl, formatID(id)}}
	}
	zadd := s.client.B().Zadd().Key(s.keys.tagged("nodes", "det")).ScoreMember()
	type place struct {
		room        chat.RoomID
		client      chat.ClientID
		nonce       chat.Nonce
		incarnation chat.Incarnation
	}
	var places []place
	found := 0
	for i, res := range s.runMulti(ctx, calls) {
		word, rest, err := texts(res)
		if err != nil {
			return err
		}
		if word != "OK" {
			continue // its owner is another one by now, or its id is freed below
		}
		found++
		zadd = zadd.ScoreMember(float64(integer(rest[0])), detMember(ids[i], text(rest[5])))
		for _, room := range parseRooms(text(rest[4])) {
			places = append(places, place{room, ids[i], nonceOf(text(rest[1])), parseID[chat.Incarnation](text(rest[2]))})
		}
	}
	if found == 0 {
		return nil
	}
	if err := s.do(ctx, zadd.Build()).Error(); err != nil {
		return err
	}
	// The places are marked for those who look at the room; they end by the list of the detached.
	window := max(0, until-r.l.lease.now())
	for _, p := range places {
		r.l.c.hold(p.room, p.client, p.nonce, p.incarnation, window)
	}
	return nil
}

func nonceOf(s string) (n chat.Nonce) {
	copy(n[:], s)
	return n
}

// reapIDs frees the ids granted to a dead node that have no session: its stock, and sessions whose
// record never came to be. Ids of sessions that live elsewhere go over to their node.
func (r *reaper) reapIDs(ctx context.Context, node string, step func() (bool, error)) (done bool, err error) {
	s := r.l.c.store
	for n := 0; ; n++ {
		rg, ok := widen(r.l.c.config.ClientIDs, n)
		if !ok {
			return true, nil
		}
		own := rg.key(&s.keys, "c", "own")
		for cursor := uint64(0); ; {
			if ok, err := step(); err != nil || !ok {
				return false, err
			}
			e, err := s.do(ctx, s.client.B().Hscan().Key(own).Cursor(cursor).Count(reapChunk).Build()).AsScanEntry()
			if err != nil {
				return false, err
			}
			var held []granted
			for i := 0; i+1 < len(e.Elements); i += 2 {
				if grant, owner, _ := strings.Cut(e.Elements[i+1], ":"); owner == node {
					held = append(held, granted{id: parseID[uint64](e.Elements[i]), grant: grant})
				}
			}
			if err := r.release(ctx, own, held); err != nil {
				return false, err
			}
			if cursor = e.Cursor; cursor == 0 {
				break
			}
		}
		if err := s.do(ctx, s.client.B().Hdel().Key(rg.key(&s.keys, "c", "last")).Field(node).Build()).Error(); err != nil {
			return false, err
		}
		// Ranges are used one after the other: behind an empty one there is none.
		size, err := s.do(ctx, s.client.B().Exists().Key(rg.key(&s.keys, "c", "cur")).Build()).AsInt64()
		if err != nil || size == 0 {
			return err == nil, err
		}
	}
}

// release frees those of a dead node's ids that have no record.
func (r *reaper) release(ctx context.Context, own string, held []granted) error {
	if len(held) == 0 {
		return nil
	}
	s := r.l.c.store
	calls := make([]call, 0, len(held))
	for _, g := range held {
		// Drops nothing but a line of the index that has no record.
		calls = append(calls, call{script: scriptDrop, keys: r.l.sessions.recordKeys(chat.ClientID(g.id)), args: []string{strconv.FormatUint(g.id, 10), "", ""}})
	}
	var free []granted
	pairs := make([]string, 0)
	for i, res := range s.runMulti(ctx, calls) {
		word, _, err := texts(res)
		if err != nil {
			return err
		}
		if word == "OK" {
			free = append(free, held[i])
		} else {
			pairs = append(pairs, strconv.FormatUint(held[i].id, 10))
		}
	}
	if err := r.l.clientIDs.freeNow(ctx, free); err != nil {
		return err
	}
	return r.handOver(ctx, own, held, pairs)
}

// handOver enters the node of the record as the owner of an id. A record of a dead node is
// detached: its id is then freed by its grant, whoever owns it.
func (r *reaper) handOver(ctx context.Context, own string, held []granted, ids []string) error {
	s := r.l.c.store
	grants := make(map[string]string, len(held))
	for _, g := range held {
		grants[strconv.FormatUint(g.id, 10)] = g.grant
	}
	for _, id := range ids {
		key := r.l.sessions.recordKeys(parseID[chat.ClientID](id))[0]
		fields, err := s.do(ctx, s.client.B().Hmget().Key(key).Field("o", "g").Build()).ToArray()
		if err != nil {
			return err
		}
		if owner, grant := text(fields[0]), text(fields[1]); owner != "" && grant == grants[id] {
			if err := s.do(ctx, s.client.B().Hset().Key(own).FieldValue().FieldValue(id, grant+":"+owner).Build()).Error(); err != nil {
				return err
			}
		}
	}
	return nil
}
