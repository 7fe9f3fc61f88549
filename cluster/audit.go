package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"chatroom/internal/chat"
)

// auditKept is how many actions of operators are kept.
const auditKept = 1000

// rateWindow is the window of Allow.
const rateWindow = time.Minute

// AppendAudit records an action of an operator. Blocks until ctx ends.
func (c *Cluster) AppendAudit(ctx context.Context, entry chat.AuditEntry) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("cluster: audit: %w", err)
	}
	b := c.store.client.B()
	cmd := b.Xadd().Key(c.auditKey()).Maxlen().Exact().Threshold(strconv.Itoa(auditKept)).Id("*").FieldValue().FieldValue("e", string(line)).Build()
	if err := c.store.do(ctx, cmd).Error(); err != nil {
		return fmt.Errorf("cluster: audit: %w", err)
	}
	return nil
}

func (c *Cluster) auditKey() string { return c.store.keys.prefix + "{audit}" }

// Audit lists the last 1,000 actions, newest first. Blocks until ctx ends.
func (c *Cluster) Audit(ctx context.Context) ([]chat.AuditEntry, error) {
	cmd := c.store.client.B().Xrevrange().Key(c.auditKey()).End("+").Start("-").Count(auditKept).Build()
	lines, err := c.store.do(ctx, cmd).AsXRange()
	if err != nil {
		return nil, fmt.Errorf("cluster: audit: %w", err)
	}
	entries := make([]chat.AuditEntry, 0, len(lines))
	for _, l := range lines {
		var e chat.AuditEntry
		if json.Unmarshal([]byte(l.FieldValues["e"]), &e) == nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// Allow counts one request in the sliding minute of key, in the whole cluster. When limit is
// reached it does not count, and says after how many milliseconds it would. Blocks until ctx ends.
func (c *Cluster) Allow(ctx context.Context, key string, limit int) (ok bool, retryAfterMs int64, err error) {
	// Hashed: a key may be as long as a user name, and must not contain a hash tag of its own.
	sum := sha256.Sum256([]byte(key))
	name := c.store.keys.tagged("rl"+hex.EncodeToString(sum[:8]), "w")
	wait, err := c.store.run(ctx, scriptRate, []string{name}, []string{strconv.Itoa(limit), strconv.FormatInt(rateWindow.Milliseconds(), 10)}).AsInt64()
	if err != nil {
		return false, 0, fmt.Errorf("cluster: rate: %w", err)
	}
	return wait == 0, wait, nil
}
