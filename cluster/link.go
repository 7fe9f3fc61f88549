package cluster

import (
	"context"
	"slices"
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
	wake     chan struct{}
	again    chan struct{}   // of capacity one: connect anew
	test     chan struct{}   // of capacity one: probe at once
	ctx      context.Context // ends with the link
	cancel   context.CancelFunc

	// Guarded by mu.
	mu      sync.Mutex
	wanted  map[string]chat.RoomID
	fresh   []string // wanted, not asked for yet
	dropped []string // to be given up

	// Atomic; any goroutine.
	probeKey  atomic.Pointer[string]
	heard     atomic.Int64 // when a probe came back last, Unix nanoseconds
	refused   atomic.Pointer[string]
	evicting  atomic.Pointer[string] // the policy, if it throws keys away
	downSince atomic.Int64           // Unix nanoseconds; 0 = connected
	heldUntil atomic.Int64           // Unix nanoseconds: no publish before, another Redis answers
}

func newLink(t *topology, addr string, part int) *link {
	l := &link{topology: t, addr: addr, wake: make(chan struct{}, 1), again: make(chan struct{}, 1), test: make(chan struct{}, 1), wanted: map[string]chat.RoomID{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.probeBy(part)
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
	for _, room := range moved {
		l.tell(postSilent, room)
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
		case <-broken: //nolint:errcheck // whatever broke it, the answer is a new connection
			return runID
		case <-l.again:
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
	if err := conn.Do(ctx, conn.B().Ssubscribe().Channel(*l.probeKey.Load()).Build()).Error(); err != nil {
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
	for _, channels := range byPart {
		for chunk := range slices.Chunk(channels, subscribeChunk) {
			if err := l.subscribe(conn, chunk); err != nil {
				return err
			}
		}
	}
	for chunk := range slices.Chunk(still, subscribeChunk) {
		cmds := make(rueidis.Commands, 0, len(chunk))
		for _, channel := range chunk {
			cmds = append(cmds, conn.B().Sunsubscribe().Channel(channel).Build())
		}
		ctx, cancel := context.WithTimeout(l.ctx, requestDeadline)
		results := conn.DoMulti(ctx, cmds...)
		cancel()
		for _, r := range results {
			if outcomeUnknown(r.Error()) {
				return r.Error()
			}
		}
	}
	return nil
}

// subscribe asks for channels of one slot. What Redis refuses (the slot is moving, it is loading)
// is asked for again, here or, when the topology says so, elsewhere; any other error ends the
// connection.
func (l *link) subscribe(conn rueidis.DedicatedClient, channels []string) error {
	ctx, cancel := context.WithTimeout(l.ctx, requestDeadline)
	defer cancel()
	err := conn.Do(ctx, conn.B().Ssubscribe().Channel(channels...).Build()).Error()
	if err == nil || outcomeUnknown(err) {
		return err
	}
	l.topology.suspect()
	l.topology.rooms.complain(err)
	time.AfterFunc(100*time.Millisecond, func() {
		l.mu.Lock()
		for _, channel := range channels {
			if _, ok := l.wanted[channel]; ok {
				l.fresh = append(l.fresh, channel)
			}
		}
		l.mu.Unlock()
		l.stir()
	})
	return nil
}

// hear is called on the connection's reader: it only hands over. Own envelopes are dropped unread.
func (l *link) hear(m rueidis.PubSubMessage) {
	if m.Channel == *l.probeKey.Load() {
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
	if s.Kind == "sunsubscribe" && s.Channel == *l.probeKey.Load() {
		l.topology.suspect() // the slot of the probe moves away
		return
	}
	l.mu.Lock()
	room, ok := l.wanted[s.Channel]
	l.mu.Unlock()
	switch {
	case s.Kind == "ssubscribe" && ok:
		l.tell(postSubscribed, room)
	case s.Kind == "sunsubscribe" && ok:
		l.tell(postSilent, room)
		l.topology.suspect()
		l.want(s.Channel, room)
	}
}

// subscribed is how many room channels it carries.
func (l *link) subscribed() int64 {
	if l.downSince.Load() != 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.wanted))
}

// silence tells all rooms that the connection is gone.
func (l *link) silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, room := range l.wanted {
		l.tell(postSilent, room)
	}
}

func (l *link) tell(kind postKind, room chat.RoomID) {
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
