// Package nodetest runs whole nodes inside a test: settings, engine, log, admin listener, and a
// real Redis where more than one is asked for.
package nodetest

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"chatroom/internal/config"
	"chatroom/internal/node"
	"chatroom/internal/servers"
)

// User, Password and Secret are what every node of a test knows its administrator by.
const (
	User     = "admin"
	Password = "correct horse battery staple"
	Secret   = "0123456789abcdef0123456789abcdef-test"
)

// Node is one running node. It is shut down when its test ends.
type Node struct {
	*node.Node
	t testing.TB
}

// Start runs a node on free ports of 127.0.0.1, with all its rates off unless args say otherwise.
func Start(t testing.TB, args ...string) *Node {
	t.Helper()
	args = append([]string{"--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--message-rate", "0", "--handshake-rate", "0",
		"--admin-user", User, "--admin-pass", Password, "--jwt-secret", Secret, "--drain", "0s"}, args...)
	s, err := config.Parse(args, nil, t.Output(), node.Check)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	n, err := node.Start(ctx, s, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := n.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return &Node{Node: n, t: t}
}

// Redis starts a redis-server that ends with the test.
func Redis(t testing.TB, args ...string) *servers.Redis {
	t.Helper()
	r, err := servers.StartRedis(t.Context(), t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

// Cluster starts n nodes with a Redis of their own between them.
func Cluster(t testing.TB, n int, args ...string) ([]*Node, *servers.Redis) {
	t.Helper()
	r := Redis(t)
	var nodes []*Node
	for range n {
		nodes = append(nodes, Start(t, append([]string{"--redis-url", r.URL()}, args...)...))
	}
	return nodes, r
}

// WebSocket is the node's address for a WebSocket client.
func (n *Node) WebSocket() string { return "ws://" + n.Addr().String() + "/ws" }

// API is the address of the node's admin API, without a slash at its end.
func (n *Node) API() string { return strings.TrimSuffix(n.AdminURL(), "/admin/") }

// Eventually polls for half a minute until ok returns true.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		<-tick.C
	}
}
