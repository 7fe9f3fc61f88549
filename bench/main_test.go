package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatroom/bench/report"
)

// TestMain plays the roles that the program gives to itself: a test starts real workers and a real
// limit as processes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == roleWorker || os.Args[1] == roleLimit) || os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// program runs the whole program and gives its exit code and what it wrote.
func program(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	var errs bytes.Buffer
	code = run(args, os.Stdin, out, &errs)
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(text), errs.String()
}

// One short run of everything but the server: processes, pipes, checks, table, JSON, page.
func TestRunAgainstTheLimit(t *testing.T) {
	dir := t.TempDir()
	result, page := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.html")
	args := []string{"pairs", "--subject", limitSingle, "--warm-up", "100ms", "--duration", "300ms", "--quiet", "--json", result, "--html", page}
	code, stdout, stderr := program(t, args...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	if !strings.Contains(stdout, "pairs: 500 rooms of 2") || !strings.Contains(stdout, limitSingle) {
		t.Errorf("table:\n%s", stdout)
	}
	r, err := report.Load(result)
	if err != nil {
		t.Fatal(err)
	}
	for i, splits := range []bool{false, true} { // pairs, pairs-free
		if f, found := r.Rows[i].Figure(report.Split); found != splits || f.Value != 0 {
			t.Errorf("%s: %v of the rooms of one loop are split, %v", r.Rows[i].Variant, f.Value, found)
		}
	}
	if setup := r.Rows[0].Setup; setup.Rooms != 500 || setup.Members != 1000 || setup.Duration != 0.3 || setup.Workers != 1 {
		t.Errorf("setup %+v", setup)
	}
	if _, found := r.Rows[0].Figure("others_cpu"); !found {
		t.Error("nothing is said of what else used the machine")
	}
	if len(r.Rows) != 2 || r.Rows[0].Checked == 0 || r.Rows[0].Faults.Any() || r.Rows[0].Key != report.Throughput || len(r.Rows[0].Spread) < 5 {
		b, _ := json.Marshal(r.Rows)
		t.Errorf("rows: %s", b)
	}
	if _, err := os.Stat(page); err != nil {
		t.Error(err)
	}
	code, _, stderr = program(t, append(args, "--compare", result, "--threshold", "pairs:"+limitSingle+".deliveries_per_s=1e12")...)
	if code != 1 || !strings.Contains(stderr, "is below") {
		t.Errorf("a threshold that can't be kept: exit code %d\n%s", code, stderr)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"opera"}, {"--length", "long"}, {"--repeat", "0"}, {"--threshold", "x"}, {"--url", "wss://example.test"}, {"--pid", "me"}, {"--nonsense"}} {
		if code, _, stderr := program(t, args...); code != 2 || stderr == "" {
			t.Errorf("%v: exit code %d, %q", args, code, stderr)
		}
	}
	if code, stdout, _ := program(t, "--list"); code != 0 || !strings.Contains(stdout, "bigroom") {
		t.Errorf("--list: exit code %d\n%s", code, stdout)
	}
	if code, _, stderr := program(t, "--help"); code != 0 || !strings.Contains(stderr, "storm") {
		t.Errorf("--help: exit code %d\n%s", code, stderr)
	}
}

// A server that does not start is a failed row with what it said, not a hanging run.
func TestServerThatDoesNotStart(t *testing.T) {
	dir := t.TempDir()
	server := filepath.Join(dir, "server")
	if err := os.WriteFile(server, []byte("#!/bin/sh\necho no such luck >&2\nexit 2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := program(t, "connect", "--server", server, "--subject", chatroomName, "--quiet", "--json", "", "--html", "")
	if code != 1 || !strings.Contains(stdout, "no such luck") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}

// A running server whose limits are on is named as such, although no connection came in.
func TestLimitsOfARunningServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	defer server.Close()
	code, stdout, stderr := program(t, "connect", "--url", server.Listener.Addr().String(), "--subject", chatroomName, "--quiet", "--json", "", "--html", "")
	if code != 1 || !strings.Contains(stdout, "own limits") || !strings.Contains(stdout, "429") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}
