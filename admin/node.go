package admin

import (
	"context"
	"time"

	"chatroom/internal/chat"
)

// Node is what the listener sees of the node that it serves and, through it, of the whole cluster.
// Methods with a context may block until it ends; the others return at once. Any goroutine.
type Node interface {
	// Servers lists the nodes that are alive, this one included.
	Servers(ctx context.Context) ([]chat.ServerStats, error)
	// Clients lists ids in a stable order; q filters by a part of the name, limit is 1–10000. A
	// cursor that names no place is chat.ErrUnknownCursor.
	Clients(ctx context.Context, q, cursor string, limit int) (ids []chat.ClientID, total int64, next string, err error)
	// Rooms does for rooms what Clients does for clients.
	Rooms(ctx context.Context, q, cursor string, limit int) (ids []chat.RoomID, total int64, next string, err error)
	// ClientKeys gives every client whose name contains q with one of the fields username, ip and
	// serverId, in any order.
	ClientKeys(ctx context.Context, q string, by chat.SortField) ([]chat.SortKey, error)
	// RoomKeys gives every room whose name contains q with one of the fields name, activeUsers,
	// peakUsers, messageCount, lastMessageAt and createdAt, in any order.
	RoomKeys(ctx context.Context, q string, by chat.SortField) ([]chat.SortKey, error)
	// Client reads one client, wherever it is connected.
	Client(ctx context.Context, id chat.ClientID) (record chat.ClientRecord, found bool, err error)
	// Room reads one room.
	Room(ctx context.Context, id chat.RoomID) (record chat.RoomRecord, found bool, err error)
	// RemoveClient puts a client out, with a ban when r.Ban is positive.
	RemoveClient(ctx context.Context, r chat.Removal) (chat.Removed, error)
	// DeleteRoom ends a room and says how many members it had.
	DeleteRoom(ctx context.Context, id chat.RoomID) (members int64, found bool, err error)
	// Bans lists the bans that hold now.
	Bans(ctx context.Context) ([]chat.Ban, error)
	// LiftBan ends one ban.
	LiftBan(ctx context.Context, id string) (found bool, err error)
	// AppendAudit records what an operator did.
	AppendAudit(ctx context.Context, entry chat.AuditEntry) error
	// Audit reads the last 1,000 entries, newest first.
	Audit(ctx context.Context) ([]chat.AuditEntry, error)
	// Allow counts one request in the sliding minute of key over the whole cluster; when limit is
	// reached it says how long to wait and does not count.
	Allow(ctx context.Context, key string, limit int) (ok bool, retryAfterMs int64, err error)

	// Stats is this node as Servers would show it.
	Stats() chat.ServerStats
	// Counters is what this node has counted. It is called at every scrape and must cost nothing
	// per connection.
	Counters() chat.Counters
	// ClusterCounters is what the link to Redis has counted; all zero without Redis.
	ClusterCounters() chat.ClusterCounters
	// Ready is empty while the node takes new connections, else the reason why it does not, as a
	// short sentence for an operator.
	Ready() string
	// Uptime is the time since the node began to serve.
	Uptime() time.Duration
}

// Pages are the files of the dashboard. Any goroutine.
type Pages interface {
	// Respond answers GET for a path that begins with "/admin/" (the page itself is "/admin/").
	// acceptEncoding and ifNoneMatch are the request's headers of these names, "" when absent.
	// header holds name–value pairs, Content-Type among them; they replace the listener's own of
	// the same name. The body is not changed afterwards, by neither side. A status of 404 means
	// that there is no such file; the listener writes the answer itself.
	Respond(path, acceptEncoding, ifNoneMatch string) (status int, header [][2]string, body []byte)
}
