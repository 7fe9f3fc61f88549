package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"chatroom/internal/servers"
	"chatroom/wsproto"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

var (
	workshop string // a directory for the program
	program  = sync.OnceValues(func() (string, error) { return servers.Build(workshop) })
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if workshop, err = os.MkdirTemp("", "chatroom-main-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(workshop)
		return m.Run()
	}())
}

// ran is what the program did.
type ran struct {
	code           int
	stdout, stderr string
}

// try runs the program inside this process.
func try(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	var stdout bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, stderr)
	text, err := os.ReadFile(stderr.Name())
	if err != nil {
		t.Fatal(err)
	}
	return ran{code, stdout.String(), string(text)}
}

// start runs a node of its own.
func start(t *testing.T, args ...string) *servers.Node {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	n, err := servers.StartNode(t.Context(), t.TempDir(), binary, nil, args...)
	if n != nil && n.Process() != nil {
		t.Cleanup(n.Kill)
	}
	if err == nil {
		err = n.Process().Await(t.Context(), n.Ready) // the private listener opens last
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// connect opens a connection that nobody reads.
func connect(t *testing.T, n *servers.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := wsproto.Dial(ctx, n.WebSocket(), wsproto.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
}

func ended(t *testing.T, n *servers.Node) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	code, err := n.Process().Wait(ctx)
	if err != nil {
		t.Fatalf("%v\n%s", err, n.Process().Log())
	}
	return code
}

func TestFaultySettingsAreNamedTogether(t *testing.T) {
	t.Setenv("HEARTBEAT", "often")
	// The last one is known to be faulty by the package that connects to Redis, not to the reader.
	r := try(t, "", "--listen", "nowhere", "--colour", "red", "--redis-url", "redis://localhost:port")
	if r.code != 2 || r.stdout != "" {
		t.Errorf("exit code %d, %q on stdout", r.code, r.stdout)
	}
	for _, fault := range []string{"--listen", "--colour", "HEARTBEAT", "cluster"} {
		if !strings.Contains(r.stderr, fault) {
			t.Errorf("no word of %s in\n%s", fault, r.stderr)
		}
	}
}

func TestHelpAndVersionSucceed(t *testing.T) {
	if r := try(t, "", "--help"); r.code != 0 || r.stderr != "" || !strings.Contains(r.stdout, "--admin-listen") {
		t.Errorf("%+v", r)
	}
	if r := try(t, "", "--version"); r.code != 0 || r.stderr != "" || !strings.HasPrefix(r.stdout, "chatroom ") {
		t.Errorf("%+v", r)
	}
}

func TestPasswdPrintsAHashThatTheSettingsTake(t *testing.T) {
	r := try(t, "correct horse\n", "passwd")
	if r.code != 0 || r.stderr != "" || !regexp.MustCompile(`^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[^$]+\$[^$]+\n$`).MatchString(r.stdout) {
		t.Fatalf("%+v", r)
	}
	hash := strings.TrimSuffix(r.stdout, "\n")
	if r := try(t, "x", "passwd", "--admin-user=a", "--admin-pass", hash, "--jwt-secret", strings.Repeat("k", 32)); r.code != 0 {
		t.Errorf("%+v", r)
	}
	for _, password := range []string{"", "\n", strings.Repeat("x", 5000)} {
		if r := try(t, password, "passwd"); r.code != 1 || r.stdout != "" || r.stderr == "" {
			t.Errorf("%d bytes: %+v", len(password), r)
		}
	}
}

func TestHealthcheckAsksTheRunningNode(t *testing.T) {
	n := start(t)
	private := strings.TrimPrefix(n.Admin(), "http://")
	for _, args := range [][]string{
		{"healthcheck", "--admin-listen", private},
		{"healthcheck", "--url", "http://" + n.Addr() + "/health"},
	} {
		if r := try(t, "", args...); r.code != 0 || r.stderr != "" {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if r := try(t, "", "healthcheck", "--url", n.Admin()+"/nothing/here"); r.code != 1 || r.stderr == "" {
		t.Errorf("a page that is not there: %+v", r)
	}
	n.Kill()
	if r := try(t, "", "healthcheck", "--admin-listen", private); r.code != 1 || r.stderr == "" {
		t.Errorf("no node: %+v", r)
	}
}

func TestTakenPortIsAnError(t *testing.T) {
	n := start(t)
	if r := try(t, "", "--listen", n.Addr(), "--admin-listen", "127.0.0.1:0"); r.code != 1 || r.stderr == "" {
		t.Errorf("%+v", r)
	}
}

func TestSignalDrains(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		n := start(t, "--drain", "100ms")
		connect(t, n)
		if err := n.Process().Signal(signal); err != nil {
			t.Fatal(err)
		}
		if code := ended(t, n); code != 0 {
			t.Errorf("%v: exit code %d\n%s", signal, code, n.Process().Log())
		}
	}
}

// TestSecondSignalEndsAtOnce holds the first drain open with clients that do not close: it ends by itself
// when they have been sent away, each with a second to close. So nothing is waited for between the two
// signals, which are different ones because of two of the same kind the kernel may keep one.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	n := start(t, "--drain", "1h")
	for range 20 {
		connect(t, n)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := n.Process().Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if code := ended(t, n); code != 1 {
		t.Errorf("exit code %d\n%s", code, n.Process().Log())
	}
}
