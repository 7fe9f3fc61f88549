package nodetest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"chatroom/internal/chaos"
	"chatroom/internal/servers"
)

// line is a link to target that ends with the test.
func line(t *testing.T, target string) *servers.Proxy {
	t.Helper()
	p, err := servers.NewProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// TestBadLinesLoseNothing lets people chat over lines on which everything arrives in small pieces, a
// few kilobytes a second, late and at irregular times, and which are cut in the middle of frames; the
// nodes have such lines to Redis.
func TestBadLinesLoseNothing(t *testing.T) {
	t.Parallel()
	r := Redis(t)
	var lines []*servers.Proxy
	var addresses []string
	for range 2 {
		toRedis := line(t, r.Addr())
		n := Start(t, "--redis-url", "redis://"+toRedis.Addr())
		toRedis.Delay(15 * time.Millisecond)
		toRedis.Narrow(2000)
		toNode := line(t, n.Addr().String())
		toNode.Delay(3 * time.Millisecond)
		toNode.Narrow(50)
		lines, addresses = append(lines, toNode), append(addresses, "ws://"+toNode.Addr()+"/ws")
	}
	crowd := chaos.NewCrowd(t.Context(), addresses, 1, 1)
	defer crowd.Leave()
	trouble, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	cuts := time.NewTicker(700 * time.Millisecond)
	defer cuts.Stop()
	random := rand.New(rand.NewPCG(1, 2))
	for trouble.Err() == nil {
		select {
		case <-trouble.Done():
		case <-cuts.C:
			lines[random.IntN(len(lines))].Cut(false)
		}
	}
	for _, l := range lines {
		l.Narrow(0)
		l.Delay(0)
	}
	if v := crowd.Finish(t.Context()); !v.Clean() {
		t.Error(v)
	}
	acked, seen, resumes, _ := crowd.History.Counts()
	t.Logf("%d acknowledged, %d seen, %d resumes", acked, seen, resumes)
	if acked < 10 || resumes == 0 {
		t.Error("too little happened to prove anything")
	}
}
