package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// controlKept is about how many commands the log keeps: far more than are sent between two looks.
const controlKept = 4096

// What one node asks of others.
const (
	verbKick = "kick" // end the connection of a session
	verbBans = "bans" // the list of bans has changed
	verbLook = "look" // say what a client's connection counts
)

// everyNode addresses a command to all.
const everyNode = "*"

// command is one line of the log between nodes. All can be repeated without harm.
type command struct {
	node        string // whose it is, or everyNode
	verb        string
	client      chat.ClientID
	incarnation chat.Incarnation // 0 = any; of a look the number of the question
	cause       chat.Cause
}

func (c command) String() string {
	return c.node + " " + c.verb + " " + formatID(c.client) + " " + formatID(c.incarnation) + " " + strconv.Itoa(int(c.cause))
}

// parseCommand reads one; what a newer version may send is not ok.
func parseCommand(s string) (c command, ok bool) {
	f := strings.Fields(s)
	if len(f) < 5 || (f[1] != verbKick && f[1] != verbBans && f[1] != verbLook) {
		return c, false
	}
	cause, err := strconv.ParseUint(f[4], 10, 8)
	return command{
		node: f[0], verb: f[1], client: parseID[chat.ClientID](f[2]), incarnation: parseID[chat.Incarnation](f[3]), cause: chat.Cause(cause),
	}, err == nil
}

// control is the log of commands between nodes. A command is appended and told on a channel; each
// message names its predecessor, and every second a node looks at the end of the log: so a lost
// message or subscription costs at most a second.
type control struct {
	// Immutable after open.
	l       *life
	pending chan struct{} // something is to be sent
	behind  chan struct{} // something was missed

	// Guarded by mu.
	mu    sync.Mutex
	last  string // id of the last command taken in
	queue []command

	// Guarded by order: commands are carried out one at a time.
	order sync.Mutex
}

func newControl(l *life) *control {
	return &control{l: l, pending: make(chan struct{}, 1), behind: make(chan struct{}, 1)}
}

func (c *control) logKey() string  { return c.l.c.store.keys.tagged("ctl", "log") }
func (c *control) channel() string { return c.l.c.store.keys.tagged("ctl", "ch") }

// seek finds where the log ends: what was said before this node began does not concern it.
func (c *control) seek(ctx context.Context) error {
	end, err := c.end(ctx)
	if err != nil {
		return fmt.Errorf("cluster: control log: %w", err)
	}
	c.last = end
	return nil
}

func (c *control) end(ctx context.Context) (string, error) {
	s := c.l.c.store
	entries, err := s.do(ctx, s.client.B().Xrevrange().Key(c.logKey()).End("+").Start("-").Count(1).Build()).AsXRange()
	if err != nil && !rueidis.IsRedisNil(err) {
		return "", err
	}
	if len(entries) == 0 {
		return "0-0", nil
	}
	return entries[0].ID, nil
}

// send appends a command as soon as Redis takes it. Any goroutine; does not block.
func (c *control) send(cmd command) {
	c.mu.Lock()
	c.queue = append(c.queue, cmd)
	c.mu.Unlock()
	wake(c.pending)
}

// sendNow appends a command and returns when it stands in the log.
func (c *control) sendNow(ctx context.Context, cmd command) error {
	return c.l.c.store.run(ctx, scriptCommand, []string{c.logKey(), c.channel()}, []string{cmd.String(), strconv.Itoa(controlKept)}).Error()
}

// runSend appends what send has queued.
func (c *control) runSend() {
	for {
		select {
		case <-c.l.ctx.Done():
			return
		case <-c.pending:
		}
		for try := 0; ; {
			c.mu.Lock()
			batch := c.queue[:min(len(c.queue), writeBatch)]
			c.mu.Unlock()
			if len(batch) == 0 {
				break
			}
			calls := make([]call, len(batch))
			for i, cmd := range batch {
				calls[i] = call{script: scriptCommand, keys: []string{c.logKey(), c.channel()}, args: []string{cmd.String(), strconv.Itoa(controlKept)}}
			}
			var err error
			for _, r := range c.l.c.store.runMulti(c.l.ctx, calls) {
				if e := r.Error(); e != nil {
					err = e
				}
			}
			if err != nil {
				if !c.l.pause(backoff(try)) {
					return
				}
				try++
				continue
			}
			try = 0
			c.mu.Lock()
			c.queue = c.queue[len(batch):]
			c.mu.Unlock()
		}
	}
}

