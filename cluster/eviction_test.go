package cluster

import (
	"strings"
	"testing"
)

// TestEvictionAtRunTimeEndsReadiness sets the policy that is refused at the start while nodes run.
func TestEvictionAtRunTimeEndsReadiness(t *testing.T) {
	t.Parallel()
	p := twoNodes(t, nil)
	p.redis.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	until(t, "both nodes say why they are not ready", func() bool {
		return strings.Contains(p.a.Ready(), "maxmemory-policy allkeys-lru") && strings.Contains(p.b.Ready(), "maxmemory-policy allkeys-lru")
	})
	p.flood(10, "x") // those who are there go on
	p.all()
	p.redis.do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	until(t, "both nodes are ready again", func() bool { return p.a.Ready() == "" && p.b.Ready() == "" })
}
