// Package e2e drives the chat page in a real Chromium against the real server.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const web = ".."

// settings is what run.mjs reads from E2E.
type settings struct {
	Binary    string         `json:"binary"`
	Directory string         `json:"directory,omitempty"`
	Flows     []string       `json:"flows,omitempty"`
	Language  string         `json:"language,omitempty"`
	Theme     string         `json:"theme,omitempty"`
	Width     int            `json:"width,omitempty"`
	Pictures  string         `json:"pictures,omitempty"`
	Force     map[string]any `json:"force,omitempty"`
}

// build makes the server as people run it: the race detector is for the packages' own tests, here
// a browser waits for the answers.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "chatroom")
	run(t, 5*time.Minute, nil, "../..", "go", "build", "-o", binary, ".")
	return binary
}

// run runs a program to its end and shows what it said.
func run(t *testing.T, patience time.Duration, env []string, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// Node ends its browser and servers when it is asked to; a kill would leave them behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	err := cmd.Run()
	if out.Len() > 0 {
		t.Logf("%s", out.Bytes())
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func play(t *testing.T, s settings, patience time.Duration) {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	run(t, patience, []string{"E2E=" + string(text)}, web, "node", "e2e/run.mjs")
}

// install puts the development packages into place that the lock file names.
func install(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(web, "node_modules", "playwright-core")); err != nil {
		run(t, 5*time.Minute, nil, web, "npm", "ci", "--no-audit", "--no-fund")
	}
}

// TestPage plays every flow once, each in a language and theme of its own.
func TestPage(t *testing.T) {
	install(t)
	play(t, settings{Binary: build(t), Pictures: os.Getenv("PICTURES")}, 8*time.Minute)
}

// TestMatrix plays every flow in every language, theme and at three widths; BROWSERS=all asks for it.
func TestMatrix(t *testing.T) {
	if os.Getenv("BROWSERS") != "all" {
		t.Log("the matrix is played by make test-browser-all")
		return
	}
	install(t)
	binary := build(t)
	// The two longest flows are about amounts, not about looks.
	flows := []string{"drain", "embedded-restart", "hostile", "keyboard", "languages", "offline", "operator", "redis-restart", "two-people", "unread", "widths", "windows"}
	for _, language := range []string{"en", "de", "es", "fr", "ar"} {
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int{390, 1200, 2560} {
				force := map[string]any{"language": language, "theme": theme, "width": width}
				play(t, settings{Binary: binary, Flows: flows, Force: force, Pictures: os.Getenv("PICTURES")}, 15*time.Minute)
			}
		}
	}
}
