package admin

import (
	"errors"

	"chatroom/internal/chat"
)

// getServers lists the nodes.
func (s *Server) getServers(x *exchange) error {
	ctx, cancel := s.callContext()
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
	l, err := x.listing()
	if err != nil {
		return err
	}
	ctx, cancel := s.callContext()
	defer cancel()
	ids, total, next, err := s.node.Clients(ctx, l.q, l.cursor, l.limit)
	if err != nil {
		return cursorError(err)
	}
	return x.json(struct {
		IDs   []chat.ClientID `json:"client_ids"`
		Total int64           `json:"total"`
		Next  string          `json:"next_cursor"`
	}{list(ids), total, next})
}

// getRooms lists ids of rooms.
func (s *Server) getRooms(x *exchange) error {
	l, err := x.listing()
	if err != nil {
		return err
	}
	ctx, cancel := s.callContext()
	defer cancel()
	ids, total, next, err := s.node.Rooms(ctx, l.q, l.cursor, l.limit)
	if err != nil {
		return cursorError(err)
	}
	return x.json(struct {
		IDs   []chat.RoomID `json:"room_ids"`
		Total int64         `json:"total"`
		Next  string        `json:"next_cursor"`
	}{list(ids), total, next})
}

// getBans lists the bans that hold.
func (s *Server) getBans(x *exchange) error {
	ctx, cancel := s.callContext()
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
	ctx, cancel := s.callContext()
	defer cancel()
	entries, err := s.node.Audit(ctx)
	if err != nil {
		return err
	}
	return x.json(struct {
		Entries []chat.AuditEntry `json:"entries"`
	}{list(entries)})
}

func cursorError(err error) error {
	if errors.Is(err, chat.ErrUnknownCursor) {
		return errBadQuery
	}
	return err
}

// list makes an empty list of a missing one: [] in JSON, never null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
