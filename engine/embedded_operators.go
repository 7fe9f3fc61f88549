package engine

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"chatroom/internal/chat"
)

// ban is a chat.Ban with what it is checked by.
type ban struct {
	chat.Ban
	nonce chat.Nonce
	addr  netip.Addr // invalid: only the session
}

// auditEntries is how much of the audit is kept (contract, GET /admin/audit).
const auditEntries = 1000

// windowKeys bounds the sliding windows; beyond it the ones that are empty by now go first.
const windowKeys = 1 << 16

const windowSpan = 60 * 1000 // milliseconds

// Servers implements Operators: this node.
func (e *Embedded) Servers(context.Context) ([]chat.ServerStats, error) {
	if e.node == nil {
		return nil, nil
	}
	return []chat.ServerStats{e.node.Stats()}, nil
}

// Clients implements Operators. Kept places count.
func (e *Embedded) Clients(_ context.Context, q, cursor string, limit int) ([]chat.ClientID, int64, string, error) {
	after, err := parseCursor(cursor)
	if err != nil {
		return nil, 0, "", err
	}
	q = strings.ToLower(q)
	e.mu.Lock()
	ids := make([]chat.ClientID, 0, len(e.sessions))
	for id, s := range e.sessions {
		if q == "" || strings.Contains(strings.ToLower(s.name), q) {
			ids = append(ids, id)
		}
	}
	e.mu.Unlock()
	page, next := pageOf(ids, chat.ClientID(after), limit)
	return page, int64(len(ids)), next, nil
}

// Rooms implements Operators.
func (e *Embedded) Rooms(_ context.Context, q, cursor string, limit int) ([]chat.RoomID, int64, string, error) {
	after, err := parseCursor(cursor)
	if err != nil {
		return nil, 0, "", err
	}
	q = strings.ToLower(q)
	e.mu.Lock()
	ids := make([]chat.RoomID, 0, len(e.all))
	for _, r := range e.all {
		if q == "" || strings.Contains(strings.ToLower(r.name), q) {
			ids = append(ids, r.id)
		}
	}
	e.mu.Unlock()
	page, next := pageOf(ids, chat.RoomID(after), limit)
	return page, int64(len(ids)), next, nil
}

func parseCursor(cursor string) (uint64, error) {
	if cursor == "" {
		return 0, nil
	}
	after, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil || after == 0 || strconv.FormatUint(after, 10) != cursor {
		return 0, chat.ErrUnknownCursor
	}
	return after, nil
}

// pageOf sorts ids and cuts the page behind after; next is the last id of a page that is not the
// last.
func pageOf[ID ~uint64](ids []ID, after ID, limit int) (page []ID, next string) {
	slices.Sort(ids)
	start, found := slices.BinarySearch(ids, after)
	if found {
		start++
	}
	end := min(len(ids), start+limit)
	if end < len(ids) && end > start {
		next = strconv.FormatUint(uint64(ids[end-1]), 10)
	}
	return ids[start:end], next
}

// Client implements Operators.
func (e *Embedded) Client(_ context.Context, id chat.ClientID) (chat.ClientRecord, bool, error) {
	if e.node != nil {
		if record, ok := e.node.Client(id); ok {
			return record, true, nil
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.sessions[id]
	if s == nil {
		return chat.ClientRecord{}, false, nil
	}
	record := chat.ClientRecord{
		ID: id, Username: s.name, RoomID: s.room(), ServerID: e.cfg.ServerID, IP: s.addr().String(),
		ConnectedAt: int64(s.issued) * 1000, LastSeenAt: int64(s.issued) * 1000,
	}
	if a := s.activity; a != nil {
		record.ConnectedAt, record.LastSeenAt, record.Messages = a.ConnectedAt, a.LastSeenAt, a.Messages
	}
	return record, true, nil
}

// Room implements Operators.
func (e *Embedded) Room(_ context.Context, id chat.RoomID) (chat.RoomRecord, bool, error) {
	r := e.lock(id)
	if r == nil {
		return chat.RoomRecord{}, false, nil
	}
	defer r.mu.Unlock()
	record := chat.RoomRecord{
		ID: id, Name: r.name, CreatedAt: r.created, CreatedBy: r.creator, ActiveUsers: len(r.places),
		MessageCount: int64(r.ring.Newest()), LastMessageAt: r.lastAt, PeakUsers: r.peak,
		Participants: append([]chat.Participant{}, r.past...), Servers: []string{},
	}
	slices.Reverse(record.Participants) // who came last stands first, as in a cluster
	if e.node != nil {
		record.Servers = append(record.Servers, e.node.Stats().ServerID)
	}
	return record, true, nil
}

// RemoveClient implements Operators.
func (e *Embedded) RemoveClient(_ context.Context, r chat.Removal) (chat.Removed, error) {
	e.mu.Lock()
	s := e.sessions[r.Client]
	if s == nil {
		e.mu.Unlock()
		return chat.Removed{}, nil
	}
	m, in, carried := s.member(r.Client), s.room(), !s.away()
	e.dropLocked(r.Client)
	removed, cause := chat.Removed{Total: 1}, chat.CauseRemoved
	if r.Ban > 0 {
		cause = chat.CauseBanned
		e.banLocked(&r, s, &removed)
	}
	e.mu.Unlock()
	incarnation := m.Incarnation
	if in != 0 {
		m.Incarnation = 0
		e.depart(in, m, chat.DepartureRemoved)
	}
	if carried {
		e.feed.Disconnect(r.Client, incarnation, cause)
	}
	return removed, nil
}

// banLocked keeps a session out, and its address where that means one subscriber.
func (e *Embedded) banLocked(r *chat.Removal, s *embeddedSession, removed *chat.Removed) {
	b := &ban{nonce: s.nonce, Ban: chat.Ban{
		ID: strconv.FormatUint(random64()>>12, 10), ClientID: r.Client, By: r.By, Reason: r.Reason,
		Until: e.cfg.Now().Add(r.Ban).UnixMilli(),
	}}
	if addr := s.addr(); !addr.IsUnspecified() && (r.Bannable == nil || r.Bannable(addr.String())) {
		b.addr = neighbourhood(addr)
		b.IP = banText(b.addr)
		for _, other := range e.sessions {
			if !other.away() && neighbourhood(other.addr()) == b.addr {
				removed.SharedWith++
			}
		}
	} else {
		removed.SessionOnly = true
	}
	removed.BanID = b.ID
	e.bans = append(e.bans, b)
	e.banCount.Store(int64(len(e.bans)))
}

func banText(addr netip.Addr) string {
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).String()
	}
	return addr.String()
}

