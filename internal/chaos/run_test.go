package chaos

import (
	"log/slog"
	"testing"
	"time"

	"chatroom/internal/servers"
)

// TestChaos is one minute of everything that can go wrong.
func TestChaos(t *testing.T) {
	binary, err := servers.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), Config{Binary: binary, Dir: t.TempDir(), Seed: 1, Duration: time.Minute, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	if !report.Verdict.Clean() {
		t.Error("the promise was broken")
	}
	if report.Acked < 100 || report.Resumes == 0 {
		t.Errorf("too little happened to prove anything: %d acknowledged, %d resumes", report.Acked, report.Resumes)
	}
}
