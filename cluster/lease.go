package cluster

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// lease is the node's claim to be alive. It is measured by the clock of Redis; only its freshness
// is measured by the node's own monotonic clock.
type lease struct {
	// Immutable after open.
	l        *life
	base     time.Time // zero of the monotonic times below
	reclaims chan struct{}

	// Atomic; any goroutine.
	id      atomic.Pointer[string] // names this life of the node: a new one after it was reaped
	renewed atomic.Int64           // ns after base when the last exchange that renewed began
	offset  atomic.Int64           // ms from this node's wall clock to that of Redis
	count   atomic.Uint64          // renewals

	// Owned by the goroutine of run (by Start's before).
	birth    string
	unbroken time.Duration // since when no renewal was missed
	began    time.Duration // of the last exchange that renewed
	ended    time.Duration
	redisNow int64 // its answer
	failing  bool
	former   []string      // lives that were taken away, see bequeath
	reborn   time.Duration // when the last of them was
}

func newLease(l *life) *lease {
	le := &lease{l: l, base: time.Now(), reclaims: make(chan struct{}, 1)}
	le.rename()
	return le
}

func (le *lease) rename() {
	id := random(8)
	le.id.Store(&id)
}

// node names this life of the node in Redis. Any goroutine.
func (le *lease) node() string { return *le.id.Load() }

// fresh is mayAcknowledge. Any goroutine.
func (le *lease) fresh() bool {
	return time.Since(le.base)-time.Duration(le.renewed.Load()) < le.l.times.fence
}

// now is the time of Redis in Unix milliseconds as far as this node knows. Any goroutine.
func (le *lease) now() int64 { return time.Now().UnixMilli() + le.offset.Load() }

func (le *lease) keys() []string {
	k := &le.l.c.store.keys
	return []string{k.tagged("nodes", "lease"), k.tagged("nodes", "birth"), k.tagged("nodes", "reap")}
}

// register makes the node known; Start only.
func (le *lease) register(ctx context.Context) error {
	_, _, err := le.beat(ctx)
	return err
}

// run renews until the node closes.
func (le *lease) run() {
	for try := 0; ; {
		wait := le.l.times.heartbeat
		status, dead, err := le.beat(le.l.ctx)
		switch {
		case err != nil:
			wait = min(wait, backoff(try))
			try++
		case status == "REAPED":
			le.beginAnew()
			continue
		case status == "LOST":
			le.l.c.store.log.Warn("redis has lost its data: what this node holds is written again")
			le.reclaim()
		}
		if err == nil {
			try = 0
			le.l.reaper.see(dead)
			le.bequeath()
		}
		le.report(err)
		if !le.l.pause(wait) {
			return
		}
	}
}

// report logs only the changes.
func (le *lease) report(err error) {
	if le.l.ctx.Err() != nil || (err != nil) == le.failing {
		return
	}
	le.failing = err != nil
	if err != nil {
		le.l.c.store.log.Warn("the lease can't be renewed", "error", err.Error())
	} else {
		le.l.c.store.log.Info("the lease is renewed again")
	}
}

