package nginx

import (
	"cmp"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"chatroom/bench/report"
)

// These are measured by hand (make bench-nginx): go test runs benchmarks only when it is told to.

const (
	// pairs is how often a node is measured directly and then through nginx.
	pairs = 3
	// openLoad is what the harness' open loads deliver.
	openLoad = 10_000.0
	// addedLatency is the most that nginx may add to the median way of a message, milliseconds.
	addedLatency = 1.0
)

// BenchmarkLatencyThroughNginx puts the same load on one node directly and through nginx, in turn.
func BenchmarkLatencyThroughNginx(b *testing.B) {
	f := startFront(b, 1, false, "--message-rate", "0", "--handshake-rate", "0", "--log-level", "error")
	harness := filepath.Join(f.dir, "chatroom-bench")
	if out, err := exec.Command("go", "build", "-o", harness, "chatroom/bench").CombinedOutput(); err != nil {
		b.Fatalf("harness: %v\n%s", err, out)
	}
	node := f.nodes[0].Process().PID()
	var direct, proxied readings
	for range pairs {
		direct.take(b, harness, f.nodes[0].WebSocket(), node)
		proxied.take(b, harness, f.webSocket(), append(f.workers(), node)...)
	}
	direct.say(b, "direct")
	proxied.say(b, "through nginx")
	added := median(proxied.p50) - median(direct.p50)
	b.ReportMetric(median(direct.p50), "direct-p50-ms")
	b.ReportMetric(median(proxied.p50), "nginx-p50-ms")
	b.ReportMetric(added, "added-ms")
	if added > addedLatency {
		b.Errorf("nginx adds %.2f ms to the median, at most %v", added, addedLatency)
	}
}

// readings are the figures of several runs against one address. The open loads (10,000 deliveries a
// second) give latencies and CPU time per million deliveries, the closed one the ceiling.
type readings struct{ p50, p99, cost, ceiling []float64 }

// take runs the harness once; pids are the processes whose CPU time counts. The address stands for
// both nodes of the harness' cluster, which only means that connections are dealt out to it in turn.
func (r *readings) take(b *testing.B, harness, url string, pids ...int) {
	b.Helper()
	out := filepath.Join(b.TempDir(), "result.json")
	args := []string{"-quiet", "-no-limit", "-html", "", "-json", out, "-warm-up", "1s", "-duration", "4s", "-url", url + "," + url, "-pid", commas(pids), "cluster"}
	if text, err := exec.Command(harness, args...).CombinedOutput(); err != nil {
		b.Fatalf("harness: %v\n%s", err, text)
	}
	result, err := report.Load(out)
	if err != nil {
		b.Fatal(err)
	}
	for _, variant := range []string{"cluster-open", "single-open"} {
		row := result.Find(variant, "chatroom")
		if rate := figure(b, row, report.Throughput); math.Abs(rate-openLoad) > openLoad/100 {
			b.Fatalf("%s at %s: %.0f deliveries a second, want %v", variant, url, rate, openLoad)
		}
		r.p50 = append(r.p50, figure(b, row, report.P50))
		r.p99 = append(r.p99, figure(b, row, report.P99))
		r.cost = append(r.cost, figure(b, row, report.CPUCost))
	}
	r.ceiling = append(r.ceiling, figure(b, result.Find("cluster", "chatroom"), report.Throughput))
}

func (r *readings) say(b *testing.B, way string) {
	b.Helper()
	b.Logf("%-13s  p50 %.2f ms %.2f  p99 %.2f ms %.2f  %.1f CPU-s/M  ceiling %.0f/s",
		way, median(r.p50), r.p50, median(r.p99), r.p99, median(r.cost), median(r.ceiling))
}

func figure(b *testing.B, row *report.Row, name string) float64 {
	b.Helper()
	if row == nil || !row.Good() || row.Limited {
		b.Fatalf("no good figures: %+v", row)
	}
	if row.Note != "" {
		b.Logf("%s: %s", row.Variant, row.Note)
	}
	found, ok := row.Figure(name)
	if !ok {
		b.Fatalf("%s has no %s", row.Variant, name)
	}
	return found.Value
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func commas[T cmp.Ordered](values []T) string {
	text := ""
	for i, v := range values {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(v)
	}
	return text
}