// runListen hears the channel. The library subscribes again after a lost connection without a word;
// runCheck finds what was missed.
func (c *control) runListen() {
	s := c.l.c.store
	for try := 0; c.l.ctx.Err() == nil; try++ {
		_ = s.client.Receive(c.l.ctx, s.client.B().Ssubscribe().Channel(c.channel()).Build(), func(m rueidis.PubSubMessage) {
			try = 0
			c.hear(m.Message)
		})
		if !c.l.pause(backoff(try)) {
			return
		}
	}
}

// hear takes in a message "previous-id id command".
func (c *control) hear(message string) {
	f := strings.SplitN(message, " ", 3)
	if len(f) != 3 {
		return
	}
	if !c.order.TryLock() {
		// This is the reader of the connection on which catchUp waits for its answer.
		wake(c.behind)
		return
	}
	defer c.order.Unlock()
	c.mu.Lock()
	next := c.last == f[0]
	if next {
		c.last = f[1]
	}
	c.mu.Unlock()
	if next {
		c.obey(f[2])
	} else {
		wake(c.behind) // the log tells what was missed, and this as well
	}
}

// runCheck looks whether anything was missed, at once when a message says so.
func (c *control) runCheck() {
	tick := time.NewTicker(c.l.times.check)
	defer tick.Stop()
	for {
		select {
		case <-c.l.ctx.Done():
			return
		case <-c.behind:
			if c.l.bans.wanted.Load() {
				c.l.bans.refresh()
			}
		case <-tick.C:
			c.l.bans.refresh()
		}
		c.catchUp()
	}
}

// catchUp reads the log from where this node stands.
func (c *control) catchUp() {
	s := c.l.c.store
	c.mu.Lock()
	before := c.last
	c.mu.Unlock()
	end, err := c.end(c.l.ctx)
	if err != nil {
		return // the next look is near
	}
	c.order.Lock()
	defer c.order.Unlock()
	if olderID(end, before) {
		// A Redis that came back with less: everything in it is new. What was heard between the two
		// looks is no sign of that, so the position from before them counts.
		c.mu.Lock()
		c.last = "0-0"
		c.mu.Unlock()
	}
	for {
		c.mu.Lock()
		last := c.last
		c.mu.Unlock()
		if last == end || olderID(end, last) {
			return
		}
		entries, err := s.do(c.l.ctx, s.client.B().Xrange().Key(c.logKey()).Start("("+last).End("+").Count(256).Build()).AsXRange()
		if err != nil {
			return
		}
		for _, e := range entries {
			c.obey(e.FieldValues["c"])
			last = e.ID
		}
		c.mu.Lock()
		c.last = last
		c.mu.Unlock()
		if len(entries) < 256 {
			return
		}
	}
}

// olderID compares two stream ids.
func olderID(a, b string) bool {
	am, as, _ := strings.Cut(a, "-")
	bm, bs, _ := strings.Cut(b, "-")
	x, y := parseID[uint64](am), parseID[uint64](bm)
	if x != y {
		return x < y
	}
	return parseID[uint64](as) < parseID[uint64](bs)
}

// obey carries out one command.
func (c *control) obey(line string) {
	cmd, ok := parseCommand(line)
	if !ok || (cmd.node != everyNode && cmd.node != c.l.lease.node()) {
		return
	}
	switch cmd.verb {
	case verbKick:
		c.l.sessions.lose(cmd.client, cmd.incarnation, cmd.cause)
	case verbBans:
		// Read by runCheck: this may be the way that Redis' answers take, see hear.
		c.l.bans.wanted.Store(true)
		wake(c.behind)
	case verbLook:
		c.l.looks.take(cmd)
	}
}
