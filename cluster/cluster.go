package cluster

import (
	"context"
	"errors"

	"chatroom/internal/chat"
)

// Cluster is one node's link to Redis. Its methods are those of the engine's log, directory and
// operators; what happens is told to the Feed given to Bind.
type Cluster struct {
	// Immutable after open.
	config Config
	node   [16]byte // the server id's bytes, the origin of every envelope
	store  *store
	local  Local
	feed   Feed // set by Bind, before Start
	rooms  *rooms
	*life
}

// Open validates the settings, connects to Redis and examines it. It returns errors, all faults of
// the settings at once, and starts no goroutine of its own before Start. ctx bounds only Open.
func Open(ctx context.Context, config Config, local Local) (*Cluster, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	if local == nil {
		return nil, errors.New("cluster: no local node")
	}
	node, err := parseUUID(config.ServerID)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, config)
	if err != nil {
		return nil, err
	}
	c := &Cluster{config: config, node: node, store: s, local: local}
	c.rooms = newRooms(c)
	c.life = newLife(c)
	return c, nil
}

// Bind says who is told what happens. Once, before Start.
func (c *Cluster) Bind(feed Feed) { c.feed = feed }

// Start begins the work: shards, executors, subscriptions, probes. Once, after Bind. ctx bounds
// only Start.
func (c *Cluster) Start(ctx context.Context) error {
	if c.feed == nil {
		return errors.New("cluster: started without a feed")
	}
	if err := c.life.start(ctx); err != nil {
		return err
	}
	return c.rooms.start(ctx)
}

// Close ends every goroutine and the connections to Redis. Nothing is answered any more. It waits
// until ctx ends for what is under way.
func (c *Cluster) Close(ctx context.Context) error {
	err := errors.Join(c.life.stop(ctx), c.rooms.stop(ctx))
	c.store.close()
	return err
}

// Ready says in a few words why this node should get no clients; empty means ready. Any goroutine.
func (c *Cluster) Ready() string {
	return c.rooms.ready()
}

// departure asks to take a member out of a room.
type departure struct {
	client      chat.ClientID
	nonce       chat.Nonce
	incarnation chat.Incarnation // zero: under any incarnation of this nonce
	onlyDue     bool             // only if its place was kept and the time is over (Redis time)
	why         chat.Departure
}

// depart takes a member out through the room's queue, on any node's behalf, and repeats it until
// Redis has answered or the cluster closes. A member that is not there (any more) is no fault. then
// may be nil; it must not block, and may run on any goroutine. Any goroutine.
func (c *Cluster) depart(room chat.RoomID, d departure, then func()) { c.rooms.depart(room, d, then) }

// hold marks the member's place as kept until the window ends (Redis time), under any incarnation
// of the nonce when incarnation is zero. Repeated like depart; a member that is not there is no fault.
// Any goroutine.
func (c *Cluster) hold(room chat.RoomID, client chat.ClientID, nonce chat.Nonce, incarnation chat.Incarnation, windowMs int64) {
	c.rooms.hold(room, client, nonce, incarnation, windowMs)
}
