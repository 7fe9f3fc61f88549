package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"chatroom/internal/chat"
)

func busy(m *memory) {
	latency := chat.Latency{SumMicros: 1_000_000, Count: 20}
	for i := range latency.Buckets {
		latency.Buckets[i] = uint64(i)
	}
	m.counts = chat.Counters{
		Connections: 10_000, Rooms: 100, SplitRooms: 40, PendingBytes: 5, Handshakes: map[string]uint64{"ok": 7, "banned": 2}, Closes: map[int]uint64{1000: 3, 4000: 1, 3999: 4, 4999: 5},
		Messages: 11, Deliveries: 22, BytesIn: 33, BytesOut: 44, SlowReaders: 1, Resumes: map[string]uint64{"ok": 1}, Dedupes: 2, RateLimited: map[string]uint64{"message": 9},
		Delivery: latency, LoopTurn: latency, Errors: map[string]uint64{"BAD_JSON": 1}, LogBytes: 55, MaxConnection: 20_000,
	}
	m.cluster = chat.ClusterCounters{Gaps: 1, ProbeRTT: latency, RoundTrip: latency, BatchSizes: latency}
}

func TestMetricsPassPromtool(t *testing.T) {
	f := start(t, nil)
	f.login()
	f.node.set(busy)
	a := f.do(call{path: "/metrics"})
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d %v", a.status, a.header)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: install the package prometheus")
	}
	command := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	command.Stdin = bytes.NewReader(a.body)
	if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
	text := string(a.body)
	for _, want := range []string{
		"chatroom_connections 10000", "chatroom_connections_limit 20000", "chatroom_rooms_split 40", `chatroom_handshakes_total{result="ok"} 7`, `chatroom_closes_total{code="1000"} 3`,
		`chatroom_closes_total{code="other"} 9`, "chatroom_messages_total 11", "chatroom_deliveries_total 22", "chatroom_received_bytes_total 33",
		`chatroom_delivery_latency_seconds_bucket{le="0.0001"} 0`, `chatroom_delivery_latency_seconds_bucket{le="10"} 120`, `chatroom_delivery_latency_seconds_bucket{le="+Inf"} 136`,
		"chatroom_delivery_latency_seconds_sum 1", `chatroom_cluster_batch_messages_bucket{le="100"} 0`, "chatroom_cluster_gaps_total 1",
		`chatroom_build_info{go_version="go`, "process_open_fds ", "process_max_fds ", "go_goroutines ", `chatroom_admin_logins_total{result="ok"} 1`, "chatroom_ready 1",
		`chatroom_admin_requests_total{route="/admin/login",status="200"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, secret := range []string{testPass, testSecret, testUser} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the metrics", secret)
		}
	}
}

// Labels whose values come from outside are folded.
func TestSeriesAreBounded(t *testing.T) {
	f := start(t, nil)
	f.node.set(func(m *memory) {
		m.counts.Closes, m.counts.Handshakes = map[int]uint64{}, map[string]uint64{}
		for i := range 1000 {
			m.counts.Closes[3000+i] = 1
			m.counts.Handshakes[fmt.Sprint("r", i)] = 1
		}
	})
	for i := range 300 {
		f.do(call{path: fmt.Sprintf("/x%d", i)})
	}
	text := string(f.do(call{path: "/metrics"}).body)
	for name, most := range map[string]int{"chatroom_closes_total{": 1, "chatroom_handshakes_total{": maxLabelValues + 1, "chatroom_admin_requests_total{": 2} {
		if n := strings.Count(text, "\n"+name); n > most {
			t.Errorf("%s has %d series", name, n)
		}
	}
	if !strings.Contains(text, `chatroom_handshakes_total{result="other"} 960`) {
		t.Error("the rest is not summed")
	}
}

func BenchmarkScrape(b *testing.B) {
	node := newMemory()
	node.set(busy)
	server, err := New(Config{}, node, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		x := &exchange{ctx: newRequest("/metrics")}
		if err := server.getMetrics(x); err != nil {
			b.Fatal(err)
		}
	}
	if per := b.Elapsed() / time.Duration(b.N); per > 20*time.Millisecond {
		b.Errorf("a scrape takes %v", per)
	}
}

// documented reads the tables of docs/metrics.md: by name the type, the labels and the meaning.
func documented(t *testing.T) map[string][3]string {
	t.Helper()
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][3]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(chatroom_\\w+)` \\| (\\w+) \\| (.*?) ?\\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		if _, twice := rows[m[1]]; twice {
			t.Errorf("%s is documented twice", m[1])
		}
		rows[m[1]] = [3]string(m[2:5])
	}
	return rows
}

// The document names every metric and no other, with its type, its labels, their values and the very
// words of the scrape.
func TestMetricsAreDocumented(t *testing.T) {
	f := start(t, nil)
	f.login()
	f.node.set(busy)
	rows := documented(t)
	families, err := f.server.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		row, ok := rows[family.GetName()]
		if !strings.HasPrefix(family.GetName(), "chatroom_") {
			continue
		}
		if kind := strings.ToLower(family.GetType().String()); !ok || row[0] != kind || row[2] != family.GetHelp() {
			t.Errorf("%s, a %s: %q is documented as %v", family.GetName(), kind, family.GetHelp(), row)
		}
		for _, label := range family.GetMetric()[0].GetLabel() {
			if !strings.Contains(row[1], "`"+label.GetName()+"`") {
				t.Errorf("%s: the label %s is not documented", family.GetName(), label.GetName())
			}
		}
		delete(rows, family.GetName())
	}
	for name := range rows {
		t.Errorf("%s is documented and not there", name)
	}
	operations, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows = documented(t)
	for _, name := range regexp.MustCompile(`chatroom_[a-z_]+`).FindAllString(string(operations), -1) {
		if _, ok := rows[name]; !ok {
			t.Errorf("docs/operations.md speaks of %s, which is not there", name)
		}
	}
}
