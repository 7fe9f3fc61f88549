package nodetest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/servers"
	"chatroom/wsproto"
)

// TestPromtoolTakesWhatNodesSay asks nodes that have done something, and holds the values of their
// labels against docs/metrics.md: none comes from outside.
func TestPromtoolTakesWhatNodesSay(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: install the package prometheus")
	}
	document, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	worlds(t, func(t *testing.T, a, b *Node) {
		alice, bob := Dial(t, a), Dial(t, b)
		bob.Join(alice.Create("Tea").Int("roomId"))
		alice.Expect("USER_EVENT")
		alice.Say("1", "hello")
		bob.Expect("NEW_MESSAGE")
		bob.Leave()
		ask(t, a, "x", http.MethodGet, "/admin/servers")
		ask(t, a, "", http.MethodGet, "/nowhere")
		for _, n := range []*Node{a, b} {
			text := ask(t, n, "", http.MethodGet, "/metrics").body
			check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
			check.Stdin = bytes.NewReader(text)
			if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("promtool: %v\n%s", err, out)
			}
			for _, m := range regexp.MustCompile(`(?m)^(chatroom_\w+)\{(?:result|layer|limit)="(\w+)"\}`).FindAllSubmatch(text, -1) {
				row := regexp.MustCompile("(?m)^\\| `" + string(m[1]) + "` .*$").Find(document)
				if !regexp.MustCompile(`\b` + string(m[2]) + `\b`).Match(row) {
					t.Errorf("%s has the value %s, documented is %s", m[1], m[2], row)
				}
			}
		}
	})
}

// descriptors is how many files this process may open.
func descriptors(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return int(min(limit.Cur, 1<<20))
}

// crowd opens so many connections to a node.
func crowd(t *testing.T, n *servers.Node, size int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for part := range 16 {
		wg.Go(func() {
			for range size/16 + min(1, max(0, size%16-part)) {
				c, err := wsproto.Dial(ctx, n.WebSocket(), wsproto.DialOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(func() { _ = c.CloseNow() })
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// quickly is how long a scrape may take.
const quickly = 20 * time.Millisecond

// scrape is what a scrape costs a node at best: the time that the scraper waits, and what the whole
// process allocates for one. Each of at least four batches gives the quickest and the mean, for the
// runtime counts what its processors allocated in lumps, now for many scrapes and now for none; the best
// batch counts: the rest is what else the machine does, and it may have much to do.
func scrape(t *testing.T, n *servers.Node) (took time.Duration, mallocs float64, text string) {
	t.Helper()
	const batch = 50
	took, mallocs = time.Hour, 1e18
	for i, end := 0, time.Now().Add(patience); i < 4 || took >= quickly && time.Now().Before(end); i++ {
		var first, last float64
		for j := range batch {
			begin := time.Now()
			response, err := http.Get(n.Admin() + "/metrics")
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			took = min(took, time.Since(begin))
			text = string(body)
			if last = sample(t, text, "go_memstats_mallocs_total"); j == 0 {
				first = last
			}
		}
		mallocs = min(mallocs, (last-first)/(batch-1))
	}
	return took, mallocs, text
}

// sample is the value of one metric without labels.
func sample(t *testing.T, text, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("there is no %s", name)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestScrapesCostNothingPerConnection scrapes a process of its own, alone and with ten thousand
// connections, or as many as this machine lets a process open.
func TestScrapesCostNothingPerConnection(t *testing.T) {
	binary, err := servers.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n, err := servers.StartNode(t.Context(), t.TempDir(), binary, nil, "--handshake-rate", "0", "--drain", "0s")
	if n != nil && n.Process() != nil {
		t.Cleanup(n.Kill)
	}
	if err == nil {
		err = n.Process().Await(t.Context(), n.Ready)
	}
	if err != nil {
		t.Fatal(err)
	}
	aloneTook, alone, _ := scrape(t, n)
	size := min(10_000, descriptors(t)-1_000)
	crowd(t, n, size)
	took, mallocs, text := scrape(t, n)
	t.Logf("alone %v and %.0f allocations, with %d connections %v and %.0f", aloneTook, alone, size, took, mallocs)
	if open := int(sample(t, text, "chatroom_connections")); open != size {
		t.Errorf("%d connections are counted, there are %d", open, size)
	}
	if took >= quickly {
		t.Errorf("a scrape took %v at best", took)
	}
	if more := mallocs - alone; more > float64(size)/20 {
		t.Errorf("%d connections cost %.0f allocations a scrape", size, more)
	}
	if len(text) > 64<<10 {
		t.Errorf("a scrape has %d bytes", len(text))
	}
}
