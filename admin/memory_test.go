package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"chatroom/internal/chat"
)

// memory is a Node that keeps everything in maps. The real ones run under this listener in the
// tests of the whole node.
type memory struct {
	mu      sync.Mutex
	started time.Time
	clients map[chat.ClientID]chat.ClientRecord
	rooms   map[chat.RoomID]chat.RoomRecord
	bans    []chat.Ban
	audit   []chat.AuditEntry
	windows map[string]*window
	reason  string // why it is not ready
	down    bool   // the cluster can't be reached
	counts  chat.Counters
	cluster chat.ClusterCounters
	hold    chan struct{} // Servers waits for it when it is not nil
}

var errDown = errors.New("memory: connection refused to redis://secret-host")

func newMemory() *memory {
	m := &memory{started: time.Now(), clients: map[chat.ClientID]chat.ClientRecord{}, rooms: map[chat.RoomID]chat.RoomRecord{}, windows: map[string]*window{}}
	for i := range 5 {
		id := chat.ClientID(10000 + i)
		m.clients[id] = chat.ClientRecord{ID: id, Username: fmt.Sprintf("User %d", id), RoomID: 20000, ServerID: "s1", IP: fmt.Sprintf("203.0.113.%d", i), ConnectedAt: 1, LastSeenAt: 2}
	}
	m.clients[10001] = chat.ClientRecord{ID: 10001, Username: "<b>Eve", ServerID: "s1", IP: "127.0.0.1"}
	m.rooms[20000] = chat.RoomRecord{ID: 20000, Name: "Lobby", CreatedAt: 3, CreatedBy: 10000, ActiveUsers: 4, PeakUsers: 5, Servers: []string{"s1"},
		Participants: []chat.Participant{{ClientID: 10000, Username: "User 10000", JoinedAt: 4}, {ClientID: 9, Username: "Gone", JoinedAt: 4, LeftAt: 5}}}
	m.rooms[20001] = chat.RoomRecord{ID: 20001, Name: "Empty"}
	return m
}

func (m *memory) lock() (func(), error) {
	m.mu.Lock()
	if m.down {
		m.mu.Unlock()
		return nil, errDown
	}
	return m.mu.Unlock, nil
}

func (m *memory) Servers(ctx context.Context) ([]chat.ServerStats, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	hold := m.hold
	unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return []chat.ServerStats{m.Stats()}, nil
}

func page[T ~uint64](ids []T, cursor string, limit int) ([]T, int64, string, error) {
	slices.Sort(ids)
	start := 0
	if cursor != "" {
		n, err := strconv.Atoi(cursor)
		if err != nil || n < 0 || n > len(ids) {
			return nil, 0, "", fmt.Errorf("memory: %w", chat.ErrUnknownCursor)
		}
		start = n
	}
	end := min(start+limit, len(ids))
	next := ""
	if end < len(ids) {
		next = strconv.Itoa(end)
	}
	return ids[start:end], int64(len(ids)), next, nil
}

func (m *memory) Clients(_ context.Context, q, cursor string, limit int) ([]chat.ClientID, int64, string, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, 0, "", err
	}
	defer unlock()
	var ids []chat.ClientID
	for id, c := range m.clients {
		if strings.Contains(strings.ToLower(c.Username), strings.ToLower(q)) {
			ids = append(ids, id)
		}
	}
	return page(ids, cursor, limit)
}

func (m *memory) Rooms(_ context.Context, q, cursor string, limit int) ([]chat.RoomID, int64, string, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, 0, "", err
	}
	defer unlock()
	var ids []chat.RoomID
	for id, r := range m.rooms {
		if strings.Contains(strings.ToLower(r.Name), strings.ToLower(q)) {
			ids = append(ids, id)
		}
	}
	return page(ids, cursor, limit)
}

func (m *memory) ClientKeys(_ context.Context, q string, by chat.SortField) ([]chat.SortKey, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var keys []chat.SortKey
	for id, c := range m.clients {
		name := strings.ToLower(c.Username)
		if !strings.Contains(name, strings.ToLower(q)) {
			continue
		}
		keys = append(keys, chat.SortKey{ID: uint64(id), Text: map[chat.SortField]string{chat.SortUsername: name, chat.SortIP: c.IP, chat.SortServerID: c.ServerID}[by]})
	}
	return keys, nil
}

