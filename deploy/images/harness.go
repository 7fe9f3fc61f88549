package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"chatroom/bench/report"
)

const (
	// harnessTime is how long the load harness measures; three nodes restart in less.
	harnessTime = 90 * time.Second
	// harnessLead is what it gets to connect its people before the first node is told to stop.
	harnessLead = 8 * time.Second
)

// underHarness restarts every node in turn while 2,010 people of the load harness chat, move, leave,
// come and lose their connections. It checks each delivery on every connection. The outcome is a line
// for people.
func (s *stage) underHarness(ctx context.Context, harness, url string) (outcome string, err error) {
	// The harness measures from one address; limits would be all that it sees.
	if err := s.up([]string{"MESSAGE_RATE=0", "HANDSHAKE_RATE=0"}, 3); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "chatroom-images-")
	if err != nil {
		return "", fmt.Errorf("harness: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "result.json")
	ctx, cancel := context.WithTimeout(ctx, 2*harnessTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, harness, "-quiet", "-no-limit", "-html", "", "-json", out, "-url", url,
		"-duration", harnessTime.String(), "-patience", "1m", "soak")
	done := make(chan error, 1)
	go func() {
		text, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("harness: %w\n%s", err, text)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return "", errors.Join(errors.New("harness: ended at once"), err)
	case <-time.After(harnessLead):
	}
	began := time.Now()
	if err := s.roll(); err != nil {
		return "", err
	}
	took := time.Since(began)
	select {
	case err := <-done:
		return "", errors.Join(fmt.Errorf("harness: ended before the last node was back (%v)", took), err)
	default:
	}
	if err := <-done; err != nil {
		return "", err
	}
	result, err := report.Load(out)
	if err != nil {
		return "", err
	}
	row := result.Find("soak", "chatroom")
	if row == nil || !row.Good() || row.Limited {
		return "", fmt.Errorf("harness: %+v", row)
	}
	drained := row.Events["close 1001"]
	if drained == 0 {
		return "", fmt.Errorf("harness: nobody was sent away: %v", row.Events)
	}
	rate, _ := row.Figure(report.Throughput)
	return fmt.Sprintf("rolling restart under the harness: %v for three nodes, %d sent away and back, %d deliveries checked (%.0f/s), no fault",
		took.Round(time.Second), drained, row.Checked, rate.Value), nil
}
