package admin

import (
	"context"
	"errors"

	"chatroom/internal/chat"
)

// getServers lists the nodes.
func (s *Server) getServers(x *exchange) error {
	ctx, cancel := s.readContext(x)
	defer cancel()
	servers, err := s.node.Servers(ctx)
	if err != nil {
		return err
	}
	return x.json(struct {
		Servers []chat.ServerStats `json:"servers"`
	}{list(servers)})
}

// getClients lists ids of clients.
func (s *Server) getClients(x *exchange) error {
	ids, total, next, err := idPage(s, x, clientOrders, s.node.Clients, s.node.ClientKeys)
	if err != nil {
		return err
	}
	return x.json(struct {
		IDs   []chat.ClientID `json:"client_ids"`
		Total int64           `json:"total"`
		Next  string          `json:"next_cursor"`
	}{list(ids), total, next})
}

// getRooms lists ids of rooms.
func (s *Server) getRooms(x *exchange) error {
	ids, total, next, err := idPage(s, x, roomOrders, s.node.Rooms, s.node.RoomKeys)
	if err != nil {
		return err
	}
	return x.json(struct {
		IDs   []chat.RoomID `json:"room_ids"`
		Total int64         `json:"total"`
		Next  string        `json:"next_cursor"`
	}{list(ids), total, next})
}

// idPage reads the page of a list that the query asks for, in the node's own order or in another one.
func idPage[ID ~uint64](s *Server, x *exchange, orders []chat.SortField,
	byID func(context.Context, string, string, int) ([]ID, int64, string, error),
	keys func(context.Context, string, chat.SortField) ([]chat.SortKey, error),
) (ids []ID, total int64, next string, err error) {
	l, err := x.listing()
	if err != nil {
		return nil, 0, "", err
	}
	order, err := x.ordering(orders)
	if err != nil {
		return nil, 0, "", err
	}
	ctx, cancel := s.readContext(x)
	defer cancel()
	if order.by == "" {
		ids, total, next, err = byID(ctx, l.q, l.cursor, l.limit)
	} else {
		ids, total, next, err = ordered[ID](ctx, order, l, keys)
	}
	if errors.Is(err, chat.ErrUnknownCursor) {
		err = errBadQuery
	}
	return ids, total, next, err
}

// getBans lists the bans that hold.
func (s *Server) getBans(x *exchange) error {
	ctx, cancel := s.readContext(x)
	defer cancel()
	bans, err := s.node.Bans(ctx)
	if err != nil {
		return err
	}
	return x.json(struct {
		Bans []chat.Ban `json:"bans"`
	}{list(bans)})
}

// getAudit lists what operators did, newest first.
func (s *Server) getAudit(x *exchange) error {
	ctx, cancel := s.readContext(x)
	defer cancel()
	entries, err := s.node.Audit(ctx)
	if err != nil {
		return err
	}
	return x.json(struct {
		Entries []chat.AuditEntry `json:"entries"`
	}{list(entries)})
}

// list makes an empty list of a missing one: [] in JSON, never null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
