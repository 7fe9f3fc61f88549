package cluster

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"chatroom/internal/chat"
)

// subscribeChunk is how many channels one SSUBSCRIBE names. They share a partition, thus a slot.
const subscribeChunk = 128

// link is the one connection over which a primary sends its channels. The library's own
// resubscribing is not used: it is silent, and what was said meanwhile would be lost without a sign.
type link struct {
	// Immutable after open.
	topology *topology
	addr     string
	part     int // a partition of this primary, for its probe
	probeKey string
	wake     chan struct{}
	test     chan struct{}   // of capacity one: probe at once
	ctx      context.Context // ends with the link
	cancel   context.CancelFunc

	// Guarded by mu.
	mu      sync.Mutex
	wanted  map[string]chat.RoomID
	fresh   []string // wanted, not asked for yet
	dropped []string // to be given up

	// Atomic; any goroutine.
	heard     atomic.Int64 // when a probe came back last, Unix nanoseconds
	refused   atomic.Pointer[string]
	confirmed atomic.Int64 // channels
	downSince atomic.Int64 // Unix nanoseconds; 0 = connected
	heldUntil atomic.Int64 // Unix nanoseconds: no publish before, another Redis answers
}

func newLink(t *topology, addr string, part int) *link {
	l := &link{topology: t, addr: addr, part: part, wake: make(chan struct{}, 1), test: make(chan struct{}, 1), wanted: map[string]chat.RoomID{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.probeKey = t.rooms.c.store.keys.probe(part, t.rooms.node)
	l.downSince.Store(time.Now().UnixNano())
	return l
}

func (l *link) close() { l.cancel() }

// want asks for a channel. Any goroutine.
func (l *link) want(channel string, room chat.RoomID) {
	l.mu.Lock()
	l.wanted[channel] = room
	l.fresh = append(l.fresh, channel)
	l.mu.Unlock()
	l.stir()
}

// giveUp ends a subscription. Any goroutine.
func (l *link) giveUp(channel string) {
	l.mu.Lock()
	if _, ok := l.wanted[channel]; ok {
		delete(l.wanted, channel)
		l.dropped = append(l.dropped, channel)
	}
	l.mu.Unlock()
	l.stir()
}

// take removes and returns the channels of a partition that another primary serves now.
func (l *link) take(p int) map[string]chat.RoomID {
	moved := map[string]chat.RoomID{}
	l.mu.Lock()
	for channel, room := range l.wanted {
		if partition(room) == p {
			moved[channel] = room
			delete(l.wanted, channel)
			l.dropped = append(l.dropped, channel)
		}
	}
	l.mu.Unlock()
	for channel, room := range moved {
		l.tell(postSilent, channel, room)
	}
	l.stir()
	return moved
}

func (l *link) stir() { wake(l.wake) }

// run connects, and connects again, until close.
func (l *link) run() {
	runID := ""
	for l.ctx.Err() == nil {
		if client := l.topology.client(l.addr); client != nil {
			runID = l.serve(client, runID)
		}
		l.topology.suspect()
		select {
		case <-l.ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// serve uses one connection until it breaks. It returns the run id of the Redis it reached.
func (l *link) serve(client rueidis.Client, former string) (runID string) {
	conn, release := client.Dedicate()
	defer release()
	defer conn.Close()
	broken := conn.SetPubSubHooks(rueidis.PubSubHooks{OnMessage: l.hear, OnSubscription: l.notice})
	runID, err := l.greet(conn)
	if err != nil {
		return former
	}
	if former != "" && former != runID {
		l.settle()
	}
	l.downSince.Store(0)
	defer func() { l.downSince.Store(time.Now().UnixNano()) }()
	l.mu.Lock()
	l.fresh, l.dropped = l.fresh[:0], nil
	for channel := range l.wanted {
		l.fresh = append(l.fresh, channel)
	}
	l.mu.Unlock()
	defer l.silence()
	l.stir()
	wake(l.test)
	for {
		select {
		case <-l.ctx.Done():
			return runID
		case <-broken:
			return runID
		case <-l.wake:
			if l.work(conn) != nil {
				return runID
			}
		}
	}
}

// settle is called when another Redis answers than before, which may have less.
func (l *link) settle() {
	l.heldUntil.Store(time.Now().Add(settleTime).UnixNano())
	l.topology.rooms.changed()
}

// open says whether publishes may go to this primary now.
func (l *link) open(now time.Time) bool {
	at := now.UnixNano()
	down := l.downSince.Load()
	return at >= l.heldUntil.Load() && (down == 0 || at-down > int64(linkPatience))
}

// greet subscribes the probe's channel, which also shows that the connection is alive, and asks
// which process answers.
func (l *link) greet(conn rueidis.DedicatedClient) (runID string, err error) {
	ctx, cancel := context.WithTimeout(l.ctx, requestDeadline)
	defer cancel()
	if err := conn.Do(ctx, conn.B().Ssubscribe().Channel(l.probeKey).Build()).Error(); err != nil {
		return "", err
	}
	info, err := conn.Do(ctx, conn.B().Info().Section("server").Build()).ToString()
	if err != nil {
		return "", err
	}
	return infoField(info, "run_id"), nil
}

// work asks for fresh channels and gives dropped ones up.
func (l *link) work(conn rueidis.DedicatedClient) error {
	l.mu.Lock()
	fresh, dropped := l.fresh, l.dropped
	l.fresh, l.dropped = nil, nil
	var still []string
	for _, channel := range dropped {
		if _, again := l.wanted[channel]; !again {
			still = append(still, channel)
		}
	}
	byPart := map[int][]string{}
	for _, channel := range fresh {
		if room, ok := l.wanted[channel]; ok {
			byPart[partition(room)] = append(byPart[partition(room)], channel)
		}
	}
	l.mu.Unlock()
	var cmds rueidis.Commands
	for _, channels := range byPart {
		for len(channels) > 0 {
			n := min(len(channels), subscribeChunk)
			cmds = append(cmds, conn.B().Ssubscribe().Channel(channels[:n]...).Build())
			channels = channels[n:]
		}
	}
	for _, channel := range still {
		cmds = append(cmds, conn.B().Sunsubscribe().Channel(channel).Build())
	}
	return l.exchange(conn, cmds)
}

// exchange runs subscriptions in slices. An error of Redis (MOVED and the like) leaves the channels
// to the topology; any other ends the connection.
func (l *link) exchange(conn rueidis.DedicatedClient, cmds rueidis.Commands) error {
	for len(cmds) > 0 {
		n := min(len(cmds), 64)
		ctx, cancel := context.WithTimeout(l.ctx, requestDeadline)
		results := conn.DoMulti(ctx, cmds[:n]...)
		cancel()
		cmds = cmds[n:]
		for _, r := range results {
			if err := r.Error(); err != nil {
				l.topology.suspect()
				return err // the next connection asks for everything that is wanted then
			}
		}
	}
	return nil
}

// hear is called on the connection's reader: it only hands over. Own envelopes are dropped unread.
func (l *link) hear(m rueidis.PubSubMessage) {
	if m.Channel == l.probeKey {
		l.returned(m.Message)
		return
	}
	rooms := l.topology.rooms
	if fromNode(m.Message, &rooms.c.node) {
		return
	}
	if room, ok := roomOfChannel(m.Channel); ok && len(m.Message) >= envelopeHead {
		rooms.shardOf(room).post(post{kind: postEnvelope, room: room, text: m.Message})
	}
}

// notice is called on the connection's reader when Redis confirms or ends a subscription. Redis
// itself ends those of a slot that moves away.
func (l *link) notice(s rueidis.PubSubSubscription) {
	if s.Channel == l.probeKey {
		return
	}
	l.mu.Lock()
	room, ok := l.wanted[s.Channel]
	l.mu.Unlock()
	switch {
	case s.Kind == "ssubscribe" && ok:
		l.tell(postSubscribed, s.Channel, room)
	case s.Kind == "sunsubscribe" && ok:
		l.tell(postSilent, s.Channel, room)
		l.topology.suspect()
		l.want(s.Channel, room)
	}
	if s.Kind == "ssubscribe" {
		l.confirmed.Add(1)
	} else {
		l.confirmed.Add(-1)
	}
}

// silence tells all rooms that the connection is gone.
func (l *link) silence() {
	l.confirmed.Store(0)
	l.mu.Lock()
	defer l.mu.Unlock()
	for channel, room := range l.wanted {
		l.tell(postSilent, channel, room)
	}
}

func (l *link) tell(kind postKind, _ string, room chat.RoomID) {
	l.topology.rooms.shardOf(room).post(post{kind: kind, room: room})
}

// roomOfChannel reads the room of "…{pp}:R:ch".
func roomOfChannel(channel string) (chat.RoomID, bool) {
	_, rest, ok := strings.Cut(channel, "}:")
	if !ok {
		return 0, false
	}
	digits, ok := strings.CutSuffix(rest, ":ch")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 10, 64)
	return chat.RoomID(id), err == nil
}

// probe sends a token through script, channel and own subscription each second.
func (l *link) probe() {
	rooms := l.topology.rooms
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		sent := time.Now().UnixNano()
		rooms.counts.probes.Add(1)
		err := rooms.c.store.run(l.ctx, scriptProbe, []string{l.probeKey}, []string{strconv.FormatInt(sent, 10)}).Error()
		if err == nil || errors.Is(err, context.Canceled) {
			l.refused.Store(nil)
		} else {
			text := err.Error()
			l.refused.Store(&text)
		}
		select {
		case <-l.ctx.Done():
			return
		case <-l.test:
			continue // a new subscription: what was sent before proves nothing
		case <-ticker.C:
		}
		if l.heard.Load() < sent {
			rooms.counts.probeMisses.Add(1)
		}
	}
}

// returned notes that a probe came back.
func (l *link) returned(token string) {
	sent, err := strconv.ParseInt(token, 10, 64)
	if err != nil {
		return
	}
	l.topology.rooms.counts.probeRTT.observe(time.Duration(time.Now().UnixNano() - sent))
	// A late one proves no more than that the channel carried when it was sent.
	for {
		old := l.heard.Load()
		if sent <= old || l.heard.CompareAndSwap(old, sent) {
			return
		}
	}
}

// ready says why this primary does not carry messages; empty means it does.
func (l *link) ready() string {
	silent := time.Since(time.Unix(0, l.heard.Load()))
	if silent <= probeDeadline {
		return ""
	}
	name := "redis"
	if l.addr != "" {
		name += " " + l.addr
	}
	if why := l.refused.Load(); why != nil {
		return name + " does not run scripts: " + *why
	}
	return name + " does not deliver to this node's subscription"
}
