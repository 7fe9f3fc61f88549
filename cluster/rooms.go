package cluster

import (
	"context"

	"chatroom/internal/chat"
)

// rooms is the room log: shards that own the rooms, executors and subscriptions.
type rooms struct {
	// Immutable after open.
	c *Cluster
}

func newRooms(c *Cluster) *rooms { return &rooms{c: c} }

func (r *rooms) start(context.Context) error { return nil }
func (r *rooms) stop(context.Context) error  { return nil }
func (r *rooms) ready() string               { return "" }

func (r *rooms) depart(chat.RoomID, departure, func()) {}

func (r *rooms) hold(chat.RoomID, chat.ClientID, chat.Nonce, chat.Incarnation, int64, func(bool)) {}
