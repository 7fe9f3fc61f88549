package admin

import (
	"fmt"
	"log/slog"
	"strconv"

	"chatroom/internal/chat"
)

// removal is the answer of both deletions.
type removal struct {
	TotalRemoved int64      `json:"totalRemoved"`
	Message      string     `json:"message"`
	Ban          *banAnswer `json:"ban,omitempty"`
}

// banAnswer says what became of the ban of a removed client.
type banAnswer struct {
	ID          string `json:"id"`
	SessionOnly bool   `json:"sessionOnly"` // its address is one that is not banned
	SharedWith  int64  `json:"sharedWith"`  // others that stay connected from the banned address
}

// getClient shows one client.
func (s *Server) getClient(x *exchange) error {
	id, err := x.clientID()
	if err != nil {
		return err
	}
	ctx, cancel := s.readContext(x)
	defer cancel()
	record, found, err := s.node.Client(ctx, id)
	if err != nil {
		return err
	}
	if !found {
		return errNoClient
	}
	return x.json(record)
}

// getRoom shows one room.
func (s *Server) getRoom(x *exchange) error {
	id, err := x.roomID()
	if err != nil {
		return err
	}
	ctx, cancel := s.readContext(x)
	defer cancel()
	record, found, err := s.node.Room(ctx, id)
	if err != nil {
		return err
	}
	if !found {
		return errNoRoom
	}
	record.Participants, record.Servers = list(record.Participants), list(record.Servers)
	return x.json(record)
}

// deleteClient puts a client out and bans it when asked to.
func (s *Server) deleteClient(x *exchange) error {
	id, err := x.clientID()
	if err != nil {
		return err
	}
	ban, err := banFor(x.query)
	if err != nil {
		return err
	}
	why, err := reason(x.query)
	if err != nil {
		return err
	}
	ctx, cancel := s.callContext()
	defer cancel()
	removed, err := s.node.RemoveClient(ctx, chat.Removal{
		Client: id, Ban: ban, By: x.user, Reason: why,
		Bannable: func(ip string) bool { return bannable(ip, s.cfg.TrustedProxies) },
	})
	action := "remove client"
	if ban > 0 {
		action = "ban client"
	}
	if err := s.settle(x, action, strconv.FormatUint(uint64(id), 10), why, removed.Total > 0, err, errNoClient); err != nil {
		return err
	}
	answer := removal{TotalRemoved: removed.Total, Message: "The client was removed."}
	if ban > 0 {
		answer.Ban = &banAnswer{ID: removed.BanID, SessionOnly: removed.SessionOnly, SharedWith: removed.SharedWith}
		answer.Message = fmt.Sprintf("The client was removed and its address banned for %v.", ban)
		if removed.SessionOnly {
			answer.Message = fmt.Sprintf("The client was removed and its session banned for %v; its address is not one that can be banned.", ban)
		}
	}
	return x.json(answer)
}

// deleteRoom ends a room; its members stay connected.
func (s *Server) deleteRoom(x *exchange) error {
	id, err := x.roomID()
	if err != nil {
		return err
	}
	why, err := reason(x.query)
	if err != nil {
		return err
	}
	ctx, cancel := s.callContext()
	defer cancel()
	members, found, err := s.node.DeleteRoom(ctx, id)
	if err := s.settle(x, "delete room", strconv.FormatUint(uint64(id), 10), why, found, err, errNoRoom); err != nil {
		return err
	}
	return x.json(removal{TotalRemoved: members, Message: "The room was deleted."})
}

// deleteBan lifts a ban.
func (s *Server) deleteBan(x *exchange) error {
	id, err := x.banID()
	if err != nil {
		return err
	}
	why, err := reason(x.query)
	if err != nil {
		return err
	}
	ctx, cancel := s.callContext()
	defer cancel()
	found, err := s.node.LiftBan(ctx, id)
	if err := s.settle(x, "lift ban", id, why, found, err, errNoBan); err != nil {
		return err
	}
	return x.json(struct {
		Message string `json:"message"`
	}{"The ban was lifted."})
}

// settle records an action in the audit, whatever came of it, and says with which error it is
// answered. An action that failed for want of the cluster is logged with its cause by the caller.
func (s *Server) settle(x *exchange, action, target, why string, found bool, err error, missing *Error) error {
	result := "ok"
	switch {
	case err != nil:
		result = "failed"
	case !found:
		result, err = "not found", missing
	}
	s.audit(x, chat.AuditEntry{By: x.user, Action: action, Target: target, Reason: why, Result: result})
	if result != "failed" {
		s.log.LogAttrs(x.ctx, slog.LevelInfo, "admin action", x.attrs(slog.String("action", action), slog.String("target", target),
			slog.String("reason", why), slog.String("result", result))...)
	}
	return err
}
