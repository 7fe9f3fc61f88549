package config

import "iter"

// setting is one row of the command line. The other sources are read by the same table, so a flag
// has no default of its own: standard is the default as it would be written, or says what is meant.
type setting struct {
	name, variable, standard string
	placeholder, help        string
	secret                   bool // also read from the file that variable_FILE names
}

// group is a heading of --help and what stands under it.
type group struct {
	title    string
	settings []setting
}

var groups = []group{
	{"Connections", []setting{
		{name: "listen", variable: "LISTEN_ADDR", standard: ":8080", placeholder: "ADDR", help: "Public listener: chat page, WebSocket, health."},
		{name: "admin-listen", variable: "ADMIN_LISTEN_ADDR", standard: "127.0.0.1:8081", placeholder: "ADDR", help: "Private listener: admin API and dashboard, health, readiness, metrics."},
		{name: "allowed-origins", variable: "ALLOWED_ORIGINS", standard: "same host", placeholder: "LIST", help: "Origins that may open the WebSocket, comma-separated."},
		{name: "trusted-proxies", variable: "TRUSTED_PROXIES", standard: "none", placeholder: "CIDRS", help: "Proxies whose X-Forwarded-For and X-Real-IP are believed, comma-separated."},
		{name: "max-connections", variable: "MAX_CONNECTIONS", standard: "file descriptors − 512", placeholder: "N", help: "Beyond it a handshake is answered 503."},
		{name: "handshake-rate", variable: "HANDSHAKE_RATE", standard: "20/s burst 200", placeholder: "RATE", help: "WebSocket handshakes per address and node; 0 = no limit."},
		{name: "heartbeat", variable: "HEARTBEAT", standard: "30s", placeholder: "TIME", help: "Ping period; a peer that is silent for two is closed."},
		{name: "resume-window", variable: "RESUME_WINDOW", standard: "30s", placeholder: "TIME", help: "How long a lost connection keeps its place; 0 = not at all."},
		{name: "max-pending", variable: "MAX_PENDING", standard: "1MiB", placeholder: "SIZE", help: "Unsent bytes at which a slow reader is closed."},
		{name: "drain", variable: "DRAIN", standard: "10s", placeholder: "TIME", help: "Over how long a stopping node sends its clients away."},
	}},
	{"Chat", []setting{
		{name: "message-rate", variable: "MESSAGE_RATE", standard: "5/s burst 10", placeholder: "RATE", help: "Events per client; 0 = no limit."},
		{name: "max-message", variable: "MAX_MESSAGE", standard: "2000", placeholder: "N", help: "Characters in a chat text."},
		{name: "room-log", variable: "ROOM_LOG", standard: "1000/67m/1MiB", placeholder: "N/TIME/SIZE", help: "Messages, age and bytes kept per room for replay and recovery."},
		{name: "log-memory", variable: "LOG_MEMORY", standard: "256MiB", placeholder: "SIZE", help: "Bytes of all rooms' logs in this node."},
		{name: "client-ids", variable: "CLIENT_IDS", standard: "10000-99999", placeholder: "A-B", help: "Ids of clients, and of rooms; when used up they grow by one digit."},
	}},
	{"Redis", []setting{
		{name: "redis-url", variable: "REDIS_URL", placeholder: "URL", help: "redis://, rediss://, redis+cluster:// or redis+sentinel://, addresses comma-separated. Empty = one node on its own."},
		{name: "redis-prefix", variable: "REDIS_PREFIX", standard: "cr:", placeholder: "TEXT", help: "What all keys begin with."},
		{name: "ack", variable: "ACK", standard: "redis", placeholder: "redis|replica", help: "Acknowledge a message when Redis has it, or one replica too."},
	}},
	{"Administration", []setting{
		{name: "admin-user", variable: "ADMIN_USER", secret: true, placeholder: "NAME", help: "Who may log in. Without user, password and secret the admin API is off."},
		{name: "admin-pass", variable: "ADMIN_PASS", secret: true, placeholder: "TEXT", help: "The password, or its argon2id hash as chatroom passwd prints it."},
		{name: "jwt-secret", variable: "JWT_SECRET", secret: true, placeholder: "TEXT", help: "Key that signs tokens, at least 32 bytes."},
		{name: "jwt-ttl", variable: "JWT_TTL", standard: "30m", placeholder: "TIME", help: "Lifetime of a token."},
		{name: "jwt-min-iat", variable: "JWT_MIN_IAT", placeholder: "MOMENT", help: "Refuse tokens issued before this moment, such as 2026-01-31T12:00:00Z: it revokes all of them."},
	}},
	{"Logs", []setting{
		{name: "log-level", variable: "LOG_LEVEL", standard: "info", placeholder: "LEVEL", help: "debug, info, warn or error."},
		{name: "log-format", variable: "LOG_FORMAT", standard: "text on a terminal, else json", placeholder: "text|json", help: "Format of the log on stderr."},
	}},
}

// rows are all settings in the order of --help.
func rows() iter.Seq[setting] {
	return func(yield func(setting) bool) {
		for _, group := range groups {
			for _, row := range group.settings {
				if !yield(row) {
					return
				}
			}
		}
	}
}

// commands are what may stand beside the flags.
var commands = []struct {
	name Command
	help string
}{
	{Serve, "Run a node (the default)."},
	{Healthcheck, "Ask the running node for its health; exit 0 when it is well."},
	{Passwd, "Read a password from stdin and print its argon2id hash."},
}
