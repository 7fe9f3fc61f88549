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

// run runs a program to its end and shows what it says while it says it.
func run(t *testing.T, patience time.Duration, env []string, dir, name string, args ...string) {
	t.Helper()
	if err := report(t, patience, env, dir, func(line string) { t.Log(line) }, name, args...); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// report runs a program to its end and tells each line that it says.
func report(t *testing.T, patience time.Duration, env []string, dir string, tell func(string), name string, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	// One writer for both, so that lines are told one by one; it is whole before report returns.
	said := &lines{tell: tell}
	cmd.Stdout, cmd.Stderr = said, said
	// Node ends its browser and servers when it is asked to; a kill would leave them behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	err := cmd.Run()
	said.end()
	return err
}

// lines cuts what is written into lines.
type lines struct {
	tell func(string)
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.tell(string(line))
		l.rest = rest
	}
}

// end tells what came without the end of its line.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.tell(string(l.rest))
	}
}

func environment(t *testing.T, s settings) []string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"E2E=" + string(text)}
}

func play(t *testing.T, s settings, patience time.Duration) {
	t.Helper()
	run(t, patience, environment(t, s), web, "node", "e2e/run.mjs")
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
