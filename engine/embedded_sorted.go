package engine

import (
	"context"
	"slices"
	"strings"

	"chatroom/internal/chat"
)

// ClientKeys gives every client whose name contains q, whatever its case, with one field, in any
// order. Any goroutine.
func (e *Embedded) ClientKeys(_ context.Context, q string, by chat.SortField) ([]chat.SortKey, error) {
	q = strings.ToLower(q)
	e.mu.Lock()
	defer e.mu.Unlock()
	keys := make([]chat.SortKey, 0, len(e.sessions))
	for id, s := range e.sessions {
		name := strings.ToLower(s.name)
		if !strings.Contains(name, q) {
			continue
		}
		key := chat.SortKey{ID: uint64(id)}
		switch by {
		case chat.SortUsername:
			key.Text = name
		case chat.SortIP:
			key.Text = string(s.ip[:])
		case chat.SortServerID: // all are here
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// RoomKeys does for rooms what ClientKeys does for clients.
func (e *Embedded) RoomKeys(_ context.Context, q string, by chat.SortField) ([]chat.SortKey, error) {
	q = strings.ToLower(q)
	e.mu.Lock()
	rooms := slices.Clone(e.all)
	e.mu.Unlock()
	keys := make([]chat.SortKey, 0, len(rooms))
	for _, r := range rooms {
		name := strings.ToLower(r.name)
		if !strings.Contains(name, q) {
			continue
		}
		if key, alive := r.sortKey(by); alive {
			if by == chat.SortRoomName {
				key.Text = name
			}
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// sortKey is what a number of the room is; alive is false when it has died meanwhile.
func (r *embeddedRoom) sortKey(by chat.SortField) (key chat.SortKey, alive bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key.ID = uint64(r.id)
	switch by {
	case chat.SortActiveUsers:
		key.Number = int64(len(r.places))
	case chat.SortPeakUsers:
		key.Number = int64(r.peak)
	case chat.SortMessageCount:
		key.Number = int64(r.ring.Newest())
	case chat.SortLastMessageAt:
		key.Number = r.lastAt
	case chat.SortCreatedAt:
		key.Number = r.created
	}
	return key, !r.dead
}
