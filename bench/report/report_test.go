package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatroom/bench/load"
	"chatroom/bench/machine"
	"chatroom/bench/report"
)

func sample(throughput float64) *report.Result {
	mine := &report.Row{Scenario: "fanout", Variant: "fanout-1000", Subject: "chatroom", Load: "rooms of <100>", Series: []report.Point{{Seconds: 1, Deliveries: 5, P50: 1, P99: 2}, {Seconds: 2, Deliveries: 9, P50: 1, P99: 3}}}
	mine.Add(report.Throughput, throughput, "/s")
	mine.AddLess(report.CPUCost, 2, "s")
	limit := &report.Row{Scenario: "fanout", Variant: "fanout-1000", Subject: "limit-batched", Load: "rooms of <100>"}
	limit.Add(report.Throughput, 1000, "/s")
	limit.AddLess(report.CPUCost, 1, "s")
	mine.AddShare(limit, report.Throughput)
	return &report.Result{At: time.Unix(1_700_000_000, 0), Machine: machine.Description{CPU: "test", CPUs: 2}, Rows: []*report.Row{mine, limit}}
}

func TestShare(t *testing.T) {
	r := sample(500)
	if f, ok := r.Rows[0].Figure(report.Share); !ok || f.Value != 0.5 {
		t.Errorf("share %+v", f)
	}
	row := &report.Row{}
	row.AddLess(report.CPUCost, 4, "s")
	row.AddShare(r.Rows[1], report.CPUCost) // 4 s beside the limit's 1 s
	if f, ok := row.Figure(report.Share); !ok || f.Value != 0.25 {
		t.Errorf("share where less is better: %+v", f)
	}
	row.AddShare(r.Rows[1], "no such figure")
	if len(row.Figures) != 2 {
		t.Errorf("a share of nothing was added: %+v", row.Figures)
	}
}

func TestThreshold(t *testing.T) {
	r := sample(500)
	peer := &report.Row{Variant: "fanout-1000", Subject: "socket.io"}
	peer.AddLess(report.P999, 5, "ms")
	r.Rows = append(r.Rows, peer)
	for text, good := range map[string]bool{
		"fanout-1000.deliveries_per_s=499":                true,
		"fanout-1000.deliveries_per_s=501":                false,
		"fanout-1000.share_of_limit=0.5":                  true,
		"fanout-1000.cpu_s_per_million=2":                 true,
		"fanout-1000.cpu_s_per_million=1.9":               false,
		"fanout-1000:limit-batched.cpu_s_per_million=1.9": true,
		"fanout-1000.p99.9_ms=3":                          false, // not measured
		"pairs.deliveries_per_s=1":                        false, // did not run
		"fanout-1000:socket.io.p99.9_ms=5":                true,  // dots everywhere
		"fanout-1000:socket.io.p99.9_ms=4":                false,
	} {
		threshold, err := report.ParseThreshold(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := threshold.Check(r); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "x", "x=1", "x.y", "x.y=", "x.y=a", ".y=1"} {
		if _, err := report.ParseThreshold(text); err == nil {
			t.Errorf("%q was taken as a threshold", text)
		}
	}
}

func TestSaveAndCompare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	if err := sample(400).Save(path); err != nil {
		t.Fatal(err)
	}
	earlier, err := report.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	now := sample(500)
	if c := report.Compare(earlier, now.Rows[0], report.Throughput); !c.Known || c.Percent != 25 {
		t.Errorf("%+v", c)
	}
	if line := report.Changes(earlier, now.Rows[0]); !strings.Contains(line, "deliveries/s 25 % better (500, was 400)") {
		t.Errorf("changes: %q", line)
	}
	if now.Rows[0].Load = "another load"; report.Compare(earlier, now.Rows[0], report.Throughput).Known {
		t.Error("two loads of one name were compared")
	}
	now.Rows[0].Load = "rooms of <100>"
	if c := report.Compare(nil, now.Rows[0], report.Throughput); c.Known {
		t.Error("compared with nothing")
	}
	page := filepath.Join(t.TempDir(), "page.html")
	if err := report.SaveHTML(page, now, earlier); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"25 %, was 400", "<svg", "polyline", "rooms of &lt;100&gt;", "no promise was broken"} {
		if !bytes.Contains(html, []byte(want)) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	// Self-contained: nothing is fetched from anywhere.
	for _, bad := range []string{"http:", "https:", "<script", "<link", "url(", "ZgotmplZ"} {
		if bytes.Contains(html, []byte(bad)) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestMarkdown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.md")
	if err := report.SaveMarkdown(path, sample(500)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "### fanout-1000\n\nRooms of <100>.\n\n| server | deliveries/s | CPU-s/M | of limit | faults |\n|---|---:|---:|---:|---:|\n| chatroom | 500 | 2.00 | 0.50 | 0 |\n| limit-batched | 1,000 | 1.00 | - | 0 |\n\n"
	if string(text) != want {
		t.Errorf("%q, want %q", text, want)
	}
}

func TestFaultsAreShown(t *testing.T) {
	r := sample(500)
	r.Rows[0].Faults = load.Faults{Lost: 3, Notes: []string{"connection 1: 3 did not come"}}
	r.Rows[1].Saturated, r.Rows[1].Limited = true, true
	var table bytes.Buffer
	if err := report.WriteTable(&table, r.Rows, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"lost 3", "connection 1: 3 did not come", "GENERATOR SATURATED: the load program", "own limits"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table does not hold %q:\n%s", want, table.String())
		}
	}
	if r.Rows[0].Good() {
		t.Error("a row with losses counts as good")
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.123: "0.12", 5: "5.00", 12.34: "12.3", 999.4: "999", 1234567: "1,234,567", 1000: "1,000", -1234: "-1,234"} {
		if got := report.Number(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}
