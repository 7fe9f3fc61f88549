package chat

// SortField names a field of ClientRecord or RoomRecord, as JSON writes it, by which operators may
// have a list ordered.
type SortField string

// The fields by which clients are ordered: those for which no client has to be read by itself.
const (
	SortUsername SortField = "username"
	SortIP       SortField = "ip"
	SortServerID SortField = "serverId"
)

// The fields by which rooms are ordered.
const (
	SortRoomName      SortField = "name"
	SortActiveUsers   SortField = "activeUsers"
	SortPeakUsers     SortField = "peakUsers"
	SortMessageCount  SortField = "messageCount"
	SortLastMessageAt SortField = "lastMessageAt"
	SortCreatedAt     SortField = "createdAt"
)

// SortKey is a client or a room, and the value by which it is ordered: Text byte by byte, so names
// are folded and addresses in their 16 bytes, and Number where the field is one.
type SortKey struct {
	ID     uint64
	Text   string
	Number int64
}
