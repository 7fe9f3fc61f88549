package cluster

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Acks that a message can wait for.
const (
	AckRedis   = "redis"   // the primary has executed the script
	AckReplica = "replica" // at least one replica has it as well
)

// Times that are part of the design and no setting.
const (
	// requestDeadline ends one exchange with Redis. Its outcome is unknown then.
	requestDeadline = 2 * time.Second
	// answerDeadline is when a request that waits for Redis is answered UNAVAILABLE. It leaves half
	// a second of the five that the engine is promised.
	answerDeadline = 4500 * time.Millisecond
	// dialTimeout, keepAlive and writeTimeout are those of every connection to Redis: an
	// unresponsive one is given up after keepAlive+writeTimeout.
	dialTimeout  = 2 * time.Second
	keepAlive    = time.Second
	writeTimeout = 3 * time.Second
	// openPatience is how long Open tries to reach Redis.
	openPatience = 10 * time.Second
	// topologyInterval is how often a Redis Cluster or the sentinels are asked who is primary,
	// besides every time that something points at a change.
	topologyInterval = 5 * time.Second
	// replicaWait is how long a batch waits for a replica with AckReplica.
	replicaWait = 100 * time.Millisecond
	// dedupeWindow is how long the place of a client's message id is remembered.
	dedupeWindow = 5 * time.Minute
	// roomTTL clears the keys of a room that nobody refreshes any more (67 minutes); touchInterval
	// is how often its nodes do.
	roomTTL       = 4020 * time.Second
	touchInterval = 60 * time.Second
	// tombstoneTTL is how long the id of a room that died is not handed out.
	tombstoneTTL = 10 * time.Minute
	// replayWindow is how long a node keeps its own acknowledged messages, to offer them again when
	// Redis lost them.
	replayWindow = 10 * time.Second
	// idleFollow is how long a room's channel stays subscribed after Release.
	idleFollow = 30 * time.Second
	// checkInterval is the mean time between two position checks of a room (± 20 %).
	checkInterval = 5 * time.Second
	// gapPatience is how long a gap may close by itself: the reply and the channel are two
	// connections, and which of them is read first is chance.
	gapPatience = 20 * time.Millisecond
	// linkPatience is how long publishes wait for a broken subscription: it learns first whether
	// another Redis answers now. settleTime is how long they wait then, so that every node finds what
	// that Redis lost before any of them uses its numbers again.
	linkPatience = 3 * time.Second
	settleTime   = time.Second
	// probeInterval is between two probes of a primary, probeDeadline the silence that ends
	// readiness.
	probeInterval = time.Second
	probeDeadline = 4 * time.Second
	// policyInterval is between two looks whether a primary evicts keys.
	policyInterval = 5 * time.Second
)

// Bounds that are part of the design and no setting.
const (
	maxBatch      = 128       // messages of one room in one script
	maxBatchBytes = 256 << 10 // and their bytes
	maxBuffered   = 1000      // entries held back while a gap is open
	recoverLimit  = 256       // entries of one recover
	pastLimit     = 100       // former participants kept of a room
	partitions    = 64        // hash tags over which rooms are spread
)

// Limits bounds the retained log of a room.
type Limits struct {
	Messages int           // default 1000
	Age      time.Duration // default 67 minutes
	Bytes    int64         // default 1 MiB; of message bodies with their 28 bytes of head
}

// IDRange is the first range from which ids of clients and of rooms are drawn; when it is full it
// grows by one digit.
type IDRange struct {
	Low, High uint64 // inclusive; default 10000–99999
}

// Config is what a Cluster needs to know. The zero value of a field means its default; URL and
// ServerID have none.
type Config struct {
	// URL says where Redis is; see parseURL for the schemes and options.
	URL string
	// Prefix begins every key and channel. Default "cr:".
	Prefix string
	// Ack is AckRedis (default) or AckReplica.
	Ack string
	// ResumeWindow is how long a lost session keeps its place; 0 = not at all.
	ResumeWindow time.Duration
	// RoomLog bounds what is kept of each room.
	RoomLog Limits
	// ClientIDs is where the ids of clients and rooms begin.
	ClientIDs IDRange
	// ServerID is the UUID of this node in its text form.
	ServerID string
	// Host and Version are what operators see of this node.
	Host, Version string
	// Logger gets what an operator should know. Default: nothing is logged.
	Logger *slog.Logger
}

// withDefaults returns c with the default in every field that is zero.
func (c Config) withDefaults() Config {
	if c.Prefix == "" {
		c.Prefix = "cr:"
	}
	if c.Ack == "" {
		c.Ack = AckRedis
	}
	if c.RoomLog.Messages == 0 {
		c.RoomLog.Messages = 1000
	}
	if c.RoomLog.Age == 0 {
		c.RoomLog.Age = 67 * time.Minute
	}
	if c.RoomLog.Bytes == 0 {
		c.RoomLog.Bytes = 1 << 20
	}
	if c.ClientIDs == (IDRange{}) {
		c.ClientIDs = IDRange{Low: 10000, High: 99999}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return c
}

// Validate reports every fault at once.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("cluster: "+format, args...)) }
	if _, err := parseURL(c.URL); err != nil {
		faults = append(faults, err)
	}
	if strings.ContainsAny(c.Prefix, "{} \t\r\n") || len(c.Prefix) > 64 {
		fault("prefix %q must have at most 64 characters, no braces and no white space", c.Prefix)
	}
	if c.Ack != AckRedis && c.Ack != AckReplica {
		fault("ack %q is neither %q nor %q", c.Ack, AckRedis, AckReplica)
	}
	if c.ResumeWindow < 0 || c.ResumeWindow > time.Hour {
		fault("resume window %s is not within 0 and 1h", c.ResumeWindow)
	}
	if l := c.RoomLog; l.Messages < 1 || l.Messages > 100_000 || l.Age < time.Second || l.Bytes < 64<<10 || l.Bytes > 1<<30 {
		fault("room log %d/%s/%d is not within 1–100000 messages, 1s and more, 64KiB–1GiB", l.Messages, l.Age, l.Bytes)
	}
	if r := c.ClientIDs; r.Low < 1 || r.High < r.Low || r.High > 1<<53-1 {
		fault("client ids %d-%d is no range within 1 and 2^53-1", r.Low, r.High)
	}
	if _, err := parseUUID(c.ServerID); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// parseUUID reads the text form of a UUID (RFC 9562, 36 characters).
func parseUUID(s string) (id [16]byte, err error) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, fmt.Errorf("cluster: server id %q is no UUID", s)
	}
	if _, err = hex.Decode(id[:], []byte(strings.ReplaceAll(s, "-", ""))); err != nil {
		return id, fmt.Errorf("cluster: server id %q is no UUID", s)
	}
	return id, nil
}
