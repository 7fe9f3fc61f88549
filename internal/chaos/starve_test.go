package chaos

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatroom/internal/servers"
)

// TestAStarvedNodeIsNotTakenForDead gives a node a tenth of the processor for longer than a lease
// lasts. It is slow, but it renews: nobody may judge it, and nothing may be lost.
func TestAStarvedNodeIsNotTakenForDead(t *testing.T) {
	binary, err := servers.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	report, err := Run(t.Context(), Config{Binary: binary, Dir: dir, Seed: 1, Duration: 11 * time.Second, Nodes: 2, Rooms: 2, Faults: []string{starvation}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	if !report.Verdict.Clean() {
		t.Error("the promise was broken")
	}
	if report.Acked < 50 {
		t.Errorf("too little happened to prove anything: %d acknowledged", report.Acked)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "node-*.log"))
	if err != nil || len(logs) != 2 {
		t.Fatalf("logs %v, %v", logs, err)
	}
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "taken for dead") || strings.Contains(line, "dead node") {
				t.Errorf("%s: %s", filepath.Base(log), line)
			}
		}
	}
}
