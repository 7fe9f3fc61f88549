package chat

import (
	"encoding/json"
	"time"
)

// ServerStats is one node as operators see it (contract, GET /admin/servers).
type ServerStats struct {
	ServerID              string `json:"serverId"`
	Host                  string `json:"host"`
	Version               string `json:"version"`
	StartedAt             int64  `json:"startedAt"`
	Uptime                int64  `json:"uptime"` // seconds
	ActiveConnections     int64  `json:"activeConnections"`
	TotalRooms            int64  `json:"totalRooms"`
	TotalRoomsCreated     int64  `json:"totalRoomsCreated"`
	TotalMessagesReceived int64  `json:"totalMessagesReceived"`
	TotalMessagesSent     int64  `json:"totalMessagesSent"` // deliveries
	LeakyConnections      int64  `json:"leakyConnections"`
	MemoryBytes           int64  `json:"memoryBytes"`
	LastUpdatedAt         int64  `json:"lastUpdatedAt"`

	// P50Micros and P99Micros are the delivery latency of the last second in microseconds, from the
	// frame's arrival at the accepting node to the write to the last member on that node.
	P50Micros int64 `json:"p50Micros"`
	P99Micros int64 `json:"p99Micros"`
}

// ClientRecord is one client as operators see it (contract, GET /admin/client/:id).
type ClientRecord struct {
	ID           ClientID `json:"id"`
	Username     string   `json:"username"`
	RoomID       RoomID   `json:"roomId"` // null when 0: in no room
	ServerID     string   `json:"serverId"`
	IP           string   `json:"ip"`
	ConnectedAt  int64    `json:"connectedAt"`
	LastSeenAt   int64    `json:"lastSeenAt"`
	Messages     int64    `json:"messages"`
	BytesPending int64    `json:"bytesPending"`
}

// MarshalJSON writes null for no room: every field of the record is always there.
func (r ClientRecord) MarshalJSON() ([]byte, error) {
	type fields ClientRecord
	line := struct {
		fields
		RoomID *RoomID `json:"roomId"`
	}{fields: fields(r)}
	if r.RoomID != 0 {
		line.RoomID = &r.RoomID
	}
	return json.Marshal(line)
}

// Participant is one of the last hundred people of a room.
type Participant struct {
	ClientID ClientID `json:"clientId"`
	Username string   `json:"username"`
	JoinedAt int64    `json:"joinedAt"`
	LeftAt   int64    `json:"leftAt,omitempty"`
}

// RoomRecord is one room as operators see it (contract, GET /admin/room/:id).
type RoomRecord struct {
	ID            RoomID        `json:"id"`
	Name          string        `json:"name"`
	CreatedAt     int64         `json:"createdAt"`
	CreatedBy     ClientID      `json:"createdBy"`
	ActiveUsers   int           `json:"activeUsers"`
	MessageCount  int64         `json:"messageCount"`
	LastMessageAt int64         `json:"lastMessageAt"`
	PeakUsers     int           `json:"peakUsers"`
	Participants  []Participant `json:"participants"`
	Servers       []string      `json:"servers"`
}

// Ban keeps a session, and with IP set everybody from that address, out until a time.
type Ban struct {
	ID       string   `json:"id"`
	ClientID ClientID `json:"clientId"`
	IP       string   `json:"ip,omitempty"` // canonical; IPv6 as its /64
	Until    int64    `json:"until"`        // Unix milliseconds
	By       string   `json:"by"`
	Reason   string   `json:"reason,omitempty"`
}

// Removal asks to put a client out; Ban = 0 ends only its session.
type Removal struct {
	Client ClientID
	Ban    time.Duration
	By     string
	Reason string
	// Bannable says whether an address may be banned: not loopback, not private, no untrusted proxy.
	Bannable func(ip string) bool
}

// Removed says what a Removal did.
type Removed struct {
	Total       int64 // clients removed: 0 = there is no such client
	BanID       string
	SessionOnly bool  // the address was not banned
	SharedWith  int64 // others that stay connected from the banned address
}

// AuditEntry is one action of an operator.
type AuditEntry struct {
	At     int64  `json:"at"`
	By     string `json:"by"`
	IP     string `json:"ip"`
	Action string `json:"action"`
	Target string `json:"target"`
	Reason string `json:"reason,omitempty"`
	Result string `json:"result"`
}
