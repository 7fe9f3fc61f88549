package config

// grammar is the command line. The tag `variable` names the environment variable, `standard` the
// default as it would be written; `secret` allows the variable with _FILE behind it. kong's own
// `env` and `default` tags are not used: it lets a config file win over the environment, and stops
// at the first bad value.
type grammar struct {
	Config string `name:"config" placeholder:"FILE" help:"Read settings from this JSON file: an object of flag names and values."`

	Listen      *string `name:"listen" variable:"LISTEN_ADDR" standard:":8080" placeholder:"ADDR" group:"net" help:"Public listener: chat page, WebSocket, health."`
	AdminListen *string `name:"admin-listen" variable:"ADMIN_LISTEN_ADDR" standard:"127.0.0.1:8081" placeholder:"ADDR" group:"net" help:"Private listener: admin API and dashboard, health, readiness, metrics."`

	AllowedOrigins *string `name:"allowed-origins" variable:"ALLOWED_ORIGINS" standard:"same host" placeholder:"LIST" group:"net" help:"Origins that may open the WebSocket, comma-separated."`
	TrustedProxies *string `name:"trusted-proxies" variable:"TRUSTED_PROXIES" standard:"none" placeholder:"CIDRS" group:"net" help:"Proxies whose X-Forwarded-For and X-Real-IP are believed, comma-separated."`
	MaxConnections *string `name:"max-connections" variable:"MAX_CONNECTIONS" standard:"file descriptors − 512" placeholder:"N" group:"net" help:"Beyond it a handshake is answered 503."`
	HandshakeRate  *string `name:"handshake-rate" variable:"HANDSHAKE_RATE" standard:"20/s burst 200" placeholder:"RATE" group:"net" help:"WebSocket handshakes per address and node; 0 = no limit."`
	Heartbeat      *string `name:"heartbeat" variable:"HEARTBEAT" standard:"30s" placeholder:"TIME" group:"net" help:"Ping period; a peer that is silent for two is closed."`
	ResumeWindow   *string `name:"resume-window" variable:"RESUME_WINDOW" standard:"30s" placeholder:"TIME" group:"net" help:"How long a lost connection keeps its place; 0 = not at all."`
	MaxPending     *string `name:"max-pending" variable:"MAX_PENDING" standard:"1MiB" placeholder:"SIZE" group:"net" help:"Unsent bytes at which a slow reader is closed."`
	Drain          *string `name:"drain" variable:"DRAIN" standard:"10s" placeholder:"TIME" group:"net" help:"Over how long a stopping node sends its clients away."`

	MessageRate *string `name:"message-rate" variable:"MESSAGE_RATE" standard:"5/s burst 10" placeholder:"RATE" group:"chat" help:"Events per client; 0 = no limit."`
	MaxMessage  *string `name:"max-message" variable:"MAX_MESSAGE" standard:"2000" placeholder:"N" group:"chat" help:"Characters in a chat text."`
	RoomLog     *string `name:"room-log" variable:"ROOM_LOG" standard:"1000/67m/1MiB" placeholder:"N/TIME/SIZE" group:"chat" help:"Messages, age and bytes kept per room for replay and recovery."`
	LogMemory   *string `name:"log-memory" variable:"LOG_MEMORY" standard:"256MiB" placeholder:"SIZE" group:"chat" help:"Bytes of all rooms' logs in this node."`
	ClientIDs   *string `name:"client-ids" variable:"CLIENT_IDS" standard:"10000-99999" placeholder:"A-B" group:"chat" help:"Ids of clients, and of rooms; when used up they grow by one digit."`

	RedisURL    *string `name:"redis-url" variable:"REDIS_URL" standard:"" placeholder:"URL" group:"redis" help:"redis://, rediss://, redis+cluster:// or redis+sentinel://, addresses comma-separated. Empty = one node on its own."`
	RedisPrefix *string `name:"redis-prefix" variable:"REDIS_PREFIX" standard:"cr:" placeholder:"TEXT" group:"redis" help:"What all keys begin with."`
	Ack         *string `name:"ack" variable:"ACK" standard:"redis" placeholder:"redis|replica" group:"redis" help:"Acknowledge a message when Redis has it, or one replica too."`

	AdminUser *string `name:"admin-user" variable:"ADMIN_USER" secret:"" standard:"" placeholder:"NAME" group:"admin" help:"Who may log in. Without user, password and secret the admin API is off."`
	AdminPass *string `name:"admin-pass" variable:"ADMIN_PASS" secret:"" standard:"" placeholder:"TEXT" group:"admin" help:"The password, or its argon2id hash as chatroom passwd prints it."`
	JWTSecret *string `name:"jwt-secret" variable:"JWT_SECRET" secret:"" standard:"" placeholder:"TEXT" group:"admin" help:"Key that signs tokens, at least 32 bytes."`
	JWTTTL    *string `name:"jwt-ttl" variable:"JWT_TTL" standard:"30m" placeholder:"TIME" group:"admin" help:"Lifetime of a token."`

	LogLevel  *string `name:"log-level" variable:"LOG_LEVEL" standard:"info" placeholder:"LEVEL" group:"log" help:"debug, info, warn or error."`
	LogFormat *string `name:"log-format" variable:"LOG_FORMAT" standard:"text on a terminal, else json" placeholder:"text|json" group:"log" help:"Format of the log on stderr."`

	Version bool `name:"version" help:"Print the version."`

	Serve       struct{} `cmd:"" default:"withargs" help:"Run a node (the default)."`
	Healthcheck struct {
		URL string `name:"url" placeholder:"URL" help:"Ask this address instead of the private listener's /health."`
	} `cmd:"" help:"Ask the running node for its health; exit 0 when it is well."`
	Passwd struct{} `cmd:"" help:"Read a password from stdin and print its argon2id hash."`
}

// groups are the headings of --help.
var groups = map[string]string{
	"net":   "Connections:",
	"chat":  "Chat:",
	"redis": "Redis:",
	"admin": "Administration:",
	"log":   "Logs:",
}
