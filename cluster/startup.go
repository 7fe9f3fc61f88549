package cluster

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// noEviction is the only maxmemory-policy under which a room can't vanish.
const noEviction = "noeviction"

// errEvicting says that Redis may throw away rooms when its memory is full.
var errEvicting = errors.New("cluster: redis evicts keys when its memory is full; set `maxmemory-policy noeviction` in redis.conf (at run time: CONFIG SET maxmemory-policy noeviction)")

// examine looks at every primary before anything is stored there: old versions and evicting ones
// are refused, those that lose everything in a restart are reported.
func (s *store) examine(ctx context.Context) error {
	for addr, node := range s.client.Nodes() {
		info, err := node.Do(ctx, node.B().Info().Build()).ToString()
		if err != nil {
			return fmt.Errorf("cluster: redis at %s: %w", addr, err)
		}
		if infoField(info, "role") == "slave" {
			continue
		}
		major, _, _ := strings.Cut(infoField(info, "redis_version"), ".")
		if v, err := strconv.Atoi(major); err == nil && v < 7 {
			return fmt.Errorf("cluster: redis at %s has version %s; sharded channels need 7 or newer", addr, infoField(info, "redis_version"))
		}
		if policy := infoField(info, "maxmemory_policy"); policy != "" && policy != noEviction {
			return fmt.Errorf("redis at %s has maxmemory-policy %s: %w", addr, policy, errEvicting)
		}
		s.warnDurability(ctx, addr, node, info)
	}
	return nil
}

func (s *store) warnDurability(ctx context.Context, addr string, node rueidis.Client, info string) {
	if infoField(info, "aof_enabled") != "1" {
		s.log.Warn("redis keeps no append-only file: acknowledged messages are lost when it restarts; set `appendonly yes`", "redis", addr)
		return
	}
	conf, err := node.Do(ctx, node.B().ConfigGet().Parameter("appendfsync").Build()).AsStrMap()
	if err != nil {
		s.log.Warn("redis does not let us read its settings: see that maxmemory-policy is noeviction and appendfsync is everysec or always", "redis", addr, "error", err.Error())
		return
	}
	if conf["appendfsync"] == "no" {
		s.log.Warn("redis never syncs its append-only file: a power loss costs what the kernel had not written", "redis", addr)
	}
}

// infoField reads one line "name:value" of INFO.
func infoField(info, name string) string {
	for line := range strings.SplitSeq(info, "\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