// Banned implements Directory. Any goroutine.
func (d *EmbeddedDirectory) Banned(ip string) bool {
	e := d.e
	if e.banCount.Load() == 0 {
		return false
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	addr = neighbourhood(addr)
	now := e.cfg.Now().UnixMilli()
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.bans, func(b *ban) bool { return b.addr == addr && b.addr.IsValid() && b.Until > now })
}

func (e *Embedded) bannedSessionLocked(nonce chat.Nonce) bool {
	now := e.cfg.Now().UnixMilli()
	return slices.ContainsFunc(e.bans, func(b *ban) bool { return b.nonce == nonce && b.Until > now })
}

func (e *Embedded) pruneBansLocked() {
	now := e.cfg.Now().UnixMilli()
	e.bans = slices.DeleteFunc(e.bans, func(b *ban) bool { return b.Until <= now })
	e.banCount.Store(int64(len(e.bans)))
}

// Bans implements Operators.
func (e *Embedded) Bans(context.Context) ([]chat.Ban, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pruneBansLocked()
	bans := make([]chat.Ban, 0, len(e.bans))
	for _, b := range e.bans {
		bans = append(bans, b.Ban)
	}
	return bans, nil
}

// LiftBan implements Operators.
func (e *Embedded) LiftBan(_ context.Context, id string) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pruneBansLocked()
	before := len(e.bans)
	e.bans = slices.DeleteFunc(e.bans, func(b *ban) bool { return b.ID == id })
	e.banCount.Store(int64(len(e.bans)))
	return len(e.bans) < before, nil
}

// DeleteRoom implements Operators.
func (e *Embedded) DeleteRoom(_ context.Context, id chat.RoomID) (int64, bool, error) {
	r := e.lock(id)
	if r == nil {
		return 0, false, nil
	}
	defer r.mu.Unlock()
	members := int64(len(r.places))
	e.feed.Event(id, chat.UserEvent{Kind: chat.EventRoomDeleted, At: e.cfg.Now().UnixMilli()})
	e.buryLocked(r, true)
	return members, true, nil
}

// AppendAudit implements Operators.
func (e *Embedded) AppendAudit(_ context.Context, entry chat.AuditEntry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.audit) >= 2*auditEntries {
		e.audit = append(e.audit[:0], e.audit[len(e.audit)-auditEntries:]...)
	}
	e.audit = append(e.audit, entry)
	return nil
}

// Audit implements Operators.
func (e *Embedded) Audit(context.Context) ([]chat.AuditEntry, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	recent := append([]chat.AuditEntry{}, e.audit[max(0, len(e.audit)-auditEntries):]...)
	slices.Reverse(recent)
	return recent, nil
}

// Allow implements Operators.
func (e *Embedded) Allow(_ context.Context, key string, limit int) (bool, int64, error) {
	now := e.cfg.Now().UnixMilli()
	e.mu.Lock()
	defer e.mu.Unlock()
	times, known := e.windows[key]
	if !known && len(e.windows) >= windowKeys {
		e.pruneWindowsLocked()
		if len(e.windows) >= windowKeys {
			return false, windowSpan, nil
		}
	}
	for len(times) > 0 && times[0] <= now-windowSpan {
		times = times[1:]
	}
	if len(times) >= limit {
		e.windows[key] = times
		if limit <= 0 {
			return false, windowSpan, nil
		}
		return false, times[len(times)-limit] + windowSpan - now, nil
	}
	e.windows[key] = append(times, now)
	return true, 0, nil
}

func (e *Embedded) pruneWindowsLocked() {
	now := e.cfg.Now().UnixMilli()
	for key, times := range e.windows {
		if len(times) == 0 || times[len(times)-1] <= now-windowSpan {
			delete(e.windows, key)
		}
	}
}
