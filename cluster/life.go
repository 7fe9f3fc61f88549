package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"time"
)

// times are the intervals of leases and cleaning. They are part of the design and no setting; a
// test shortens them between Open and Start.
type times struct {
	heartbeat time.Duration // between two renewals of the lease
	lease     time.Duration // its length, by the clock of Redis
	fence     time.Duration // without a renewal for so long, nothing is acknowledged
	unbroken  time.Duration // a node may reap after renewals of its own for so long
	sweep     time.Duration // between two looks for detached sessions that are due
	hold      time.Duration // a due session that nobody finished may be tried by another node
	stats     time.Duration // between two reports of the node
	touch     time.Duration // each record is refreshed once in
	check     time.Duration // between two looks at the end of the control log
}

// defaultTimes are those of the design.
func defaultTimes() times {
	return times{
		heartbeat: 3 * time.Second, lease: 10 * time.Second, fence: 7 * time.Second, unbroken: 10 * time.Second,
		sweep: 3 * time.Second, hold: 10 * time.Second, stats: 2 * time.Second, touch: touchInterval, check: time.Second,
	}
}

// sessionTTL clears the record of a session that nobody refreshes any more.
const sessionTTL = time.Hour

// life is everything of a node that is not a room: its lease, its sessions and their ids, the
// commands between nodes, bans, and what operators see.
type life struct {
	// Immutable after open.
	c         *Cluster
	times     times
	lease     *lease
	clientIDs *clientIDs
	roomIDs   *roomIDs
	sessions  *sessions
	keyring   keyring
	control   *control
	bans      *bans
	looks     *looks
	reaper    *reaper
	leaving   *departures

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func newLife(c *Cluster) *life {
	l := &life{c: c, times: defaultTimes()}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.lease = newLease(l)
	l.clientIDs = newClientIDs(l)
	l.roomIDs = newRoomIDs(l)
	l.sessions = newSessions(l)
	l.control = newControl(l)
	l.bans = newBans(l)
	l.looks = newLooks(l)
	l.reaper = newReaper(l)
	l.leaving = &departures{underWay: make(map[departing]chan struct{})}
	return l
}

// start registers the node, fetches what it can't work without, and begins the work.
func (l *life) start(ctx context.Context) error {
	steps := []func(context.Context) error{
		l.clientIDs.agree, l.keyring.fetch(l.c.store), l.lease.register, l.control.seek, l.bans.load, l.clientIDs.fill, l.roomIDs.fill,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, loop := range []func(){
		l.lease.run, l.lease.runReclaim, l.clientIDs.run, l.clientIDs.runFree, l.roomIDs.run, l.sessions.runTick,
		l.control.runListen, l.control.runCheck, l.control.runSend, l.looks.run, l.reaper.run, l.runSweep, l.runStats,
	} {
		l.wg.Go(loop)
	}
	for _, w := range l.sessions.writers {
		l.wg.Go(w.run)
	}
	return nil
}

// stop hands over what this node carries: its sessions keep their places for the resume window,
// its unused ids and its lease go back. What does not succeed until ctx ends is left to the reaper
// of another node.
func (l *life) stop(ctx context.Context) error {
	l.sessions.close()
	flushed := l.sessions.flush(ctx)
	l.cancel()
	l.wg.Wait()
	if !flushed {
		return errors.New("cluster: closed before every session was handed over")
	}
	if err := l.clientIDs.giveUp(ctx); err != nil {
		return err
	}
	return l.lease.resign(ctx, l.clientIDs.open)
}

// abort ends every goroutine and hands nothing over, as a crash would.
func (l *life) abort() {
	l.cancel()
	l.wg.Wait()
}

// every calls f at once and then once in d until the node closes.
func (l *life) every(d time.Duration, f func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		f()
		select {
		case <-l.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// pause waits d; it is false when the node closes.
func (l *life) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// backoff is the pause before try n (from 0) of something that Redis did not answer.
func backoff(n int) time.Duration {
	return min(100*time.Millisecond<<min(n, 4), time.Second)
}

// random draws n bytes as hexadecimal text.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// wake makes the reader of a channel of capacity one look again.
func wake(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