// beat makes one exchange. dead are nodes whose clean-up is not finished, with the end of their
// lease.
func (le *lease) beat(ctx context.Context) (status string, dead map[string]int64, err error) {
	began := time.Since(le.base)
	t := &le.l.times
	expect := ""
	if le.began > 0 && began-le.unbroken >= t.unbroken && began-le.began < t.lease {
		expect = strconv.FormatInt(le.redisNow+(began-le.ended).Milliseconds(), 10)
	}
	reply, err := le.l.c.store.run(ctx, scriptHeartbeat, le.keys(), []string{
		le.node(), strconv.FormatInt(t.lease.Milliseconds(), 10), le.birth, random(8), expect,
	}).ToArray()
	if err != nil {
		return "", nil, err
	}
	ended := time.Since(le.base)
	if len(reply) < 3 {
		return "", nil, errors.New("cluster: short answer to a heartbeat")
	}
	status = text(reply[0])
	now := integer(reply[1])
	if status == "REAPED" {
		return status, nil, nil
	}
	if jump := now - le.redisNow - (began - le.ended).Milliseconds(); le.began == 0 || began-le.began >= t.lease ||
		jump < -1000 || jump > 1000+(ended-began).Milliseconds() {
		le.unbroken = began // the first, one after a break, or the clock of Redis jumped
		if le.began > 0 && jump > touchInterval.Milliseconds() {
			le.l.c.store.log.Warn("the clock of redis has jumped: what ended by it is written again", "by", time.Duration(jump)*time.Millisecond)
			le.reclaim()
		}
	}
	le.birth, le.redisNow, le.began, le.ended = text(reply[2]), now, began, ended
	le.offset.Store(now - time.Now().UnixMilli() + (ended-began).Milliseconds()/2)
	le.renewed.Store(int64(began))
	le.count.Add(1)
	dead = make(map[string]int64)
	for i := 3; i+1 < len(reply); i += 2 {
		end, _ := strconv.ParseInt(text(reply[i+1]), 10, 64)
		dead[text(reply[i])] = end
	}
	return status, dead, nil
}

// beginAnew begins a new life after another node cleaned up behind this one: nothing that it carried
// is its own any more.
func (le *lease) beginAnew() {
	le.l.c.store.log.Warn("this node was taken for dead: its connections are closed and resume")
	le.former, le.reborn = append(le.former, le.node()), time.Since(le.base)
	le.rename()
	le.birth, le.began = "", 0
	le.l.clientIDs.forget()
	le.l.sessions.forget()
	le.l.bans.forget()
	le.l.c.feed.DisconnectAll()
}

// bequeath puts the former lives of this node on the reapers' list once more, when nothing of them can
// be under way any more: what was when they were taken away may have been executed behind the reaper.
func (le *lease) bequeath() {
	if len(le.former) == 0 || time.Since(le.base)-le.reborn < requestDeadline {
		return
	}
	s := le.l.c.store
	if s.do(le.l.ctx, le.jobs(le.former...)).Error() == nil {
		le.former = nil
	}
}

// jobs is the command that asks reapers to clean up behind nodes.
func (le *lease) jobs(nodes ...string) rueidis.Completed {
	end := strconv.FormatInt(le.now(), 10)
	hset := le.l.c.store.client.B().Hset().Key(le.keys()[2]).FieldValue()
	for _, node := range nodes {
		hset = hset.FieldValue(node, end)
	}
	return hset.Build()
}

// reclaim makes runReclaim write everything again. Any goroutine.
func (le *lease) reclaim() { wake(le.reclaims) }

func (le *lease) runReclaim() {
	for {
		select {
		case <-le.l.ctx.Done():
			return
		case <-le.reclaims:
		}
		for try := 0; ; try++ {
			err := le.l.keyring.fetch(le.l.c.store)(le.l.ctx)
			if err == nil {
				err = le.l.clientIDs.claimAll(le.l.ctx)
			}
			if err == nil {
				le.l.sessions.rewrite()
				break
			}
			if !le.l.pause(backoff(try)) {
				return
			}
		}
	}
}

// resign gives the lease back. With unclear it leaves a job for the reapers: ids may have been
// granted to this node that never arrived.
func (le *lease) resign(ctx context.Context, unclear bool) error {
	s := le.l.c.store
	node := le.node()
	b := s.client.B()
	cmds := rueidis.Commands{
		b.Hdel().Key(s.keys.tagged("nodes", "stats")).Field(node).Build(),
		b.Zrem().Key(le.keys()[0]).Member(node).Build(),
	}
	jobs := le.former
	if unclear {
		jobs = append(jobs, node)
	}
	if len(jobs) > 0 {
		cmds = append(rueidis.Commands{le.jobs(jobs...)}, cmds...)
	}
	for _, r := range s.doMulti(ctx, cmds...) {
		if err := r.Error(); err != nil {
			return err
		}
	}
	return nil
}