func (m *memory) RoomKeys(_ context.Context, q string, by chat.SortField) ([]chat.SortKey, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var keys []chat.SortKey
	for id, r := range m.rooms {
		if strings.Contains(strings.ToLower(r.Name), strings.ToLower(q)) {
			keys = append(keys, chat.SortKey{ID: uint64(id), Number: map[chat.SortField]int64{chat.SortActiveUsers: int64(r.ActiveUsers), chat.SortCreatedAt: r.CreatedAt}[by]})
		}
	}
	return keys, nil
}

func (m *memory) Client(_ context.Context, id chat.ClientID) (chat.ClientRecord, bool, error) {
	unlock, err := m.lock()
	if err != nil {
		return chat.ClientRecord{}, false, err
	}
	defer unlock()
	r, ok := m.clients[id]
	return r, ok, nil
}

func (m *memory) Room(_ context.Context, id chat.RoomID) (chat.RoomRecord, bool, error) {
	unlock, err := m.lock()
	if err != nil {
		return chat.RoomRecord{}, false, err
	}
	defer unlock()
	r, ok := m.rooms[id]
	return r, ok, nil
}

func (m *memory) RemoveClient(_ context.Context, r chat.Removal) (chat.Removed, error) {
	unlock, err := m.lock()
	if err != nil {
		return chat.Removed{}, err
	}
	defer unlock()
	c, ok := m.clients[r.Client]
	if !ok {
		return chat.Removed{}, nil
	}
	delete(m.clients, r.Client)
	removed := chat.Removed{Total: 1}
	if r.Ban > 0 {
		ban := chat.Ban{ID: fmt.Sprintf("b-%d", r.Client), ClientID: r.Client, Until: time.Now().Add(r.Ban).UnixMilli(), By: r.By, Reason: r.Reason}
		if removed.SessionOnly = !r.Bannable(c.IP); !removed.SessionOnly {
			ban.IP = c.IP
			removed.SharedWith = 2
		}
		removed.BanID = ban.ID
		m.bans = append(m.bans, ban)
	}
	return removed, nil
}

func (m *memory) DeleteRoom(_ context.Context, id chat.RoomID) (int64, bool, error) {
	unlock, err := m.lock()
	if err != nil {
		return 0, false, err
	}
	defer unlock()
	r, ok := m.rooms[id]
	delete(m.rooms, id)
	return int64(r.ActiveUsers), ok, nil
}

func (m *memory) Bans(context.Context) ([]chat.Ban, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.Clone(m.bans), nil
}

func (m *memory) LiftBan(_ context.Context, id string) (bool, error) {
	unlock, err := m.lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	n := len(m.bans)
	m.bans = slices.DeleteFunc(m.bans, func(b chat.Ban) bool { return b.ID == id })
	return len(m.bans) < n, nil
}

func (m *memory) AppendAudit(_ context.Context, e chat.AuditEntry) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.audit = slices.Insert(m.audit, 0, e)
	return nil
}

func (m *memory) Audit(context.Context) ([]chat.AuditEntry, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.Clone(m.audit), nil
}

func (m *memory) Allow(_ context.Context, key string, limit int) (bool, int64, error) {
	unlock, err := m.lock()
	if err != nil {
		return false, 0, err
	}
	defer unlock()
	w := m.windows[key]
	if w == nil {
		w = &window{}
		m.windows[key] = w
	}
	wait := w.take(time.Now(), limit)
	return wait == 0, wait.Milliseconds(), nil
}

func (m *memory) Stats() chat.ServerStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return chat.ServerStats{ServerID: "s1", Host: "here", Version: "test", StartedAt: m.started.UnixMilli(), ActiveConnections: int64(len(m.clients)),
		TotalRooms: int64(len(m.rooms)), TotalMessagesReceived: int64(m.counts.Messages), TotalMessagesSent: int64(m.counts.Deliveries),
		MemoryBytes: 1 << 20, LastUpdatedAt: time.Now().UnixMilli(), P50Micros: 1500, P99Micros: 9000}
}

func (m *memory) Counters() chat.Counters {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts
}

func (m *memory) ClusterCounters() chat.ClusterCounters {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cluster
}

func (m *memory) Ready() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reason
}

func (m *memory) Uptime() time.Duration { return time.Since(m.started) }

// set changes the node under its lock.
func (m *memory) set(change func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}
