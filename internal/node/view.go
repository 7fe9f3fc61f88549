package node

import (
	"context"
	"time"

	"chatroom/admin"
	"chatroom/cluster"
	"chatroom/engine"
	"chatroom/internal/chat"
)

// What each package must be able to do for the others.
var (
	_ engine.Log       = (*cluster.Cluster)(nil)
	_ engine.Directory = (*cluster.Directory)(nil)
	_ operators        = (*cluster.Cluster)(nil)
	_ engine.Log       = (*engine.Embedded)(nil)
	_ operators        = (*engine.Embedded)(nil)
	_ cluster.Feed     = (*engine.Engine)(nil)
	_ cluster.Local    = (*engine.Engine)(nil)
	_ admin.Node       = view{}
)

// operators is what a log does for operators, and what it orders lists by.
type operators interface {
	engine.Operators
	ClientKeys(ctx context.Context, q string, by chat.SortField) ([]chat.SortKey, error)
	RoomKeys(ctx context.Context, q string, by chat.SortField) ([]chat.SortKey, error)
}

// view is the node as the admin listener sees it.
type view struct {
	operators
	node *Node
}

// Stats is this node as operators see it. Any goroutine.
func (v view) Stats() chat.ServerStats { return v.node.engine.Stats() }

// Counters is what this node has counted. Any goroutine.
func (v view) Counters() chat.Counters { return v.node.engine.Counters() }

// ClusterCounters is what the link to Redis has counted. Any goroutine.
func (v view) ClusterCounters() chat.ClusterCounters {
	if v.node.cluster == nil {
		return chat.ClusterCounters{}
	}
	return v.node.cluster.Counters()
}

// Ready is empty while the node takes new connections. Any goroutine.
func (v view) Ready() string { return v.node.Ready() }

// Uptime is the time since the start. Any goroutine.
func (v view) Uptime() time.Duration { return time.Since(v.node.started) }
