package e2e

import (
	"os"
	"testing"
	"time"
)

// TestDashboard plays what operators do: log in, watch, remove, ban, lift, delete, read the audit.
func TestDashboard(t *testing.T) {
	install(t)
	play(t, settings{Binary: build(t), Directory: "./dashboard/", Pictures: os.Getenv("PICTURES")}, 5*time.Minute)
}
